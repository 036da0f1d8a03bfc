"""What a check finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Finding(StrEnum):
    OK = "ok"
    ATTENTION = "attention"
    BROKEN = "broken"
    NOT_USED = "not used"


@dataclass(frozen=True, slots=True)
class Check:
    """One part, a sentence about it, and what to do next where there is something to do."""

    part: str
    finding: Finding
    said: str
    next: str = ""

    @property
    def broken(self) -> bool:
        return self.finding is Finding.BROKEN
