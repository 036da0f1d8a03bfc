"""What the machine's state asks for, told as readings and what became of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.routing.vitals import NONE, Habits, Level, Reading, Sign, Strain, levels, strain

HABITS = Habits()


def told(*readings: Reading) -> list[tuple[Strain, Sign | None]]:
    seen, found = NONE, []
    for reading in readings:
        seen = levels(seen, reading, HABITS)
        found.append(strain(seen, HABITS))
    return found


@pytest.mark.parametrize(
    ("reading", "wanted"),
    [
        (Reading(), (Strain.NONE, None)),
        (Reading(battery=0.16), (Strain.NONE, None)),
        (Reading(battery=0.15), (Strain.SHORTER, Sign.BATTERY)),
        (Reading(battery=0.05), (Strain.ESCALATE, Sign.BATTERY)),
        (Reading(battery=0.02, on_mains=True), (Strain.NONE, None)),
        (Reading(battery=0.02, on_mains=False), (Strain.ESCALATE, Sign.BATTERY)),
        (Reading(heat_c=84.9), (Strain.NONE, None)),
        (Reading(heat_c=85.0), (Strain.SHORTER, Sign.HEAT)),
        (Reading(heat_c=95.0), (Strain.ESCALATE, Sign.HEAT)),
        (Reading(memory_mb=99.0), (Strain.SHORTER, Sign.MEMORY)),
        (Reading(memory_mb=39.0), (Strain.ESCALATE, Sign.MEMORY)),
        (Reading(pressure=41.0), (Strain.SHORTER, Sign.PRESSURE)),
        (Reading(queue=16), (Strain.SHORTER, Sign.QUEUE)),
        (Reading(queue=48), (Strain.ESCALATE, Sign.QUEUE)),
        (Reading(heat_c=86.0, battery=0.01), (Strain.ESCALATE, Sign.BATTERY)),  # the worst sign speaks
    ],
)
def test_each_sign_has_its_thresholds(reading: Reading, wanted: tuple[Strain, Sign | None]) -> None:
    assert told(reading) == [wanted]


def test_a_value_that_trembles_at_its_threshold_does_not_come_and_go() -> None:
    found = told(*(Reading(heat_c=at) for at in (84.9, 85.1, 84.9, 80.1, 79.9, 84.9)))
    assert [asked for asked, _ in found] == [Strain.NONE, *[Strain.SHORTER] * 3, Strain.NONE, Strain.NONE]


def test_a_critical_sign_gets_better_by_way_of_low() -> None:
    found = told(*(Reading(battery=at) for at in (0.05, 0.07, 0.09, 0.17, 0.19)))
    assert [asked for asked, _ in found] == [
        Strain.ESCALATE, Strain.ESCALATE, Strain.SHORTER, Strain.SHORTER, Strain.NONE,
    ]  # fmt: skip


@given(st.lists(st.floats(60, 110), min_size=1, max_size=40))
def test_worse_readings_never_ask_for_less(heats: list[float]) -> None:
    order = [Level.FINE, Level.LOW, Level.CRITICAL]
    seen = NONE
    for heat in heats:
        seen = levels(seen, Reading(heat_c=heat), HABITS)
        hotter = levels(seen, Reading(heat_c=heat + 1), HABITS)
        assert order.index(hotter[Sign.HEAT]) >= order.index(seen[Sign.HEAT])
