"""What counts as right, with the near misses beside the hits."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("yaml", reason="the training data readers need PyYAML")

from scripts.evaluation import scoring
from scripts.evaluation.intervals import Matches
from scripts.training.records import Call, Example
from tidegate.chat import JSON, ToolCall
from tidegate.engines.port import Draft, Finish

BOOK = (Call("BookRestaurant", (("city", "New York"), ("party", 4), ("cuisine", "Thai"))),)


def written(*calls: tuple[str, dict[str, JSON]], broken: bool = False) -> Draft:
    made = tuple(ToolCall("c", name, json.dumps(arguments)) for name, arguments in calls)
    return Draft("", made, Finish.TOOL_CALLS, features={"broken_call": float(broken)})


def example(text: str, *values: str | int, calls: int = 1) -> Example:
    arguments = tuple((f"p{at}", value) for at, value in enumerate(values))
    return Example("x", text, (), tuple(Call(f"T{at}", arguments) for at in range(calls)))


FULL: dict[str, JSON] = {"city": "New York", "party": 4, "cuisine": "Thai"}


@pytest.mark.parametrize(
    ("draft", "tool", "exact", "matches"),
    [
        (written(("BookRestaurant", FULL)), True, True, Matches(3, 3, 3)),
        (written(("BookRestaurant", FULL | {"city": "new  york"})), True, True, Matches(3, 3, 3)),
        (written(("BookRestaurant", FULL | {"city": "York"})), True, False, Matches(2, 3, 3)),
        (written(("BookRestaurant", FULL | {"area": "soho"})), True, False, Matches(3, 4, 3)),
        (written(("BookRestaurant", {"city": "New York"})), True, False, Matches(1, 1, 3)),
        (written(("BookRestaurant", {"town": "New York"})), True, False, Matches(0, 1, 3)),
        (written(("bookRestaurant", FULL)), False, False, Matches(0, 3, 3)),
        (written(("BookRestaurant", FULL), ("BookRestaurant", FULL)), False, False, Matches(3, 6, 3)),
        (written(("BookRestaurant", FULL), broken=True), False, False, Matches(0, 0, 3)),
        (Draft("", finish=Finish.PASS), False, False, Matches(0, 0, 3)),
        (Draft("four people in New York"), False, False, Matches(0, 0, 3)),
    ],
)
def test_a_draft_is_scored_by_tool_by_call_and_by_argument(
    draft: Draft, tool: bool, exact: bool, matches: Matches
) -> None:
    assert scoring.right_tools(draft, BOOK) is tool
    assert scoring.exact(draft, BOOK) is exact
    assert scoring.arguments(draft, BOOK) == matches


def test_a_call_that_nobody_asked_for_is_wrong_and_its_arguments_are_too_many() -> None:
    draft = written(("BookRestaurant", FULL))
    assert not scoring.right_tools(draft, None)
    assert not scoring.exact(draft, None)
    assert scoring.arguments(draft, None) == Matches(0, 3, 0)


def test_calls_in_another_order_are_not_the_calls_expected() -> None:
    two = (Call("A", (("x", "1"),)), Call("B", (("x", "2"),)))
    turned = written(("B", {"x": "2"}), ("A", {"x": "1"}))
    assert not scoring.exact(turned, two)
    assert scoring.arguments(turned, two) == Matches(2, 2, 2)


def test_a_list_of_values_is_right_in_its_order_only() -> None:
    due = (Call("Add", (("items", ("Oat milk", "eggs")),)),)
    assert scoring.exact(written(("Add", {"items": ["oat milk", "eggs"]})), due)
    assert not scoring.exact(written(("Add", {"items": ["eggs", "oat milk"]})), due)
    assert not scoring.exact(written(("Add", {"items": "oat milk, eggs"})), due)


@pytest.mark.parametrize(
    ("asked", "belongs"),
    [
        (example("turn it off", "lamp"), {"request in lower case"}),
        (example("Turn it off", "lamp"), set()),
        (example("Turn both off", "lamp", calls=2), {"several calls due"}),
        (example("Set it to 21", 21), {"a number among the arguments"}),
        (example("Room 12b", "room 12b"), {"a number among the arguments"}),
        (example("At 9 play jazz", "jazz"), set()),
        (example("Play Jay-Z", "Jay-Z"), {"hyphen, quote or accent in a value"}),
        (example("Play Beyoncé", "Beyoncé"), {"hyphen, quote or accent in a value"}),
        (example("Joe's list, please", "shopping"), set()),
        (example("Add to Joe's list", "Joe's"), {"hyphen, quote or accent in a value"}),
    ],
)
def test_strata_look_at_what_is_due_not_at_chance_words(asked: Example, belongs: set[str]) -> None:
    assert {title for title, holds in scoring.STRATA.items() if holds(asked)} == belongs
