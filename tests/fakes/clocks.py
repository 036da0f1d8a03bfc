"""A clock that somebody puts wrong."""

from __future__ import annotations

from dataclasses import dataclass

from tidegate.clock import FixedClock, SystemClock


@dataclass
class WrongClock(FixedClock):
    """A fixed clock whose wall time is wrong by some seconds, while time passes as it does."""

    wrong: float = 0.0

    def now(self) -> float:
        return self.at + self.wrong


@dataclass
class WrongSystemClock(SystemClock):
    """The machine's clock, its wall time wrong by some seconds."""

    wrong: float = 0.0

    def now(self) -> float:
        return super().now() + self.wrong
