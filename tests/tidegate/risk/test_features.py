"""What a draft shows about itself."""

from __future__ import annotations

import json

import pytest

from tidegate.chat import Message, Prompt, Role, Tool, ToolCall
from tidegate.engines.port import Draft, Finish, TokenScore
from tidegate.risk.features import AFTER, BEFORE, after, before

SCHEMA = {
    "type": "object",
    "properties": {
        "city": {"type": "string"},
        "days": {"type": "integer"},
        "unit": {"type": "string", "enum": ["C", "F"]},
    },
    "required": ["city"],
}
TOOLS = (Tool("GetWeather", "", json.dumps(SCHEMA)), Tool("Stop", ""))
ASK = Prompt((Message(Role.USER, "Weather in  New York please"),), TOOLS)
PIECES = [
    "<tool_call>",
    '{"name": "',
    "Get",
    "Weather",
    '", "arguments": {"',
    "city",
    '": "',
    "New",
    " ",
    "York",
    '"',
    "}}",
]


def draft(
    arguments: dict[str, object], logprobs: dict[int, float] | None = None, name: str = "GetWeather"
) -> Draft:
    doubts = logprobs or {}
    tokens = tuple(
        TokenScore(p, doubts.get(i, -0.01), entropy=-doubts.get(i, -0.01)) for i, p in enumerate(PIECES)
    )
    return Draft("", (ToolCall("c", name, json.dumps(arguments)),), Finish.TOOL_CALLS, tokens)


def test_every_promised_feature_is_there() -> None:
    assert set(after(draft({"city": "New York"}), ASK)) == set(AFTER)
    assert set(before({}, ASK)) == set(BEFORE)
    assert set(after(Draft(""), Prompt(()))) == set(AFTER)


@pytest.mark.parametrize(
    ("doubtful", "feature"),
    [
        (2, "name_logprob"),
        (3, "name_logprob"),
        (7, "value_logprob"),
        (9, "value_logprob"),
        (10, "value_logprob"),
    ],
)
def test_doubt_is_found_where_a_call_is_decided(doubtful: int, feature: str) -> None:
    row = after(draft({"city": "New York"}, {doubtful: -3.0}), ASK)
    assert row[feature] == -3.0
    other = "value_logprob" if feature == "name_logprob" else "name_logprob"
    assert row[other] == -0.01


def test_doubt_in_the_punctuation_is_in_neither() -> None:
    row = after(draft({"city": "New York"}, {0: -3.0}), ASK)
    assert (row["name_logprob"], row["value_logprob"], row["min_logprob"]) == (-0.01, -0.01, -3.0)


def test_a_value_in_the_words_of_the_request_is_copied_whatever_its_case_and_spaces() -> None:
    assert after(draft({"city": "new york"}), ASK)["copied"] == 1.0
    invented = after(draft({"city": "Boston"}), ASK)
    assert (invented["copied"], invented["uncopied"]) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("arguments", "name", "faults"),
    [
        ({"city": "New York"}, "GetWeather", 0),
        ({"city": "New York", "days": 3, "unit": "C"}, "GetWeather", 0),
        ({}, "GetWeather", 1),
        ({"city": 7}, "GetWeather", 1),
        ({"city": "x", "days": True}, "GetWeather", 1),
        ({"city": "x", "days": "3"}, "GetWeather", 1),
        ({"city": "x", "unit": "K"}, "GetWeather", 1),
        ({"city": "x", "colour": "red"}, "GetWeather", 1),
        ({}, "Unknown", 1),
        ({"anything": 1}, "Stop", 0),
    ],
)
def test_a_call_is_checked_against_its_schema(arguments: dict[str, object], name: str, faults: int) -> None:
    row = after(draft(arguments, name=name), ASK)
    assert (row["missing"], row["valid"]) == (faults, float(not faults))


def test_the_mass_on_not_for_me_is_a_feature_before_anything_is_written() -> None:
    likely, unlikely = (before({"pass_p": p}, ASK)["pass_odds"] for p in (0.9, 0.1))
    assert likely > 0 > unlikely
