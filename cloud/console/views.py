"""What the console shows beside the cases: the fleet, and how good the answers are. Looked at, never acted on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cloud.console import draw, history
from cloud.console.show import REASONS, WHYS, age
from cloud.observe.insight import DAY_S, DAYS, CaseFact, Cost, Insight, insight
from tidegate.clock import Clock

if TYPE_CHECKING:
    from cloud.audit.log import Entry
    from cloud.console.fleet import FleetSeen

_MOST = 50_000
_AGAIN_S = 10.0


def no_fleet() -> FleetSeen | None:
    return None


@dataclass(slots=True)
class Views:
    """`fleet`: None where this cloud runs none. `cases` and `costs`: since a moment. A page is made anew after ten seconds."""

    clock: Clock
    cases: Callable[[float], tuple[CaseFact, ...]]
    costs: Callable[[float], tuple[Cost, ...]]
    fleet: Callable[[], FleetSeen | None] = no_fleet
    _made: Insight | None = field(default=None, init=False)
    _at: float = field(default=float("-inf"), init=False)

    def alarms(self) -> int:
        """Devices whose promise is broken."""
        seen = self.fleet()
        return seen.alarms if seen is not None else 0

    def quality(self) -> Mapping[str, object]:
        """What the quality page is made of."""
        now = self.clock.mono()
        if self._made is None or now - self._at >= _AGAIN_S:
            moment = self.clock.now()
            since = moment - DAYS * DAY_S
            facts = self.cases(since)
            self._made = insight(facts, self.costs(since), moment, cut=len(facts) >= _MOST)
            self._at = now
        found = self._made
        wait = found.typical_wait_s
        return {
            "found": found,
            "draw": draw,
            "wait": "–" if wait is None else age(wait),
            "held_words": {reason.value: said for reason, said in REASONS.items()},
            "why_words": {why.value: f"escalated: {said}" for why, said in WHYS.items()},
        }


def audit_rows(entries: tuple[Entry, ...]) -> tuple[history.Told, ...]:
    return tuple(history.told(entry) for entry in entries)
