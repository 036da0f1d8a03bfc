"""The only place that asks what time it is (linter: banned elsewhere)."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Time as an input: `now` in seconds since 1970 UTC, `mono` in seconds that never run backwards."""

    def now(self) -> float: ...

    def mono(self) -> float: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        return time.time()

    def mono(self) -> float:
        return time.monotonic()


@dataclass
class FixedClock:
    """A clock for tests and replays: moves only when told to."""

    at: float = field(default=1_790_000_000.0)

    def now(self) -> float:
        return self.at

    def mono(self) -> float:
        return self.at

    def advance(self, seconds: float) -> None:
        self.at += seconds


def rfc3339(now: float) -> str:
    """A moment as text, UTC, whole seconds: `2026-11-24T05:00:00Z`."""
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def local_day(now: float) -> str:
    """The calendar day of that moment in the machine's own time zone: `2026-11-24`."""
    return datetime.fromtimestamp(now, UTC).astimezone().date().isoformat()


def until_tomorrow(now: float) -> float:
    """Seconds from that moment to the next midnight of the machine's own time zone."""
    here = datetime.fromtimestamp(now, UTC).astimezone()
    midnight = (here + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight - here).total_seconds()


def local_time(moment: float) -> str:
    """The time of day where the machine is, for people: `14:05`."""
    return datetime.fromtimestamp(moment, UTC).astimezone().strftime("%H:%M")


def midnight(moment: float) -> float:
    """When that day began where the machine is, in seconds since 1970 UTC."""
    day = datetime.fromtimestamp(moment, UTC).astimezone()
    return day.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()


def day_bounds(date: str) -> tuple[float, float]:
    """First moment of a calendar day and of the next, in the machine's own time zone. Raises ValueError when there is no such day."""
    first = datetime.fromisoformat(date).astimezone()
    after = (datetime.fromisoformat(date) + timedelta(days=1)).astimezone()
    return first.timestamp(), after.timestamp()
