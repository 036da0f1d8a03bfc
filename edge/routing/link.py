"""Whether the cloud can be reached, as a table of states: `step(link, event, ...) -> link`. Pure; time is an input.

              a success                a failure
  UP          UP                       FLAPPING after `few` failures in a row
  FLAPPING    UP after `few` in a row  DOWN after `many` in a row
  DOWN        FLAPPING                 DOWN, the next trial later (doubling, to a limit)

While the link is DOWN only a trial may use it: one request at a time, not before `next_trial`. Leaving UP is quick and
coming back is slow, so a link that comes and goes does not make answers come and go with it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class Health(StrEnum):
    UP = "up"
    FLAPPING = "flapping"
    DOWN = "down"


class Event(StrEnum):
    """What a use of the link showed. Only errors of the way count as failures: a refusal by the cloud is a success."""

    SUCCESS = "success"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Habits:
    """How patient the table is. Counts of events in a row; seconds between trials."""

    few: int = 2
    many: int = 3
    first_trial_s: float = 2.0
    last_trial_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Link:
    """The link as last seen. `run` counts like events in a row; `trying`: a trial is out; moments are monotonic."""

    health: Health = Health.UP
    run: int = 0
    last: Event = Event.SUCCESS
    wait_s: float = 0.0
    next_trial: float = 0.0
    trying: bool = False
    since: float = 0.0


def step(link: Link, event: Event, *, now: float, habits: Habits) -> Link:
    """The link after one more use of it."""
    run = link.run + 1 if event is link.last else 1
    seen = replace(link, run=run, last=event, trying=False)
    match link.health, event:
        case Health.UP, Event.FAILURE if run >= habits.few:
            return replace(seen, health=Health.FLAPPING, run=0, since=now)
        case Health.FLAPPING, Event.SUCCESS if run >= habits.few:
            return replace(seen, health=Health.UP, run=0, since=now, wait_s=0.0)
        case Health.FLAPPING, Event.FAILURE if run >= habits.many:
            return _down(replace(seen, since=now), now, habits)
        case Health.DOWN, Event.SUCCESS:
            return replace(seen, health=Health.FLAPPING, run=1, since=now)
        case Health.DOWN, Event.FAILURE:
            return _down(seen, now, habits)
        case _:
            return seen


def may_use(link: Link, *, now: float) -> bool:
    """Whether a request may go out now: always unless DOWN, and then only as the one trial that is due."""
    return link.health is not Health.DOWN or (not link.trying and now >= link.next_trial)


def begin(link: Link) -> Link:
    """The link while a request that `may_use` allowed is under way; `abandon` frees a trial that never reports."""
    return replace(link, trying=True) if link.health is Health.DOWN else link


def abandon(link: Link) -> Link:
    """The link after a request was cancelled: nothing was learned."""
    return replace(link, trying=False)


def _down(link: Link, now: float, habits: Habits) -> Link:
    wait = min(max(link.wait_s * 2, habits.first_trial_s), habits.last_trial_s)
    return replace(link, health=Health.DOWN, run=0, wait_s=wait, next_trial=now + wait)
