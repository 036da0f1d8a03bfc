"""Reading what a model wrote."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.chat import Tool
from tidegate.engines.toolcalls import coerced, parse

SCHEMA = {
    "type": "object",
    "properties": {
        "city": {"type": "string"},
        "days": {"type": "integer"},
        "loud": {"type": "boolean"},
        "t": {"type": "number"},
    },
}
TOOLS = (Tool("GetWeather", "", json.dumps(SCHEMA)), Tool("Stop", ""))
OSLO = '<tool_call>{"name": "GetWeather", "arguments": {"city": "Oslo"}}'


def read(raw: str) -> tuple[str, list[tuple[str, object]], bool, bool]:
    parsed = parse(raw, TOOLS, lambda: "call_x")
    return (
        parsed.text,
        [(c.name, json.loads(c.arguments)) for c in parsed.calls],
        parsed.passed,
        parsed.broken,
    )


@pytest.mark.parametrize(
    ("raw", "calls"),
    [
        (OSLO, [("GetWeather", {"city": "Oslo"})]),
        (OSLO + OSLO, [("GetWeather", {"city": "Oslo"})] * 2),
        ('<tool_call>\n{"name": "Stop", "arguments": {}}\n</tool_call>', [("Stop", {})]),
        (
            '<tool_call>\n{"name": "Stop", "arguments": {}}\n</tool_call>\n' + OSLO,
            [("Stop", {}), ("GetWeather", {"city": "Oslo"})],
        ),
        ('<tool_call>{"name": "Stop"}', [("Stop", {})]),
        (
            '<tool_call>{"name": "GetWeather", "parameters": {"city": "Rom"}}',
            [("GetWeather", {"city": "Rom"})],
        ),
        (
            '<tool_call>{"name": "GetWeather", "arguments": "{\\"city\\": \\"Rom\\"}"}',
            [("GetWeather", {"city": "Rom"})],
        ),
        ('<tool_call>{"name": "GetWeather", "arguments": {"days": "3"}}', [("GetWeather", {"days": 3})]),
    ],
)
def test_calls_are_read_in_order(raw: str, calls: list[tuple[str, object]]) -> None:
    assert read(raw) == ("", calls, False, False)


@pytest.mark.parametrize(
    "raw",
    [
        '<tool_call>{"name": "GetWeather", "arguments": {"city": "Os',
        "<tool_call>",
        "<tool_call>[]",
        '<tool_call>{"name": "Unknown", "arguments": {}}',
        '<tool_call>{"name": "GetWeather", "arguments": [1]}',
        OSLO + " and then " + OSLO,
        OSLO + '<tool_call>{"name": ',
        OSLO * 17,
        '<tool_call>{"name": 7}',
    ],
)
def test_a_call_that_is_not_one_leaves_everything_as_text_and_says_so(raw: str) -> None:
    assert read(raw) == (raw, [], False, True)


def test_words_before_a_call_are_kept() -> None:
    assert read("I will look. " + OSLO) == ("I will look.", [("GetWeather", {"city": "Oslo"})], False, False)


def test_not_for_me_is_not_text() -> None:
    assert read("<|pass|>") == ("", [], True, False)
    assert read("please<|pass|>\n") == ("", [], True, False)
    assert read("<|pass|> is a marker of mine")[2] is True
    assert read("what <|pass|> means")[2] is False


def test_plain_words_are_plain_words() -> None:
    assert read('{"name": "GetWeather"}') == ('{"name": "GetWeather"}', [], False, False)


@pytest.mark.parametrize(
    ("value", "kind", "fitted"),
    [
        ("21", "integer", 21), (" -3 ", "integer", -3), ("21.5", "integer", "21.5"), ("twenty", "integer", "twenty"),
        (21.0, "integer", 21), ("", "integer", ""), ("²", "integer", "²"),
        ("21.5", "number", 21.5), ("21", "number", 21), ("1e400", "number", "1e400"),
        ("True", "boolean", True), ("yes", "boolean", "yes"),
        (21, "string", "21"), (True, "string", "true"), ("21", "string", "21"),
        ("21", "", "21"), (None, "integer", None), ([1], "string", [1]),
    ],
)  # fmt: skip
def test_values_fit_their_type_only_when_nothing_is_lost(value: object, kind: str, fitted: object) -> None:
    assert isinstance(value, str | int | float | bool | list | None)
    found = coerced(value, kind)
    assert (found, type(found)) == (fitted, type(fitted))


_noise = st.lists(
    st.sampled_from(
        [
            "<tool_call>",
            "</tool_call>",
            '{"name": ',
            '"GetWeather"',
            ', "arguments": ',
            "{",
            "}",
            "[",
            '"',
            "\\",
            "\n",
            "7",
            "<|pass|>",
        ]
    )
)


@given(st.one_of(st.text(), _noise.map("".join), st.text().map(lambda t: "<tool_call>" + t)))
def test_nothing_a_model_writes_breaks_the_reader(raw: str) -> None:
    parsed = parse(raw, TOOLS, lambda: "call_x")
    assert all(isinstance(json.loads(call.arguments), dict) for call in parsed.calls)
    assert not (parsed.broken and parsed.calls)


def test_deep_nesting_does_not_break_the_reader() -> None:
    raw = "<tool_call>" + '{"name":' * 100_000
    assert read(raw)[3] is True


@given(st.dictionaries(st.text(), st.one_of(st.text(), st.integers(), st.booleans())))
def test_arguments_survive_the_round_trip(arguments: dict[str, object]) -> None:
    raw = "<tool_call>" + json.dumps({"name": "Stop", "arguments": arguments})
    assert read(raw)[1] == [("Stop", arguments)]
