"""The link to the cloud as the courier uses it: the tables of edge.routing.{link,retry,deadline}, their present state, the bar
for refused identities, and what may go out while the way is metered. Moments are monotonic seconds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edge.routing import deadline, link
from edge.routing.deadline import Latency, Patience
from edge.routing.link import Event, Habits, Health, Link
from edge.routing.plan import Why
from edge.routing.retry import TABLE, Fault
from edge.routing.world import LinkSignal, MeteredSends

_FOR_EVER_S = 86_400.0
MUST_GO = frozenset({Why.POLICY_MUST_GO, Why.NO_LOCAL_MODEL, Why.TOO_LONG, Why.NO_TOOLS, Why.APPROVAL})


@dataclass(frozen=True, slots=True)
class Ration:
    """What may go out over a metered way. `left`: bytes of today's allowance; None: no bound."""

    sends: MeteredSends = MeteredSends.MUST_GO
    left: Callable[[], int | None] = lambda: None


class Reach:
    """`dice` draws 0..1: it spreads the trials of many devices."""

    def __init__(
        self,
        habits: Habits | None = None,
        *,
        ration: Ration | None = None,
        dice: Callable[[], float] = lambda: 0.5,
    ) -> None:
        self._habits = habits or Habits()
        self._ration = ration or Ration()
        self._dice = dice
        self._link = Link()
        self._latency = Latency()
        self._patience = Patience()
        self._barred_until = 0.0
        self._out: dict[int, float] = {}
        self._calls = 0
        self._heard = float("-inf")

    @property
    def link(self) -> Link:
        """The link as last seen."""
        return self._link

    @property
    def health(self) -> Health:
        return self._link.health

    @property
    def barred(self) -> bool:
        return self._barred_until > 0

    @property
    def metered(self) -> bool:
        return self._link.metered

    def up(self, now: float) -> bool:
        """Whether a request may go out now."""
        return link.may_send(self._link) and now >= self._barred_until

    def busy(self) -> bool:
        """Whether the link comes and goes and its one trial is out: the next request waits for the end of that."""
        return self._link.trying and not self._link.closed

    def admits(self, why: Why, size: int) -> bool:
        """Whether bytes of that size may go out for that reason, as far as their price is concerned."""
        if not self._link.metered or self._ration.sends is MeteredSends.ALL:
            return True
        left = self._ration.left()
        return (
            self._ration.sends is MeteredSends.MUST_GO and why in MUST_GO and (left is None or size <= left)
        )

    def begin(self) -> bool:
        """A request or a trial goes out. Whether it is the one trial of a link that is not well: then it must end."""
        self._link = link.begin(self._link)
        return self._link.trying

    def abandon(self) -> None:
        """It was cancelled before anything was learned."""
        self._link = link.abandon(self._link)

    def sent(self, now: float) -> int:
        """A request is on the wire; give the number back to `returned`."""
        self._calls += 1
        self._out[self._calls] = now
        return self._calls

    def returned(self, call: int) -> None:
        """An answer, an error, or nobody waits any more."""
        self._out.pop(call, None)

    def failed(self, now: float, fault: Fault = Fault.UNREACHABLE) -> None:
        """The cloud did not answer, or with an error."""
        if fault is Fault.SLOW:
            self._latency = deadline.observed(self._latency, float("inf"), now=now)
        if fault is Fault.FOREIGN:
            self._step(Event.FOREIGN, now)
        else:
            self._step(Event.FAILURE if TABLE[fault].way else Event.SUCCESS, now)

    def succeeded(self, now: float, took_s: float | None = None) -> None:
        """The cloud answered, whatever it said; `took_s` where that was an answer to a request."""
        self._barred_until = 0.0
        self._heard = now
        self._step(Event.SUCCESS, now)
        if took_s is not None:
            self._latency = deadline.observed(self._latency, took_s, now=now)

    def costs(self, now: float, metered: bool) -> None:
        """What the way out is like now."""
        if metered is not self._link.metered:
            self._step(Event.COSTLY if metered else Event.FREE, now)

    def bar(self, until: float) -> None:
        """The cloud and this device refuse each other: nothing goes out before `until`."""
        self._link = link.abandon(self._link)
        self._barred_until = until

    def probe_due(self, now: float) -> bool:
        """Whether it is time for a trial without content, or a bar has just ended."""
        if now < self._barred_until:
            return False
        return self._barred_until > 0 or link.trial_due(self._link, now=now)

    def worth_waiting(self, left_s: float, now: float, *, has_answer: bool) -> float:
        """See `edge.routing.deadline`."""
        return deadline.worth_waiting(left_s, self._expected(now), has_answer=has_answer)

    def signal(self, now: float, left_s: float) -> LinkSignal:
        """The link as the plan sees it. From any thread."""
        return LinkSignal(
            health=self._link.health,
            open=not self._link.closed and now >= self._barred_until,
            metered=self._link.metered,
            metered_sends=self._ration.sends,
            metered_left=self._ration.left() if self._link.metered else None,
            expected_s=self._expected(now),
            left_s=left_s,
        )

    def _expected(self, now: float) -> float | None:
        """Finite: JSON has no word for ever, and a day is for ever here."""
        silent = [began for began in tuple(self._out.values()) if began > self._heard]
        open_s = now - min(silent) if silent else None
        found = deadline.expected(self._latency, now=now, patience=self._patience, open_s=open_s)
        return None if found is None else min(found, _FOR_EVER_S)

    def _step(self, event: Event, now: float) -> None:
        self._link = link.step(self._link, event, now=now, habits=self._habits, draw=self._dice())
