"""When a budget ends, and what a day is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.routing.budget import (
    CLOUD,
    LOCAL,
    Day,
    End,
    Kind,
    Limits,
    Rates,
    Scope,
    Spent,
    Turn,
    ends,
    resume,
    turn,
)

RATES = Rates(money_per_1k_prompt=1.0, money_per_1k_completion=4.0, joules_per_token=0.5)
NOON = Day("2026-11-24", 1000.0, 50.0)


@pytest.mark.parametrize(
    ("spent", "limits", "about", "wanted"),
    [
        ({}, {}, Spent(money=99.0), None),
        ({}, {Scope.DAY: Limits(money=1.0)}, Spent(money=1.0), None),
        ({Scope.DAY: Spent(money=0.5)}, {Scope.DAY: Limits(money=1.0)}, Spent(money=0.6), End(Scope.DAY, Kind.MONEY)),
        ({Scope.DAY: Spent(tokens=10)}, {Scope.DAY: Limits(tokens=10)}, Spent(), End(Scope.DAY, Kind.TOKENS)),
        ({}, {Scope.DAY: Limits(money=0.0)}, Spent(), End(Scope.DAY, Kind.MONEY)),
        (
            {Scope.CONVERSATION: Spent(money=2.0), Scope.DAY: Spent(money=2.0)},
            {Scope.CONVERSATION: Limits(money=1.0), Scope.DAY: Limits(money=1.0)},
            Spent(money=0.1),
            End(Scope.CONVERSATION, Kind.MONEY),
        ),
        ({Scope.DAY: Spent(joules=9.0)}, {Scope.DAY: Limits(joules=5.0)}, Spent(joules=1.0), None),  # not the cloud's
    ],
)  # fmt: skip
def test_the_narrowest_budget_that_would_be_overdrawn_is_named(
    spent: dict[Scope, Spent], limits: dict[Scope, Limits], about: Spent, wanted: End | None
) -> None:
    assert ends(spent, limits, about, CLOUD) == wanted


def test_energy_has_its_own_end() -> None:
    spent, limits = {Scope.DAY: Spent(joules=9.0)}, {Scope.DAY: Limits(joules=5.0)}
    assert ends(spent, limits, Spent(joules=1.0), LOCAL) == End(Scope.DAY, Kind.JOULES)


def test_prices_are_per_thousand_tokens_and_energy_is_per_token() -> None:
    assert RATES.asking(2000, 500, size=7) == Spent(money=4.0, tokens=2500, bytes=7)
    assert RATES.drafting(10, 4) == Spent(joules=7.0)


@pytest.mark.parametrize(
    ("date", "wall", "mono", "wanted"),
    [
        ("2026-11-24", 4600.0, 3650.0, Turn.SAME),
        ("2026-11-25", 44_200.0, 43_250.0, Turn.FRESH),  # midnight
        ("2026-11-25", 44_200.0 + 1800, 43_250.0, Turn.FRESH),  # the clock was corrected by half an hour
        ("2026-11-25", 87_400.0, 60.0, Turn.CARRIED),  # a day forward in ten seconds
        ("2026-11-23", -85_400.0, 60.0, Turn.CARRIED),  # a day back
        ("2038-01-19", 2e9, 43_250.0, Turn.CARRIED),
        ("2026-11-23", 900.0, 60.0, Turn.CARRIED),  # back over midnight
    ],
)
def test_only_a_day_that_the_time_passed_explains_renews_a_budget(
    date: str, wall: float, mono: float, wanted: Turn
) -> None:
    day, told = turn(NOON, date, wall=wall, mono=mono)
    assert told is wanted
    assert day == Day(date, wall, mono)


@pytest.mark.parametrize(
    ("date", "wanted"),
    [("2026-11-24", Turn.SAME), ("2026-11-26", Turn.FRESH), ("2026-11-23", Turn.CARRIED)],
)
def test_after_a_restart_a_later_day_is_believed_and_an_earlier_one_is_not(date: str, wanted: Turn) -> None:
    assert resume(NOON, date, wall=5.0, mono=1.0)[1] is wanted


@given(st.lists(st.floats(0, 10), max_size=30), st.floats(0, 50))
def test_a_budget_is_never_overdrawn_by_what_was_foreseen(costs: list[float], most: float) -> None:
    limits, spent = {Scope.DAY: Limits(money=most)}, Spent()
    for cost in costs:
        if ends({Scope.DAY: spent}, limits, Spent(money=cost), CLOUD) is None:
            spent += Spent(money=cost)
    assert spent.money <= most
