"""What every part of the bench is told: how much, how long, with how many threads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    """Rounds of a comparison, tokens of an answer, and how many of everything else. Each part is bounded by these."""

    rounds: int = 9
    tokens: int = 128
    requests: int = 60  # whose time to the first token is taken
    starts: int = 7
    idle: int = 1000
    slow: int = 200
    soak: int = 24_000


QUICK = Sizes(rounds=3, tokens=32, requests=12, starts=2, idle=200, slow=40, soak=300)


@dataclass(frozen=True, slots=True)
class Bench:
    """One run."""

    quick: bool
    threads: int
    soak_minutes: float
    said: Callable[[str], None]
    seed: int = 20_261_124
    full: Sizes = Sizes()

    @property
    def sizes(self) -> Sizes:
        return QUICK if self.quick else self.full
