"""Who is next: a queue that is fair to applications, not to requests. Pure; every operation gives a new line.

Each application has an account of the work that its requests have taken (tokens read and to be written). The next request
is the oldest of the application with the least on its account; one that comes back after a rest starts level with the
others, so that nobody saves up a right to block them (start-time fair queueing, Goyal, Vin, Cheng 1996).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

MOST_ACCOUNTS = 256  # of applications that rest; more are forgotten, which only costs them their head start


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request in the line: `number` counts up in order of arrival, `cost` in tokens, `until` on a monotonic clock."""

    number: int
    application: str
    cost: int
    until: float


@dataclass(frozen=True, slots=True)
class Line:
    """Those who wait, oldest first, and the accounts."""

    waiting: tuple[Waiting, ...] = ()
    accounts: Mapping[str, float] = field(default_factory=dict)
    level: float = 0.0  # the account of whoever was served last

    def joined(self, one: Waiting) -> Line:
        """The line with one more."""
        accounts = dict(self.accounts)
        if not any(other.application == one.application for other in self.waiting):
            accounts[one.application] = max(accounts.get(one.application, 0.0), self.level)
        return replace(self, waiting=(*self.waiting, one), accounts=accounts)

    def without(self, gone: Callable[[Waiting], bool]) -> tuple[Line, tuple[Waiting, ...]]:
        """The line without some, and those. They are charged nothing."""
        out = tuple(one for one in self.waiting if gone(one))
        if not out:
            return self, ()
        return replace(self, waiting=tuple(one for one in self.waiting if not gone(one))), out

    def served(self) -> tuple[Line, Waiting] | None:
        """The line after the next request has been taken out and charged, and that request; None when nobody waits."""
        if not self.waiting:
            return None
        first = min(self.waiting, key=lambda one: (self.accounts.get(one.application, 0.0), one.number))
        accounts = dict(self.accounts)
        level = accounts.get(first.application, 0.0)
        accounts[first.application] = level + first.cost
        rest = tuple(one for one in self.waiting if one.number != first.number)
        if len(accounts) > MOST_ACCOUNTS:
            names = {one.application for one in rest} | {first.application}
            accounts = {name: spent for name, spent in accounts.items() if name in names}
        return Line(rest, accounts, level), first


def retry_after(ahead: int, slots: int, mean_s: float) -> int:
    """Whole seconds after which a place should be free: those ahead, in rounds of `slots`. Between 1 and 60."""
    return int(min(60.0, max(1.0, ahead * mean_s / max(slots, 1) + 0.999)))
