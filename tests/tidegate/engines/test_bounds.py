"""What a schema may ask of a grammar: large upper bounds are left out, the rest of them is refused, names are names."""

from __future__ import annotations

import json

import pytest

from tidegate.chat import JSON
from tidegate.engines.bounds import MOST_NEEDED, MOST_REPEATS, Unbounded, nesting, tamed
from tidegate.engines.grammar import schema_grammar
from tidegate.errors import BadRequest


@pytest.mark.parametrize(
    ("schema", "left"),
    [
        ({"type": "string", "maxLength": 10**9}, {"type": "string"}),
        ({"type": "string", "maxLength": 10**400}, {"type": "string"}),
        ({"type": "string", "maxLength": MOST_REPEATS}, {"type": "string", "maxLength": MOST_REPEATS}),
        ({"type": "array", "maxItems": 5000, "minItems": 2}, {"type": "array", "minItems": 2}),
        ({"anyOf": [{"maxLength": 9999}]}, {"anyOf": [{}]}),
        (
            {"properties": {"maxLength": {"type": "integer"}}},
            {"properties": {"maxLength": {"type": "integer"}}},
        ),
        ({"enum": [{"maxLength": 9999}]}, {"enum": [{"maxLength": 9999}]}),
        ({"pattern": "^a{1,20}$"}, {"pattern": "^a{1,20}$"}),
        ({"maxLength": True}, {"maxLength": True}),
    ],
)
def test_upper_bounds_that_no_answer_reaches_are_left_out(schema: JSON, left: JSON) -> None:
    assert tamed(schema) == left


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "minLength": MOST_NEEDED + 1},
        {"properties": {"a": {"type": "array", "minItems": 10**6}}},
        {"pattern": "a{0,45000}"},
        {"pattern": "a{99999999999999999999}"},
        {"items": [{"pattern": "x{1000,}"}]},
    ],
)
def test_bounds_that_must_be_spelled_out_are_refused(schema: JSON) -> None:
    with pytest.raises(Unbounded):
        tamed(schema)
    with pytest.raises(BadRequest) as refused:
        schema_grammar(json.dumps(schema))
    assert (refused.value.code, refused.value.param) == ("unusable_schema", "response_format")


def test_a_schema_as_people_write_them_is_still_a_grammar() -> None:
    grammar = schema_grammar('{"type":"object","properties":{"note":{"type":"string","maxLength":4096}}}')
    assert nesting(grammar) < 20


@pytest.mark.parametrize(
    ("grammar", "depth"),
    [
        ("root ::= (a (b)? )*", 2),
        ('root ::= "((((" [(\\]]', 0),
        ("root ::= a", 0),
        ('root ::= "\\"(" (a)', 1),
    ],
)
def test_depth_counts_parentheses_that_group(grammar: str, depth: int) -> None:
    assert nesting(grammar) == depth
