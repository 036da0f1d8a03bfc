"""What time it is for deciding that something is past its time: a wall clock that jumps ahead ages nothing.

What is kept carries the wall clock's time, and a wrong clock (an empty battery, a wrong time server) would end a week's waiting in a
moment. So a jump ahead of what passed on the monotonic clock is not believed until as much time as things are kept has really
passed: by then everything from before the jump is past its time anyway. What the clock said when the process began is believed.
A machine that slept looks the same, and keeps things longer.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tidegate.clock import Clock
from tidegate.logs import Log

SLACK_S = 60.0  # between two looks: a clock that is being corrected drifts, it does not jump


@dataclass(frozen=True, slots=True)
class Seen:
    """The last look at both clocks; how far the wall clock is ahead of what is believed, and since when (monotonic)."""

    wall: float
    mono: float
    ahead: float = 0.0
    since: float = 0.0

    @property
    def believed(self) -> float:
        """Seconds since 1970 by which things age. Never after the wall clock."""
        return self.wall - self.ahead


def look(last: Seen, wall: float, mono: float, hold_s: float) -> tuple[Seen, float]:
    """The next look, and by how many seconds the wall clock jumped (0: it did not). Pure.

    A jump ahead is believed when it has stood for `hold_s`; a jump back is believed at once, and takes off what was ahead.
    """
    jumped = (wall - last.wall) - (mono - last.mono)
    if abs(jumped) <= SLACK_S:
        jumped = 0.0
    ahead = max(0.0, last.ahead + jumped)
    since = mono if jumped > 0 else last.since
    if mono - since >= hold_s:
        ahead = 0.0
    return Seen(wall, mono, ahead, since), jumped


@dataclass(slots=True)
class Ageing:
    """The rule over a clock. Each owner has its own, and looks more often than its clock may drift by the slack."""

    clock: Clock = field(repr=False)
    log: Log = field(repr=False)
    _seen: Seen = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._seen = Seen(self.clock.now(), self.clock.mono())

    def now(self, hold_s: float) -> float:
        """The moment by which what is kept for up to `hold_s` seconds may be past its time. Logs each jump."""
        self._seen, jumped = look(self._seen, self.clock.now(), self.clock.mono(), hold_s)
        if jumped:
            self.log.warning("clock_jumped", seconds=round(jumped))
        return self._seen.believed
