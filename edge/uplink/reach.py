"""The link to the cloud as the courier uses it: the table of edge.routing.link, its present state, and the bar for refused identities."""

from __future__ import annotations

from edge.routing import link
from edge.routing.link import Event, Habits, Health, Link


class Reach:
    """Moments are monotonic seconds."""

    def __init__(self, probe_s: float = 2.0) -> None:
        self._habits = Habits(first_trial_s=probe_s)
        self._link = Link()
        self._barred_until = 0.0

    def up(self, now: float) -> bool:
        """Whether an escalation may go out without a trial first."""
        return self._link.health is not Health.DOWN and now >= self._barred_until

    def failed(self, now: float) -> None:
        """The cloud did not answer."""
        self._link = link.step(self._link, Event.FAILURE, now=now, habits=self._habits)

    def succeeded(self, now: float) -> None:
        """The cloud answered, whatever it said."""
        self._barred_until = 0.0
        self._link = link.step(self._link, Event.SUCCESS, now=now, habits=self._habits)

    def bar(self, until: float) -> None:
        """The cloud and this device refuse each other: nothing goes out before `until`."""
        self._barred_until = until

    def probe_due(self, now: float) -> bool:
        """Whether it is time for a trial: the link is down, or a bar has just ended."""
        if now < self._barred_until:
            return False
        return self._barred_until > 0 or (
            self._link.health is Health.DOWN and link.may_use(self._link, now=now)
        )

    @property
    def barred(self) -> bool:
        return self._barred_until > 0
