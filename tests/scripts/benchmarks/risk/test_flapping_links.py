"""A thousand links that come and go, through the real courier: the three promises of the link, and that the harness can fail."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from edge.routing.link import Habits
from scripts.benchmarks.risk.flapping import HABITS, Air, Told, runs, trace
from scripts.benchmarks.risk.links import TRUSTING, rows


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Thousands of outages would be logged."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


TRACES, SECONDS = 1000, 10.0


def test_over_a_thousand_traces_nobody_waits_past_a_deadline_and_the_link_settles() -> None:
    asked = answered = calls = 0
    for link, told in runs(TRACES, seconds=SECONDS):
        assert len(told.waits) == len(link.asked)
        assert told.late == 0, f"seed {link.seed}"
        assert told.hasty(HABITS.settle_s) == 0, f"seed {link.seed}"
        assert told.leaks == 0, f"seed {link.seed}"
        asked, answered, calls = asked + len(link.asked), answered + told.answered, calls + told.calls
    assert asked > 3 * TRACES
    assert answered > asked / 5  # the link is not simply shut
    assert calls > answered


def test_without_a_table_the_same_links_are_asked_in_vain_and_change_as_they_please() -> None:
    careful = [told for _, told in runs(20)]
    trusting = [told for _, told in runs(20, habits=TRUSTING)]
    assert _sum(trusting, "calls") > 1.2 * _sum(careful, "calls")
    hasty = [told for _, told in runs(20, habits=Habits(settle_s=0.0))]
    assert sum(told.hasty(HABITS.settle_s) for told in hasty) > 0


def _sum(found: list[Told], name: str) -> int:
    return sum(int(getattr(told, name)) for told in found)


def test_a_seed_is_a_trace() -> None:
    assert trace(3) == trace(3) != trace(4)
    assert {air for seed in range(20) for _, air in trace(seed).airs} == set(Air)


def test_the_table_has_its_bars() -> None:
    found = list(rows(3))
    assert [row.verdict.partition(",")[0] for row in found[:3]] == ["met"] * 3
    assert len(found) == 5
