"""What a device tells its fleet of how it answers: counts, closed words and moments. No text and no name of an application."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tidegate.risk.monitor import State
from tidegate.risk.task import Task

MOST_LINES = 64
"""A device with more promises tells the first so many, those with an alarm before the others."""


class Scope(StrEnum):
    """Whose answers a promise speaks of; an application is not named."""

    DEVICE = "device"
    CLASS = "class"
    APPLICATION = "application"


@dataclass(frozen=True, slots=True)
class PromiseLine:
    """One promise and what its checks found. `alarm_at`: the newest alarm in seconds since 1970 UTC, 0 without one."""

    scope: Scope
    task: Task
    state: State
    possible: bool
    wrong_at_most: float
    kept: int = 0
    drawn: int = 0
    right: int = 0
    wrong: int = 0
    undecided: int = 0
    alarms: int = 0
    alarm_at: int = 0

    @property
    def alarmed(self) -> bool:
        """Whether an alarm rang that no new fit has ended."""
        return self.possible and self.state is not State.KEEPING


@dataclass(frozen=True, slots=True)
class Health:
    """`here`, `there`, `nobody`: requests of the last 24 hours by who answered them. `at`: seconds since 1970 UTC."""

    at: int
    here: int = 0
    there: int = 0
    nobody: int = 0
    spooled: int = 0
    given_up: int = 0
    lines: tuple[PromiseLine, ...] = ()

    @property
    def alarmed(self) -> tuple[PromiseLine, ...]:
        return tuple(line for line in self.lines if line.alarmed)

    @property
    def asked(self) -> int:
        return self.here + self.there + self.nobody
