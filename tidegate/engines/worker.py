"""The engine thread: everything native happens here, one step after another, for all slots at once.

What to compute is decided in `tidegate.engines.schedule` and who is next in `tidegate.engines.line`; this file acts. A
request that nobody wants any more leaves its slot before the next step.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from tidegate.clock import Clock, SystemClock
from tidegate.engines.line import Line, Waiting, retry_after
from tidegate.engines.native import Context, Weights
from tidegate.engines.schedule import SPLIT, Place, Seat, choose, company, plan
from tidegate.engines.seats import Seats, Slot, Tally
from tidegate.engines.shelf import Prefix, Shelf, Tokens
from tidegate.errors import Broken, Exhausted, TidegateError

if TYPE_CHECKING:
    from tidegate.engines.score import Logits


class Work(Protocol):
    """What runs in a slot: shown the logits after everything fed so far, it says which tokens to feed next."""

    def take(self, logits: Logits, best: int) -> Sequence[int]:
        """The logits are a view, good during the call; `best` is the first of the highest. Nothing to feed: the work is done."""
        ...


@dataclass(eq=False, slots=True)
class Errand:
    """Work, the prompt it begins with, whose it is, and whom to tell.

    `begin` makes the work, `done` gets the number of prompt tokens that had been there already, or `failed` the reason;
    `end` frees what it holds, whatever happened. All four are called on the engine thread.
    It waits for a slot until `until`; at `due` it is done, with what there is by then, and `overdue`. One that is `ahead` only
    reads: whoever comes with the same prompt goes on in its place.
    """

    prompt: Prefix
    begin: Callable[[], Work]
    done: Callable[[int], None]
    failed: Callable[[TidegateError], None]
    end: Callable[[], None] = lambda: None
    application: str = ""
    cost: int = 1
    until: float = float("inf")
    due: float = float("inf")
    ahead: bool = False
    cancelled: bool = False
    overdue: bool = False


def failure(error: Exception) -> Broken:
    """A defect, as whoever asked is told of it."""
    told = Broken(f"the model failed ({type(error).__name__})", code="model_failed")
    told.__cause__ = error
    return told


class _Taken:
    """A slot at work."""

    def __init__(self, errand: Errand, at: Place, began: float) -> None:
        self.errand, self.slot, self.began = errand, at.slot, began
        self.work: Work | None = None
        self.fed_at = 0
        self.waits_for: _Taken | None = None
        self.found(at.usable)

    @property
    def writes(self) -> bool:
        """Whether its prompt is read, and one token is to be fed."""
        return self.work is not None and len(self.pending) == 1

    def found(self, usable: int) -> None:
        """So many tokens of the prompt are there; the others are to be fed."""
        self.pending: Sequence[int] | Tokens = self.errand.prompt.tokens[usable:]
        self.reused = usable
        self.kept = usable >= self.errand.prompt.head  # a head that was there already need not be kept again


def _slots(shelf: Shelf, taken: Mapping[int, _Taken]) -> tuple[Slot, ...]:
    found = []
    for one in shelf.all:
        at = taken.get(one.number)
        left = len(at.pending) if at is not None and at.work is None else 0
        found.append(Slot(one.length, at is not None, left > 0, left, one.spare))
    return tuple(found)


def _reading(taken: Mapping[int, _Taken]) -> dict[int, Prefix | None]:
    """The slots at work, with the prompts of those that are still being read."""
    return {slot: one.errand.prompt if len(one.pending) > 1 else None for slot, one in taken.items()}


def _counted(tally: Tally, taken: _Taken) -> Tally:
    """With a request that is done; what was read ahead counts with whoever goes on from it."""
    if taken.errand.ahead:
        return tally
    return tally.counted(len(taken.errand.prompt.tokens), taken.reused)


class Worker:
    """One thread over one context. `submit` from any event loop; `stop` once."""

    def __init__(
        self,
        context: Context,
        weights: Weights,
        threads: int,
        *,
        spares: int,
        queued: int,
        clock: Clock | None = None,
    ) -> None:
        """The last `spares` sequences of the context only keep prefixes; the others are slots."""
        self._context, self._clock, self._pairs = context, clock or SystemClock(), weights.pairs
        self._split_from = SPLIT if threads > 1 and weights.forgets else context.size
        self._shelf = Shelf(context, spares=spares, forgets=weights.forgets)
        self.slots = self._shelf.slots
        self._taken: dict[int, _Taken] = {}
        self._line, self._errands = Line(), dict[int, Errand]()
        self._steps = self._arrivals = 0
        self._mean_s = 1.0
        self._tally = Tally()
        self._most, self._accepted, self._lock = self.slots + queued, 0, threading.Lock()
        self._inbox: queue.SimpleQueue[Errand | None] = queue.SimpleQueue()
        self._closing = False
        self._thread = threading.Thread(target=self._serve, name="tidegate-engine", daemon=True)
        self._thread.start()

    @property
    def accepted(self) -> int:
        """Requests at work or waiting."""
        return self._accepted

    def seats(self) -> Seats:
        """A look from another thread: nothing waits for it, so numbers may be of neighbouring steps."""
        slots, most = _slots(self._shelf, dict(self._taken)), self._most - self.slots
        waiting = max(0, self._accepted - sum(one.busy for one in slots))
        return Seats(self._context.size, slots, waiting, most, self._tally)

    def submit(self, errand: Errand) -> None:
        """Raises Exhausted (429, with the seconds after which to try again) when as many wait as may."""
        with self._lock:
            if self._accepted >= self._most:
                raise self._busy("the model on this device has a full queue")
            self._accepted += 1
        self._inbox.put(errand)

    def stop(self) -> None:
        """Finishes what was accepted; blocks until then."""
        self._inbox.put(None)
        self._thread.join()

    def _busy(self, message: str) -> Exhausted:
        ahead = max(1, self._accepted - self.slots)
        seconds = retry_after(ahead, self.slots, self._mean_s)
        return Exhausted(message, code="engine_busy", status=429, retry_after_s=seconds)

    # ------------------------------------------------------------------------------------------------ on the thread

    def _serve(self) -> None:
        while self._gather():
            self._drop()
            self._admit()
            if self._taken:
                self._step()

    def _gather(self) -> bool:
        """Takes in what has arrived; waits for it when there is nothing else to do. False at the end."""
        idle = not self._taken and not self._line.waiting
        while idle or not self._inbox.empty():
            if idle and self._closing:
                return False
            errand = self._inbox.get()
            if errand is None:
                self._closing = True
                continue
            idle = False
            self._arrivals += 1
            self._errands[self._arrivals] = errand
            self._line = self._line.joined(
                Waiting(self._arrivals, errand.application, errand.cost, errand.until)
            )
        return True

    def _drop(self) -> None:
        """Lets go of whoever hung up, of those whose time is over, and of those who waited too long."""
        now = self._clock.mono()
        for taken in tuple(self._taken.values()):
            if taken.errand.cancelled:
                self._leave(taken)
            elif taken.errand.due < now:
                taken.errand.overdue = True
                self._finish(taken)
        if not self._line.waiting:
            return
        self._line, gone = self._line.without(
            lambda one: self._errands[one.number].cancelled or one.until < now
        )
        for one in gone:
            errand = self._errands.pop(one.number)
            errand.failed(self._busy("the request waited too long for the model on this device"))
            self._release(errand)

    def _admit(self) -> None:
        while len(self._taken) < self.slots and (found := self._line.served()) is not None:
            self._line, first = found
            errand = self._errands.pop(first.number)
            if self._goes_on(errand):
                continue
            at = choose(tuple(self._shelf.holders(errand.prompt, _reading(self._taken))))
            if at is not None:
                self._seat(errand, at)

    def _goes_on(self, errand: Errand) -> bool:
        """Whether its prompt was being read ahead; it goes on from there."""
        for taken in self._taken.values():
            known = taken.errand
            same = known.prompt.head == errand.prompt.head
            if known.ahead and same and np.array_equal(known.prompt.tokens, errand.prompt.tokens):
                taken.errand, taken.began = errand, self._clock.mono()
                self._release(known)
                return True
        return False

    def _seat(self, errand: Errand, at: Place) -> None:
        taken = _Taken(errand, at, self._clock.mono())
        if at.ready:
            taken.found(self._shelf.prepare(at, errand.prompt, self._steps))
        else:
            taken.waits_for = self._taken[at.source]
        self._taken[at.slot] = taken

    def _step(self) -> None:
        self._steps += 1
        if all(taken.writes for taken in self._taken.values()):
            self._write(tuple(sorted(self._taken)))  # what `plan` would say; most steps are such
            return
        self._wake()
        step = plan([self._shown(taken) for taken in self._taken.values()], self._context.room)
        if step.write:
            self._write(step.write)
        if step.read >= 0 and step.read in self._taken:
            self._read(self._taken[step.read], step.count)

    def _shown(self, taken: _Taken) -> Seat:
        place, waits = self._shelf.all[taken.slot].length, taken.waits_for is not None
        return Seat(taken.slot, place, len(taken.pending), taken.errand.prompt.head, taken.fed_at, waits)

    def _wake(self) -> None:
        """Those who waited for a prefix copy it as soon as it is there, or read it themselves when it will not come."""
        for taken in self._taken.values():
            leader = taken.waits_for
            if leader is None:
                continue
            prompt, source = taken.errand.prompt, self._shelf.all[leader.slot]
            alike, usable = self._shelf.held(leader.slot, prompt)
            if self._taken.get(leader.slot) is leader and alike == source.length and len(leader.pending) > 1:
                continue  # all of it is ours so far, and there is more to come
            taken.waits_for = None
            at = Place(taken.slot, usable, source.number if usable else -1)
            taken.found(self._shelf.prepare(at, prompt, self._steps))

    def _write(self, slots: tuple[int, ...]) -> None:
        fed = {slot: int(self._taken[slot].pending[0]) for slot in slots}
        lengths = self._shelf.lengths
        alone = self._pairs or max(lengths[slot] for slot in slots) >= self._split_from
        extra = company(slots, lengths, self._context.size) if alone else ()
        together = sorted((*slots, *extra)) if extra else slots
        try:
            self._context.step(together, [fed.get(s, 0) for s in together], [lengths[s] for s in together])
        except Broken as error:
            for slot in slots:
                self._fail(self._taken[slot], error)
            return
        rows = self._context.rows(len(together))
        best = rows.argmax(axis=1).tolist()
        for index, slot in enumerate(together):
            if slot in fed:
                self._shelf.all[slot].add(fed[slot], 1)
                self._show(self._taken[slot], rows[index], best[index])
        for slot in extra:
            self._context.cut(slot, lengths[slot])

    def _read(self, taken: _Taken, count: int) -> None:
        sequence, piece = self._shelf.all[taken.slot], np.asarray(taken.pending[:count], np.int32)
        last = count == len(taken.pending)
        taken.fed_at = self._steps
        try:
            self._context.read(sequence.number, sequence.length, piece, look=last)
        except Broken as error:
            self._fail(taken, error)
            return
        sequence.add(piece, count)
        taken.pending = taken.pending[count:]
        if not taken.kept and sequence.length >= taken.errand.prompt.head:
            taken.kept = True
            self._shelf.keep(taken.slot, taken.errand.prompt.head, self._steps)
        if last:
            row = self._context.row(count - 1)
            self._show(taken, row, int(row.argmax()))

    def _show(self, taken: _Taken, logits: Logits, best: int) -> None:
        """Shows a piece of work its logits; what it wants fed next is put into its place."""
        try:
            if taken.work is None:
                taken.work = taken.errand.begin()
            wanted = taken.work.take(logits, best)
            if len(wanted):
                taken.pending = wanted
                return
        except TidegateError as error:
            self._leave(taken, error)
        except Exception as error:  # noqa: BLE001  boundary: the thread must outlive any one request
            self._leave(taken, failure(error))
        else:
            seconds = self._clock.mono() - taken.began
            self._mean_s += 0.1 * (seconds - self._mean_s)
            self._finish(taken)

    def _finish(self, taken: _Taken) -> None:
        """Hands over what there is."""
        try:
            if taken.work is None:
                taken.work = taken.errand.begin()
            taken.errand.done(taken.reused)
            self._tally = _counted(self._tally, taken)
        except TidegateError as error:
            self._leave(taken, error)
        else:
            self._leave(taken)

    def _fail(self, taken: _Taken, error: Broken) -> None:
        """A step could not be computed: what its sequence holds is not known any more."""
        self._shelf.forget(taken.slot)
        self._leave(taken, error)

    def _leave(self, taken: _Taken, error: TidegateError | None = None) -> None:
        """Frees the slot; what its sequence holds stays for whoever begins alike."""
        del self._taken[taken.slot]
        self._shelf.all[taken.slot].used_at = self._steps
        if error is not None:
            taken.errand.failed(error)
        self._release(taken.errand)

    def _release(self, errand: Errand) -> None:
        errand.end()
        with self._lock:
            self._accepted -= 1
