"""Whether the cloud can be reached, as a table of states: `step(link, event, ...) -> link`. Pure; time and dice are inputs.

                a success            a failure            another's answer   costly / free way
  UP            UP                   FLAPPING after `few` CAPTIVE            METERED
  METERED       METERED              FLAPPING after `few` CAPTIVE            UP
  FLAPPING      UP after `few`       DOWN after `many`    CAPTIVE            -
  DOWN          FLAPPING             DOWN, later          CAPTIVE            -
  CAPTIVE       FLAPPING             DOWN after `many`    CAPTIVE, later     -

"After `few`": that many of the same kind in a row. "Later": the next trial after twice the wait, to a limit, with jitter.
Rule 1: no two moves within `settle_s`; what is seen meanwhile counts, and moves the link once the time is over.
Rule 2: UP and METERED are open to every request, FLAPPING to one at a time (half open: that request is the trial), DOWN and
CAPTIVE to trials without content alone. Rule 3: after an answer that is not the cloud's own nothing is sent, whatever the state.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class Health(StrEnum):
    UP = "up"
    METERED = "metered"  # works, and costs by the byte
    FLAPPING = "flapping"  # comes and goes: one request at a time
    DOWN = "down"
    CAPTIVE = "captive"  # something else answers in the cloud's place: a portal that wants a login


class Event(StrEnum):
    """What a use of the link, or a look at the way, showed. A refusal by the cloud is a success of the way."""

    SUCCESS = "success"
    FAILURE = "failure"
    FOREIGN = "foreign"  # an answer with a certificate, or a language, that is not the cloud's
    COSTLY = "costly"
    FREE = "free"


@dataclass(frozen=True, slots=True)
class Habits:
    """How patient the table is. Counts of events in a row; seconds between moves and between trials."""

    few: int = 2
    many: int = 3
    settle_s: float = 5.0
    first_trial_s: float = 2.0
    last_trial_s: float = 60.0
    jitter: float = 0.2  # share of a wait by which it is longer or shorter


@dataclass(frozen=True, slots=True)
class Link:
    """The link as last seen. `run` counts like events in a row; `trying`: a trial is out; moments are monotonic."""

    health: Health = Health.UP
    run: int = 0
    last: Event = Event.SUCCESS
    metered: bool = False
    wait_s: float = 0.0
    next_trial: float = 0.0
    trying: bool = False
    since: float = float("-inf")

    @property
    def foreign(self) -> bool:
        """Whether the last word came from somebody who is not the cloud."""
        return self.health is Health.CAPTIVE or self.last is Event.FOREIGN

    @property
    def closed(self) -> bool:
        """Whether no request may go out, not even as a trial."""
        return self.foreign or self.health is Health.DOWN


def step(link: Link, event: Event, *, now: float, habits: Habits, draw: float = 0.5) -> Link:
    """The link after one more use of it. `draw`, 0..1, spreads the trials of many devices."""
    seen = _seen(link, event)
    wanted = _wanted(seen, habits)
    if wanted is not seen.health and now - seen.since >= habits.settle_s:
        run = 1 if seen.health in (Health.DOWN, Health.CAPTIVE) and seen.last is Event.SUCCESS else 0
        seen = replace(seen, health=wanted, run=run, since=now)
    if event is Event.SUCCESS:
        settled = max(now, seen.since + habits.settle_s)  # the earliest moment at which it may move again
        return replace(seen, wait_s=0.0, next_trial=settled if seen.closed else now + habits.first_trial_s)
    return _later(seen, now, habits, draw) if event in (Event.FAILURE, Event.FOREIGN) else seen


def _seen(link: Link, event: Event) -> Link:
    if event in (Event.COSTLY, Event.FREE):
        return replace(link, metered=event is Event.COSTLY)
    run = link.run + 1 if event is link.last else 1
    return replace(link, run=run, last=event, trying=False)


def _wanted(link: Link, habits: Habits) -> Health:
    """Where the link belongs by what was seen last, were it allowed to move."""
    up = Health.METERED if link.metered else Health.UP
    match link.health, link.last:
        case _, Event.FOREIGN:
            return Health.CAPTIVE
        case ((Health.UP | Health.METERED), Event.FAILURE) if link.run >= habits.few:
            return Health.FLAPPING
        case ((Health.UP | Health.METERED), _):
            return up
        case Health.FLAPPING, Event.SUCCESS if link.run >= habits.few:
            return up
        case Health.FLAPPING, Event.FAILURE if link.run >= habits.many:
            return Health.DOWN
        case ((Health.DOWN | Health.CAPTIVE), Event.SUCCESS):
            return Health.FLAPPING
        case Health.CAPTIVE, Event.FAILURE if link.run >= habits.many:
            return Health.DOWN
        case _:
            return link.health


def _later(link: Link, now: float, habits: Habits, draw: float) -> Link:
    """After a bad event the next trial comes later; twice as late each time while the link is closed."""
    wait = min(max(link.wait_s * 2, habits.first_trial_s), habits.last_trial_s)
    spread = 1 + habits.jitter * (2 * draw - 1)
    return replace(link, wait_s=wait if link.closed else 0.0, next_trial=now + wait * spread)


def may_send(link: Link) -> bool:
    """Whether a request may go out now (Rule 2). One that goes out over a flapping link must `begin`."""
    if link.closed:
        return False
    return link.health is not Health.FLAPPING or not link.trying


def trial_due(link: Link, *, now: float) -> bool:
    """Whether it is time for a trial without content: the link is not well, none is out, and the wait is over."""
    well = link.health in (Health.UP, Health.METERED) and not link.foreign
    return not well and not link.trying and now >= link.next_trial


def begin(link: Link) -> Link:
    """The link while a request or trial is under way; `step` or `abandon` ends it."""
    return link if link.health in (Health.UP, Health.METERED) else replace(link, trying=True)


def abandon(link: Link) -> Link:
    """The link after a trial was cancelled: nothing was learned."""
    return replace(link, trying=False)
