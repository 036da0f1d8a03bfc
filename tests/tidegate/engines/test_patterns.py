"""Patterns that would explode are found before a grammar is made of them; those people write are not."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.engines.grammar import schema_grammar
from tidegate.engines.patterns import MOST_OPTIONAL, optional_parts
from tidegate.errors import BadRequest


@pytest.mark.parametrize(
    ("pattern", "count"),
    [
        ("^abc$", 0),
        ("a?b*c+", 2),
        (r"^\d{3}-?\d{4}$", 1),
        (r"^\d{1,3}$", 1),
        ("^(a?){30}$", 30),
        ("((a?){20}){20}", 400),
        (r"[a?*]\?\*(x)", 0),
        ("^(\\+[0-9]{1,3})? ?[0-9]{1,14}$", 4),
        (")(", 0),
        ("", 0),
    ],
)
def test_optional_parts_are_counted_as_they_are_written_out(pattern: str, count: int) -> None:
    assert optional_parts(pattern) == count


@pytest.mark.parametrize(
    "pattern", ["^((a?){20}){20}$", "^(a?){300}b$", "^b(((a?)?b?)?c?){100}$", "^" + "a?" * 60 + "$"]
)
def test_a_pattern_that_explodes_is_refused_with_its_field(pattern: str) -> None:
    schema = {"type": "object", "properties": {"a": {"items": {"type": "string", "pattern": pattern}}}}
    with pytest.raises(BadRequest) as caught:
        schema_grammar(json.dumps(schema))
    assert (caught.value.code, caught.value.param) == ("unusable_schema", "response_format")


@pytest.mark.parametrize(
    "pattern",
    [
        r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
        "^[a-z]+(-[a-z]+)*$",
        "^(\\([0-9]{3}\\))?[0-9]{3}-[0-9]{4}$",
        "^([a-z]+ ?){1,12}$",
    ],
)
def test_a_pattern_that_people_write_becomes_a_grammar(pattern: str) -> None:
    assert optional_parts(pattern) <= MOST_OPTIONAL
    assert "root ::=" in schema_grammar(json.dumps({"type": "string", "pattern": pattern}))


@given(st.text(alphabet="ab?*+(){},[]\\019^$|", max_size=40))
def test_counting_never_fails(pattern: str) -> None:
    assert optional_parts(pattern) >= 0
