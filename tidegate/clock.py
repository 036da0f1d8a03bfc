"""The only place that asks what time it is (linter: banned elsewhere)."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
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
