"""Schemas that point at their own parts: trees and lists are served, what points nowhere or round in circles is refused in words."""

from __future__ import annotations

import json

import pytest

from tidegate.chat import JSON, Prompt, Tool, ToolChoice
from tidegate.engines.grammar import grammar_for, schema_grammar
from tidegate.engines.refs import ROOT, Astray, homed, rooted
from tidegate.errors import BadRequest

NODE: dict[str, JSON] = {
    "type": "object",
    "properties": {
        "v": {"type": "integer"},
        "next": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/Node"}]},
    },
    "required": ["v", "next"],
}


def rule(grammar: str, name: str) -> str:
    return next(line for line in grammar.splitlines() if line.startswith(f"{name} ::="))


def test_a_model_of_a_list_as_pydantic_writes_it_becomes_a_grammar() -> None:
    grammar = schema_grammar(json.dumps({"$defs": {"Node": NODE}, "$ref": "#/$defs/Node"}))
    assert "Node-next-1 ::= Node" in grammar
    assert rule(grammar, "Node").count("{") == 1


def test_a_schema_that_points_at_all_of_itself_becomes_a_grammar() -> None:
    tree: JSON = {
        "type": "object",
        "properties": {"kids": {"type": "array", "items": {"$ref": "#"}}},
        "required": ["kids"],
    }
    grammar = schema_grammar(json.dumps(tree))
    assert f"{ROOT}-kids-item ::= {ROOT}" in grammar or f"::= {ROOT}" in grammar


def test_a_tool_whose_argument_is_a_tree_can_be_required() -> None:
    parameters = json.dumps({"$defs": {"Node": NODE}, "properties": {"list": {"$ref": "#/$defs/Node"}}})
    whole = json.dumps({"type": "object", "properties": {"of": {"$ref": "#"}, "n": {"type": "integer"}}})
    for text in (parameters, whole):
        prompt = Prompt((), tools=(Tool("keep", "", text),), tool_choice=ToolChoice.REQUIRED)
        assert "root ::=" in grammar_for(prompt)


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ({"$ref": "#"}, "points at itself"),
        (
            {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"},
            "points at itself",
        ),
        ({"type": "array", "items": {"$ref": "https://example.test/x.json"}}, "leads out of the schema"),
        ({"$ref": "file:///etc/passwd"}, "leads out of the schema"),
        ({"type": "array", "items": {"$ref": "#/$defs/gone"}}, "not there"),
        ({"type": "string", "pattern": "[a-z]+"}, "begin with ^ and end with $"),
        ({"not": {"type": "string"}}, "of no kind that can be enforced"),
        ({"type": "frob"}, "of no kind that can be enforced"),
        ({"type": "string", "minLength": 10**6}, "minLength asks for more"),
        ({"enum": ["x" * 100] * 600}, "more than 50,000 characters"),
    ],
)
def test_why_a_schema_is_refused_is_said_and_none_of_it_repeated(schema: dict[str, JSON], why: str) -> None:
    with pytest.raises(BadRequest) as caught:
        schema_grammar(json.dumps(schema))
    assert caught.value.code == "unusable_schema"
    assert why in str(caught.value)
    for secret in ("example.test", "passwd", "gone", "[a-z]", "frob"):
        assert secret not in str(caught.value)


def test_what_only_looks_like_a_reference_stays_a_value() -> None:
    schema: dict[str, JSON] = {"type": "object", "properties": {"a": {"const": {"$ref": "#"}}}}
    assert homed(schema) == rooted(schema) == schema


def test_a_schema_without_references_is_left_as_it_is() -> None:
    schema: dict[str, JSON] = {"type": "object", "properties": {"a": {"enum": ["#", "$ref"]}}}
    assert rooted(schema) == schema


def test_going_astray_is_found_before_anything_is_followed() -> None:
    with pytest.raises(Astray):
        rooted({"anyOf": [{"type": "string"}, {"$ref": "#/$defs/a"}], "$defs": {"b": {}}})
