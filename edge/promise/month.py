"""The made-up month of `tidegate risk simulate`, kept by the keeper of a device over its real tables."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from rich.console import Console

from edge.device_key import DeviceKey
from edge.promise.judgement import Ground, Judgement, Line, Signals
from edge.promise.keeper import Keeper, Stance
from edge.promise.ledger import Sheet, drawn
from edge.promise.lines import DEVICE, Promises
from edge.promise.verdict import Found
from edge.store.promises import Check, Origin, PromiseStore
from edge.store.schema import open_durable, open_journal
from tidegate.clock import FixedClock, SystemClock
from tidegate.ids import RequestId
from tidegate.risk.calibrate import Calibration, Curve
from tidegate.risk.held_out import HeldOut
from tidegate.risk.monitor import State
from tidegate.risk.promise import Promise
from tidegate.risk.simulate import Day, Wanted, World, days, timeline
from tidegate.risk.task import Task
from tidegate.risk.terms import terms

_FLAT = Curve((), (), (), (), 0.0, (), ())


class DeviceKeeping:
    """Implements `tidegate.risk.simulate.Keeping` with everything that a device uses, but for the network."""

    def __init__(self, promise: Promise, audit: float, store: PromiseStore, clock: FixedClock) -> None:
        self._line, self._store, self._clock = Line(DEVICE, Task.CALLS, promise), store, clock
        self._calibration = Calibration(_FLAT, _FLAT, 1.01, promise.wrong_at_most)
        self._next, self._count = 1.0, 0
        self._out: deque[Check] = deque()
        stance = Stance(Promises(promise), audit)
        self._keeper = Keeper(
            stance, store, lambda: self._calibration, key=DeviceKey(bytes(32)), clock=clock, draw=self._draw
        )

    @property
    def state(self) -> State:
        return self._keeper.standing(self._line).watch.state

    @property
    def keep_at(self) -> float:
        return self._keeper.standing(self._line).watch.keep_at

    @property
    def seen(self) -> float:
        return self._keeper.standing(self._line).watch.wealth.estimate

    def fitted(self, outcomes: HeldOut) -> None:
        self._calibration = msgspec.structs.replace(self._calibration, outcomes={str(Task.CALLS): outcomes})

    def kept(self, p_right: float, *, drawn: bool) -> None:
        self._next = 0.0 if drawn else 1.0
        self._count += 1
        self._clock.advance(60.0)
        judged = Judgement(Signals(Task.CALLS, p_right), self.keep_at, Ground.SURE_ENOUGH, self._line)
        slip = self._keeper.kept(judged)
        if slip is not None:
            name = f"{self._count:08}"
            asked, own = RequestId(f"req_asked_{name}"), RequestId(f"req_kept_{name}")
            self._out.append(self._keeper.check(asked, own, judged, slip))

    def heard(self, *, wrong: bool) -> None:
        check = self._out.popleft()
        self._store.closed(check.asked_id)
        self._keeper.heard(check, Found.WRONG if wrong else Found.RIGHT, Origin.AUDIT)

    def sheet(self) -> Sheet:
        """The ledger's page after it."""
        self._keeper.close()
        now = self._keeper.standing(self._line)
        on = terms(self._calibration, self._line.task, self._line.promise)
        events = tuple(self._store.events(1000))
        outcomes = tuple(self._store.outcomes(self._line.key))
        return Sheet(self._line, on, now.saved, now.watch, events, outcomes)

    def _draw(self) -> float:
        return self._next


@contextmanager
def kept(promise: Promise, audit: float, begins: float) -> Iterator[DeviceKeeping]:
    """A device's keeper over tables in a folder that is deleted afterwards. `begins`: seconds since 1970 UTC."""
    with TemporaryDirectory(prefix="tidegate-month-") as folder:
        bases = (open_durable(Path(folder)), open_journal(Path(folder)))
        for base in bases:
            base.db.execute("PRAGMA synchronous = OFF")  # a made-up month need not survive a power cut
        try:
            yield DeviceKeeping(promise, audit, PromiseStore(*bases), FixedClock(begins))
        finally:
            for base in bases:
                base.close()


def told_month(wanted: str) -> str:
    """The month of `Wanted` in JSON, drawn, and the ledger after it."""
    asked = msgspec.json.decode(wanted, type=Wanted)
    month, sheet = lived(asked.world, asked.promise, asked.seed, SystemClock().now())
    console = Console(record=True, file=StringIO(), width=110)
    console.print(drawn(sheet))
    return timeline(month, asked.promise) + "\n\n" + console.export_text().rstrip()


def lived(world: World, promise: Promise, seed: int, begins: float) -> tuple[list[Day], Sheet]:
    """The month day by day, and the ledger after it."""
    with kept(promise, world.audit, begins) as keeping:
        month = list(days(world, promise, seed, keeping))
        return month, keeping.sheet()
