"""The fleet hears how a device does: at once after a connect or an alarm, seldom otherwise, and never a name."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from edge.uplink.telling import AGAIN_S, Telling, due
from tidegate.clock import FixedClock
from tidegate.health import Health, PromiseLine, Scope
from tidegate.risk.monitor import State
from tidegate.risk.task import Task

LINE = PromiseLine(Scope.DEVICE, Task.CALLS, State.KEEPING, True, 0.02, kept=10)
HEALTH = Health(1_000, here=10, lines=(LINE,))


@dataclass
class Session:
    up: bool = True
    said: list[Health] = field(default_factory=list)

    def is_connected(self) -> bool:
        return self.up

    def health(self, health: Health) -> None:
        self.said.append(health)


def test_the_first_word_is_told_and_the_same_word_is_not_told_again() -> None:
    session, clock = Session(), FixedClock()
    telling = Telling(session, lambda: HEALTH, clock)
    assert telling.once()
    assert not telling.once()
    assert session.said == [HEALTH]


def test_nothing_is_told_without_a_connection_and_all_again_after_the_next() -> None:
    session, clock = Session(), FixedClock()
    telling = Telling(session, lambda: HEALTH, clock)
    telling.once()
    session.up = False
    assert not telling.once()
    session.up = True
    assert telling.once()


def test_an_alarm_is_told_at_once_and_a_count_after_a_minute() -> None:
    more = replace(HEALTH, here=11)
    alarm = replace(HEALTH, lines=(replace(LINE, state=State.TIGHTENED, alarms=1),))
    assert due(HEALTH, alarm, 0.0)
    assert not due(HEALTH, more, 59.0)
    assert due(HEALTH, more, 60.0)


def test_an_unchanged_word_is_repeated_after_two_minutes_alone() -> None:
    later = replace(HEALTH, at=2_000)
    assert not due(HEALTH, later, AGAIN_S - 1)
    assert due(HEALTH, later, AGAIN_S)
