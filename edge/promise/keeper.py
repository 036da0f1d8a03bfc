"""Keeps the promise: judges drafts by its threshold, counts what was kept, hears verdicts, tightens and raises the alarm.

Rule 1: a threshold is only lowered by a new fit: other outcomes that came with a model. Restarts, settings and time do not.
Rule 2: an alarm and each verdict are on disk before anything is done about them. Answers that nobody checked are saved EVERY so
many: a power cut costs at most these of the count. Use from one event loop.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec

from edge.device_key import DeviceKey
from edge.promise.giving_up import watcher
from edge.promise.judgement import Judgement, Line, Signals
from edge.promise.lines import Promises
from edge.promise.stand import Stand
from edge.promise.verdict import Found, claims
from edge.store.promises import Check, Event, Happened, Judged, Origin, Outcome, PromiseStore, Watching
from tidegate.clock import Clock
from tidegate.engines.port import Draft, GivesUp
from tidegate.errors import TidegateError
from tidegate.ids import RequestId
from tidegate.logs import Log
from tidegate.risk.calibrate import Calibration
from tidegate.risk.monitor import Answered, Effect, Heard, Slip, State, Watch, begin, drawn, step
from tidegate.risk.promise import ESCALATE_ALL
from tidegate.risk.task import Task
from tidegate.risk.terms import Terms, terms

if TYPE_CHECKING:
    from edge.ports import Request

EVERY = 32
_EVENTS = 1000  # looked at for what happened last


@dataclass(frozen=True, slots=True)
class Stance:
    """What the operator set. `audit`: the chance that a kept answer is checked. `at_least`: a threshold beside the promise,
    which can only make it stricter."""

    promises: Promises
    audit: float = 0.0
    at_least: float = 0.0


@dataclass(frozen=True, slots=True)
class Standing:
    """A line as it stands: on which terms it was begun, and its watch."""

    line: Line
    terms: Terms
    saved: Watching
    watch: Watch


class Keeper:
    """`calibration`: that of the model in use, which changes with it. `draw`: a number from 0 up to 1, by chance."""

    def __init__(
        self,
        stance: Stance,
        store: PromiseStore,
        calibration: Callable[[], Calibration | None],
        *,
        key: DeviceKey,
        clock: Clock,
        draw: Callable[[], float],
    ) -> None:
        self._promises, self._store, self._calibration = stance.promises, store, calibration
        self._key, self._audit, self._at_least = key, stance.audit, stance.at_least
        self._clock, self._draw = clock, draw
        self._standing: dict[str, Standing] = {}
        self._made_for: Calibration | None = None
        self._alarms = 0
        self._stopped: set[str] | None = None  # lines whose audits have stopped
        self._log = Log("edge.promise")

    def restate(self, stance: Stance) -> None:
        """What the operator has set anew, in flight: watches go on as after a restart, and words relax none of them."""
        try:
            self.close()
        except (
            TidegateError
        ) as error:  # a full disk: as after a power cut, at most EVERY of each count are missing
            self._log.error("counts_not_saved", error)
        self._standing.clear()
        self._promises, self._audit, self._at_least = stance.promises, stance.audit, stance.at_least

    @property
    def alarms(self) -> int:
        """Since the start of this program."""
        return self._alarms

    @property
    def calibration(self) -> Calibration | None:
        return self._calibration()

    def claims(self, draft: Draft) -> bytes:
        """See `edge.ports.PromiseKeeper`."""
        return claims(self._key, draft.text, draft.tool_calls)

    def judge(self, request: Request, signals: Signals, *, claims: bytes = b"") -> Judgement | None:
        """The verdict on a draft under the promise of its request; None where nothing was promised."""
        stand = self.stand(request.application, signals.task)
        return None if stand is None else stand.judge(signals, claims=claims)

    def stand(self, application: str, task: Task) -> Stand | None:
        """How the promise of such a request stands; None where nothing was promised."""
        line = self.line(application, task)
        if line is None:
            return None
        now = self.standing(line)
        return Stand(line, now.terms, now.watch.state, max(now.watch.keep_at, self._at_least))

    def line(self, application: str, task: Task) -> Line | None:
        """The line under which such a request falls; None where nothing was promised."""
        return self._promises.line(application, task)

    def giving_up(self, request: Request, keep_at: float) -> Callable[[Mapping[str, float]], GivesUp] | None:
        """See `edge.promise.giving_up`; `keep_at` applies where nothing was promised."""
        stand = self.stand(request.application, Task.CALLS)
        keep_at = keep_at if stand is None else stand.keep_at
        return watcher(request.prompt, self._calibration(), keep_at, self._draw)

    def standing(self, line: Line) -> Standing:
        """The line as it stands, begun anew when the model came with other outcomes."""
        calibration = self._calibration()
        if calibration is not self._made_for:
            self._standing.clear()
            self._made_for = calibration
        found = self._standing.get(line.key)
        if found is None:
            found = self._standing[line.key] = self._opened(line, terms(calibration, line.task, line.promise))
        return found

    def standings(self) -> tuple[Standing, ...]:
        """All lines that were promised."""
        return tuple(self.standing(line) for line in self._promises.lines())

    def kept(self, judged: Judgement) -> Slip | None:
        """Counts an answer that was kept; what is staked on it when chance has drawn it for an audit, else None."""
        if judged.line is None or not judged.kept:
            return None
        now = self.standing(judged.line)
        slip = drawn(now.watch) if self._draw() < self._audit else None
        saved = replace(now.saved, kept=now.saved.kept + 1, drawn=now.saved.drawn + (slip is not None))
        at_once = slip is not None or saved.kept % EVERY == 0
        self._stepped(
            replace(now, saved=saved), Answered(None, now.watch.floor, slip is not None), at_once=at_once
        )
        return slip

    def undrawn(self, line: Line) -> None:
        """An answer drawn for an audit could not be sent: it is not counted as drawn. To the watch it stays one that was right,
        which can only understate the wealth."""
        now = self.standing(line)
        self._placed(replace(now, saved=replace(now.saved, drawn=max(now.saved.drawn - 1, 0))))

    def audited(self, key: str, *, stopped: bool) -> None:
        """Audits of a line stop for want of money, or go on: written down once each. Raises Exhausted."""
        if self._stopped is None:
            self._stopped = audits_stopped(self._store.events(_EVENTS))
        line = next((one for one in self._promises.lines() if one.key == key), None)
        if line is None or stopped is (key in self._stopped):
            return
        self._happened(self.standing(line), Happened.AUDITS_STOPPED if stopped else Happened.AUDITS_RESUMED)
        (self._stopped.add if stopped else self._stopped.discard)(key)

    def heard(self, check: Check, found: Found, origin: Origin) -> None:
        """A verdict is there: kept as an outcome, and an audit's moves the watch."""
        if found is not Found.UNDECIDED:
            self._store.learned(
                Outcome(
                    f"{check.request_id}/{origin}",
                    self._clock.now(),
                    check.request_id,
                    check.line,
                    check.task,
                    check.p_right,
                    float(found is Found.WRONG),
                    origin,
                    check.chance,
                )
            )
        now = next((one for one in self._standing.values() if _watching(one) == check.watching), None)
        if now is None or not check.slip:
            return  # no audit, or one of an answer kept by a threshold that is no longer in use
        counts = replace(
            now.saved,
            right=now.saved.right + (found is Found.RIGHT),
            wrong=now.saved.wrong + (found is Found.WRONG),
            undecided=now.saved.undecided + (found is Found.UNDECIDED),
        )
        if found is Found.UNDECIDED:
            self._placed(replace(now, saved=counts))
            return
        slip = msgspec.json.decode(check.slip, type=Slip)
        self._stepped(replace(now, saved=counts), Heard(float(found is Found.WRONG), slip))

    def told(self, judged: Judgement, request: Request) -> None:
        """Writes a judgement down. A full disk costs the line, not the answer."""
        row = Judged(
            request.request_id,
            self._clock.now(),
            request.application,
            judged.line.key if judged.line is not None else "",
            judged.signals.task,
            judged.signals.p_right,
            judged.keep_at,
            judged.ground,
            int(judged.kept),
            msgspec.json.encode(judged.told()).decode(),
        )
        try:
            self._store.judged(row)
        except TidegateError as error:
            self._log.error("judgement_lost", error, request=request.request_id)

    def check(
        self, asked_id: RequestId, request_id: RequestId, judged: Judgement, slip: Slip | None = None
    ) -> Check:
        """A check of a judged draft, on disk when this returns; with a slip, an audit of a kept answer. Raises Exhausted."""
        line, audit = judged.line, slip is not None
        made = Check(
            asked_id,
            request_id,
            self._clock.now(),
            _watching(self.standing(line)) if audit and line is not None else "",
            line.key if line is not None else "",
            judged.signals.task,
            judged.signals.p_right,
            self._audit if audit else 1.0,
            judged.claims,
            msgspec.json.encode(slip).decode() if slip is not None else "",
        )
        self._store.open(made)
        return made

    def _opened(self, line: Line, found: Terms) -> Standing:
        """The line's watch as it was left, or a fresh one. A promise that was stated anew keeps its alarm."""
        id_ = watching_id(line, found)
        saved = self._store.watching(id_)
        fresh = _fresh(line, found, self._audit)
        if saved is None:
            before = next((one for one in self._store.watches() if one.line == line.key), None)
            made = Standing(
                line, found, Watching(id_, line.key, found.made_from, "", self._clock.now()), fresh
            )
            placed = self._placed(made)
            self._happened(placed, Happened.NEW_FIT if before is not None else Happened.BEGUN)
            return placed
        return Standing(line, found, saved, left(saved, line, found, self._audit))

    def close(self) -> None:
        """Saves what was counted since the last time."""
        for now in list(self._standing.values()):
            self._placed(now)

    def _stepped(self, now: Standing, event: Answered | Heard, *, at_once: bool = True) -> None:
        watch, effects = step(now.watch, event)
        if not effects and not at_once:
            self._standing[now.line.key] = replace(now, watch=watch)
            return
        placed = self._placed(replace(now, watch=watch))
        if Effect.RAISE_ALARM in effects:
            self._alarms += 1
            self._happened(placed, Happened.ALARM, seen=_seen(now.watch))
            self._log.error("promise_broken", kind=now.line.task, state=watch.state, alert="promise")

    def _placed(self, now: Standing) -> Standing:
        saved = replace(now.saved, watch=msgspec.json.encode(now.watch).decode(), at=self._clock.now())
        placed = replace(now, saved=saved)
        self._store.save(saved)
        self._standing[now.line.key] = placed
        return placed

    def _happened(self, now: Standing, what: Happened, *, seen: float = 0.0) -> None:
        watch = now.watch
        self._store.happened(
            Event(self._clock.now(), now.line.key, what, str(watch.state), watch.keep_at, seen)
        )


def watching_id(line: Line, found: Terms) -> str:
    """Names the watch of a line under the outcomes it was tested on."""
    return f"{line.key}|{found.made_from}"


def left(saved: Watching, line: Line, found: Terms, audit: float) -> Watch:
    """A watch as it goes on from disk under the promise and the share of audits that are stated now."""
    watch, fresh = msgspec.json.decode(saved.watch, type=Watch), _fresh(line, found, audit)
    same = (watch.promise, watch.floor) == (fresh.promise, fresh.floor)
    return watch if same else carried(watch, fresh)


def _fresh(line: Line, found: Terms, audit: float) -> Watch:
    return begin(line.promise, keep_at=found.keep_at, tighter=found.tighter, floor=max(audit, 1e-6))


def audits_stopped(events: Sequence[Event]) -> set[str]:
    """Lines whose audits have stopped, by what happened, the newest first."""
    last: dict[str, Happened] = {}
    for event in events:
        if event.what in (Happened.AUDITS_STOPPED, Happened.AUDITS_RESUMED):
            last.setdefault(event.line, event.what)
    return {line for line, what in last.items() if what is Happened.AUDITS_STOPPED}


def carried(old: Watch, fresh: Watch) -> Watch:
    """The fresh watch of a promise that was stated anew, in the state of the old one: words do not relax it."""
    match old.state:
        case State.KEEPING:
            return fresh
        case State.TIGHTENED:
            return replace(fresh, state=State.TIGHTENED, keep_at=fresh.tighter)
        case State.STOPPED:
            return replace(fresh, state=State.STOPPED, keep_at=ESCALATE_ALL)


def _watching(now: Standing) -> str:
    """Names a watch and its threshold: a slip is good for no other."""
    return f"{now.saved.id}|{now.watch.state}"


def _seen(watch: Watch) -> float:
    """The share that the audits showed when the alarm rang: the wrong one that rang it included."""
    wealth = watch.wealth
    return min((wealth.wrong + 1 / watch.floor) / max(wealth.answers, 1), 1.0)
