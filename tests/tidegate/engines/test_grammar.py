"""Grammars from schemas: what they let through is tested with a real model in test_llama."""

from __future__ import annotations

import json

import pytest

from tidegate.chat import Message, Prompt, Role, Tool, ToolChoice
from tidegate.engines.families import Family
from tidegate.engines.grammar import calls_grammar, grammar_for, schema_grammar
from tidegate.errors import BadRequest

CITY = Tool(
    'Get"Weather',
    "",
    '{"type":"object","properties":{"city":{"type":"string"},"n":{"$ref":"#/$defs/n"}},"$defs":{"n":{"type":"integer"}}}',
)


def test_a_prompt_that_asks_for_nothing_special_has_no_grammar() -> None:
    assert grammar_for(Prompt((Message(Role.USER, "hi"),), (CITY,))) == ""


def test_a_required_call_has_a_grammar_of_the_offered_names() -> None:
    prompt = Prompt((Message(Role.USER, "hi"),), (CITY, Tool("Stop", "")), ToolChoice.REQUIRED)
    grammar = grammar_for(prompt)
    assert '\\"Get\\\\\\"Weather\\"' in grammar
    assert '\\"Stop\\"' in grammar
    assert "</tool_call>" not in grammar
    assert "</tool_call>" in grammar_for(prompt, Family.HERMES)


def test_a_forced_tool_is_the_only_one_in_the_grammar() -> None:
    prompt = Prompt((Message(Role.USER, "hi"),), (CITY, Tool("Stop", "")), forced_tool="Stop")
    assert "Weather" not in grammar_for(prompt)


def test_forcing_a_tool_that_is_not_offered_is_the_callers_mistake() -> None:
    with pytest.raises(BadRequest) as caught:
        grammar_for(Prompt((Message(Role.USER, "hi"),), (CITY,), forced_tool="Stop"))
    assert caught.value.param == "tool_choice"


def test_rules_of_two_tools_do_not_collide() -> None:
    grammar = calls_grammar((CITY, CITY))
    names = [line.partition(" ::=")[0] for line in grammar.splitlines() if " ::= " in line]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    "schema",
    [
        "not json",
        '"a string"',
        "[]",
        json.dumps({"$ref": "https://example.org/schema.json"}),
        json.dumps({"$ref": "#/nowhere"}),
        '{"type":"object","properties":' * 2000,
        json.dumps({"type": "string", "description": "x" * 60_000}),
    ],
)
def test_a_schema_that_cannot_be_used_names_its_field(schema: str) -> None:
    with pytest.raises(BadRequest) as caught:
        schema_grammar(schema)
    assert caught.value.param == "response_format"


def test_a_schema_nested_beyond_reason_is_refused_before_anything_recurses() -> None:
    schema: dict[str, object] = {"type": "string"}
    for _ in range(100):
        schema = {"type": "object", "properties": {"a": schema}}
    with pytest.raises(BadRequest):
        schema_grammar(json.dumps(schema))
