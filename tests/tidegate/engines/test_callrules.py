"""What a small model may write: well-formed calls of offered tools, in the words of the conversation."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.chat import Tool
from tidegate.engines.callrules import CallRules, Kind, is_said

SCHEMA = {
    "type": "object",
    "properties": {
        "city": {"type": "string"},
        "days": {"type": "integer"},
        "heat": {"type": "number"},
        "loud": {"type": "boolean"},
        "unit": {"type": "string", "enum": ["C", "Kelvin"]},
        "open": {},
    },
    "required": ["city"],
}
TOOLS = (Tool("GetWeather", "", json.dumps(SCHEMA)), Tool("Get", "", '{"type":"object"}'))
SAID = 'Weather in New York or "Bad\u00a0Tölz" for Anna-Lena\'s 3 days'
HEAD = '{"name": "GetWeather", "arguments": {'


def write(text: str, *, probability: float = 0.5, step: int = 1, may_pass: bool = True) -> tuple[bool, bool]:
    """Writes a call in pieces of `step` bytes: whether all of it was allowed, and whether it may end there."""
    rules = CallRules(TOOLS, SAID, may_pass=may_pass)
    assert rules.allows(Kind.OPEN, b"", probability)
    rules.accept(Kind.OPEN, b"", probability)
    raw = text.encode()
    for at in range(0, len(raw), step):
        piece = raw[at : at + step]
        if not rules.allows(Kind.TEXT, piece, probability):
            return False, False
        rules.accept(Kind.TEXT, piece, probability)
    return True, rules.allows(Kind.END, b"", probability)


@pytest.mark.parametrize("step", [1, 3, 1000])
@pytest.mark.parametrize(
    "call",
    [
        '{"name": "Get", "arguments": {}}',
        HEAD + '"city": "New York"}}',
        HEAD + '"city": "York"}}',
        HEAD + '"city": "Weather in New York"}}',
        HEAD + '"city": "Bad\u00a0Tölz"}}',
        HEAD + '"city": "Anna"}}',
        HEAD + '"days": 3, "city": "York"}}',
        HEAD + '"heat": -21.5, "city": "York", "loud": true, "unit": "Kelvin"}}',
        HEAD + '"open": {"a": [1, "b"]}, "city": "York"}}',
        HEAD + '"city": "in New York or \\"Bad\u00a0Tölz\\""}}',
    ],
)
def test_a_good_call_may_be_written_in_pieces_of_any_size(call: str, step: int) -> None:
    assert write(call, step=step) == (True, True)


@pytest.mark.parametrize(
    "call",
    [
        '{"name": "Stop"',
        '{"name": "GetWeathers"',
        '{"arguments"',
        HEAD + "}}",
        HEAD + '"city": "Boston"',
        HEAD + '"city": "ork"',
        HEAD + '"city": "New Yor"',
        HEAD + '"city": " New York"',
        HEAD + '"city": "New York "',
        HEAD + '"city": ""',
        HEAD + '"city": "York", "city": "York"}}',
        HEAD + '"colour": "York"',
        HEAD + '"days": "3"',
        HEAD + '"days": 3.5, "city": "York"}}',
        HEAD + '"days": 03, "city": "York"}}',
        HEAD + '"days": 99999999999999999999',
        HEAD + '"heat": 3., "city": "York"}}',
        HEAD + '"loud": True',
        HEAD + '"unit": "F"',
        HEAD + '"city": "York"}} ',
        HEAD + '"city":"York"}}',
        HEAD + '"city": null}}',
    ],
)
def test_a_bad_call_is_stopped(call: str) -> None:
    assert write(call) == (False, False)


def test_a_call_may_not_end_before_it_is_whole() -> None:
    call = HEAD + '"city": "York"}}'
    for cut in range(len(call)):
        assert write(call[:cut])[1] is False


def test_a_model_that_is_sure_may_name_a_class_nobody_said() -> None:
    assert write(HEAD + '"city": "light"}}', probability=0.95) == (True, True)
    assert write(HEAD + '"colour": "light"}}', probability=0.95) == (False, False)
    assert write(HEAD + '"unit": "F"}}', probability=0.95) == (False, False)


def test_a_value_half_copied_must_be_copied_to_its_end() -> None:
    assert write(HEAD + '"city": "New Yorkshire', probability=0.95, step=1) == (False, False)
    assert write(HEAD + '"city": "New York"}}', probability=0.95, step=1) == (True, True)


def test_a_model_that_is_sure_may_end_a_value_inside_a_word() -> None:
    assert write(HEAD + '"city": "day"}}', probability=0.95) == (True, True)  # of "days"
    assert write(HEAD + '"city": "day"}}', probability=0.85) == (False, False)


def test_not_for_me_is_the_first_word_or_none() -> None:
    rules = CallRules(TOOLS, SAID, may_pass=True)
    assert rules.allows(Kind.PASS, b"", 0.5)
    assert not rules.allows(Kind.TEXT, b"Sure", 0.99)
    assert not rules.allows(Kind.END, b"", 0.99)
    rules.accept(Kind.OPEN, b"", 0.5)
    assert not rules.allows(Kind.PASS, b"", 0.5)
    assert not CallRules(TOOLS, SAID, may_pass=False).allows(Kind.PASS, b"", 0.99)


def test_a_second_call_follows_a_whole_one_only() -> None:
    rules = CallRules(TOOLS, SAID, may_pass=True)
    rules.accept(Kind.OPEN, b"", 0.5)
    assert not rules.allows(Kind.OPEN, b"", 0.5)
    rules.accept(Kind.TEXT, b'{"name": "Get", "arguments": {}}', 0.5)
    assert rules.allows(Kind.OPEN, b"", 0.5)
    rules.accept(Kind.OPEN, b"", 0.5)
    assert rules.allows(Kind.TEXT, b'{"name": "GetWeather"', 0.5)


@pytest.mark.parametrize(
    ("content", "whole", "said"),
    [
        ("new york", True, True), ("new", True, True), ("ne", True, False), ("ne", False, True), ("york'", True, True),
        ("ork", False, False), ("", False, True), ("", True, False), ("new  york", True, False), ("s", True, True),
    ],
)  # fmt: skip
def test_a_value_is_said_when_it_stands_between_ends_of_words(content: str, whole: bool, said: bool) -> None:
    assert is_said(content.encode(), b"in new york's park", whole=whole) is said


@given(st.text(max_size=40), st.lists(st.binary(max_size=4), max_size=30))
def test_whatever_is_allowed_can_be_read_back(said: str, pieces: list[bytes]) -> None:
    rules = CallRules(TOOLS, said, may_pass=True)
    rules.accept(Kind.OPEN, b"", 0.5)
    text = b""
    for piece in [HEAD.encode(), *pieces]:
        if rules.allows(Kind.TEXT, piece, 0.5):
            rules.accept(Kind.TEXT, piece, 0.5)
            text += piece
    if rules.allows(Kind.END, b"", 0.5):
        assert set(json.loads(text)["arguments"]) <= set(SCHEMA["properties"])


@given(st.text(min_size=1, max_size=30).filter(lambda t: t == t.strip()))
def test_any_whole_message_may_be_copied_as_it_is(said: str) -> None:
    rules = CallRules(TOOLS, said, may_pass=True)
    rules.accept(Kind.OPEN, b"", 0.5)
    call = HEAD + f'"city": {json.dumps(said, ensure_ascii=False)}' + "}}"
    assert rules.allows(Kind.TEXT, call.encode("utf-8", "surrogatepass"), 0.5)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[LOCATION_1·6ddk]", True),
        ("[LOCATION", False),
        ("LOCATION_1·6ddk", False),
        ("in [LOCATION_1·6ddk]", True),
        ("[LOCATION_1·6ddk] tomorrow", True),
        ("note", True),  # brackets around words of a sentence hold nothing together
    ],
)
def test_a_placeholder_is_one_word(content: str, said: bool) -> None:
    heard = "weather in [LOCATION_1·6ddk] tomorrow [a note to you]"
    assert is_said(content.encode(), heard.encode(), whole=True) is said
