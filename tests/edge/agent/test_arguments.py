"""Arguments as models write them, and schemas as servers do."""

from __future__ import annotations

import json

import pytest

from edge.agent.arguments import call_digest, canonical_text, check, parse, schema_text
from tests.fakes.agents import READ
from tidegate.errors import BadConfig, BadRequest


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "null",
        "{",
        '{"a":NaN}',
        '{"a":1e999}',
        '{"a":1,"a":2}',
        '{"a":{"b":1,"b":2}}',
        "[" * 40 + "]" * 40,
        '{"a":' * 20 + "1" + "}" * 20,
        '{"a":"' + "x" * 70_000 + '"}',
        "{'a':1}",
    ],
)
def test_what_is_no_plain_object_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        parse(text)


def test_nothing_at_all_means_no_arguments() -> None:
    assert parse("") == {}
    assert parse('{"a": [1, 2.5, null, true, "é"]}') == {"a": [1, 2.5, None, True, "é"]}


def test_the_place_is_named_and_the_value_is_not() -> None:
    with pytest.raises(BadRequest) as wrong:
        check(READ, {"to": ["secret"]})
    assert "to" in wrong.value.message
    assert "secret" not in wrong.value.message
    with pytest.raises(BadRequest):
        check(READ, {"too": "x"})
    check(READ, {"to": "x"})


def test_one_meaning_has_one_digest_and_one_letter_makes_another() -> None:
    first = call_digest("send", parse('{"a": 1, "b": [2]}'))
    assert first == call_digest("send", parse('{ "b":[2],"a":1}'))
    assert first != call_digest("send", parse('{"a": 1, "b": [3]}'))
    assert first != call_digest("sent", parse('{"a": 1, "b": [2]}'))
    assert canonical_text({"b": 1, "a": "é"}) == '{"a":"é","b":1}'


@pytest.mark.parametrize(
    "schema",
    [
        [],
        {"type": "array"},
        {"type": "object", "properties": {"a": {"$ref": "https://example.org/x"}}},
        {"type": "object", "properties": {"a": {"$ref": "file:///etc/passwd"}}},
        {"type": "object", "properties": {"a": {"type": "strnig"}}},
    ],
)
def test_a_schema_that_is_none_or_reaches_out_is_refused(schema: object) -> None:
    with pytest.raises(BadConfig):
        schema_text(schema, "mcp.x")


def test_a_servers_schema_loses_what_could_run_for_ever() -> None:
    given = {
        "properties": {"pattern": {"type": "string", "pattern": "(a+)+$"}, "b": {"$ref": "#/$defs/b"}},
        "$defs": {"b": {"type": "string", "format": "regex"}},
    }
    made = json.loads(schema_text(given, "mcp.x", foreign=True))
    assert made["properties"]["pattern"] == {"type": "string"}
    assert made["$defs"]["b"] == {"type": "string"}
    assert made["additionalProperties"] is False
    assert json.loads(schema_text(given, "tools.x"))["properties"]["pattern"]["pattern"] == "(a+)+$"
