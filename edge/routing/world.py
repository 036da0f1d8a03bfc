"""What was known of the world when a request was planned, as one frozen value: numbers, flags and closed words, never text.

The plan reads it, every answer carries it, the journal keeps it, `tidegate plan` and the plan endpoint show it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from edge.routing.budget import End, WhenSpent
from edge.routing.link import Health
from edge.routing.vitals import Reading, Sign, Strain
from tidegate.chat import JSON
from tidegate.risk.task import Task


class MeteredSends(StrEnum):
    """What may go out while the way is metered. `must-go`: what policy sends and what nobody here can answer."""

    ALL = "all"
    MUST_GO = "must-go"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class LinkSignal:
    """The way to the cloud. `expected_s`: within which a reply should come, by the recent ones; None: too few are known."""

    health: Health = Health.UP
    open: bool = True  # whether a request may go out now
    metered: bool = False
    metered_sends: MeteredSends = MeteredSends.MUST_GO
    metered_left: int | None = None  # bytes of today's allowance; None: no bound
    expected_s: float | None = None
    left_s: float = 30.0  # of the request's deadline

    @property
    def spares(self) -> bool:
        """Whether only what has to go may go."""
        return self.metered and self.metered_sends is not MeteredSends.ALL

    @property
    def in_time(self) -> bool:
        """Whether a reply can be expected before the deadline."""
        return self.open and (self.expected_s is None or self.expected_s <= self.left_s)


@dataclass(frozen=True, slots=True)
class VitalSignal:
    """The machine: what was read, what it asks for, and on account of which sign."""

    reading: Reading = field(default_factory=Reading)
    strain: Strain = Strain.NONE
    sign: Sign | None = None
    shorter_tokens: int = 64  # the most a draft may be long under strain


@dataclass(frozen=True, slots=True)
class BudgetSignal:
    """Money and energy. `cloud` and `local`: the budget that has ended, or would with this request."""

    cloud: End | None = None
    local: End | None = None
    when_spent: WhenSpent = WhenSpent.BEST_SO_FAR
    price: float = 0.0  # what asking the cloud is expected to cost
    joules: float = 0.0  # what drafting here is expected to cost
    day_money: float = 0.0  # spent so far today
    day_tokens: int = 0
    day_joules: float = 0.0
    renews_s: float = 0.0  # until the next day begins


@dataclass(frozen=True, slots=True)
class TaskSignal:
    """The kind of work, and how the local model did at it: of `seen` outcomes, surely at least `wrong_at_least` were wrong."""

    task: Task = Task.PROSE
    seen: int = 0
    wrong_at_least: float = 0.0
    known_to_fail: bool = False


@dataclass(frozen=True, slots=True)
class World:
    """What was known of the world when a request was planned."""

    link: LinkSignal = field(default_factory=LinkSignal)
    vitals: VitalSignal = field(default_factory=VitalSignal)
    budget: BudgetSignal = field(default_factory=BudgetSignal)
    task: TaskSignal = field(default_factory=TaskSignal)


CALM = World()


def told(world: World) -> dict[str, JSON]:
    """All of it, for programs. A reply that is not expected at all (an endless wait) is a wait of a day."""
    shown: dict[str, JSON] = msgspec.to_builtins(world)
    return shown
