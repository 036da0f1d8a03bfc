"""Carries out what the state table says: one event at a time, the journal first, then the effects.

Nothing here decides; `machine.step` does. What goes wrong in an effect becomes a `Failed` event with a closed fault.
"""

from __future__ import annotations

import asyncio
import errno
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, assert_never

from edge.update import machine as m
from edge.update.fetch import fetch_generation
from edge.update.journal import JournalStore, decode, encode
from edge.update.slots import Slot, Slots, generation_of
from tidegate.clock import Clock
from tidegate.errors import Broken, Exhausted, TidegateError, Unreachable
from tidegate.fs import require_free
from tidegate.ids import DeviceId, ReleaseId
from tidegate.logs import Log
from tidegate.signing.manifest import Manifest
from tidegate.updates import Blobs, Desired, Fault, Progress, Reported, UpdateState

_LOG = Log("edge.update")
_SLOWEST_RETRY_S = 300.0
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class ModelSlot(Protocol):
    """The place of the model that answers."""

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the weights that answer now; empty without a model."""
        ...

    async def switch(self, path: Path, release: str) -> None:
        """Puts the weights at `path` in place. Raises when they do not answer a smoke prompt: the old ones keep serving."""
        ...


class Outbox(Protocol):
    """Where reports go. Never blocks, never raises; callable from any thread."""

    def reported(self, reported: Reported) -> None: ...

    def progress(self, progress: Progress) -> None: ...


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds. A new model is on probation for `probation` and asked every `interval`; a switch may take `switch`."""

    probation: float = 900.0
    interval: float = 5.0
    switch: float = 120.0


@dataclass(frozen=True, slots=True)
class Tools:
    """Everything an update uses, chosen in edge.app."""

    device: DeviceId
    journal: JournalStore
    slots: Slots
    blobs: Blobs
    judge: Callable[[ReleaseId], Manifest]  # blocks
    probe: Callable[[Path], Awaitable[Fault]]
    model: ModelSlot
    answers: Callable[[], Awaitable[bool]]  # whether the model in place answers a smoke prompt now
    embedded: Path | None  # weights of the model that ships with the device
    outbox: Outbox
    clock: Clock
    random: Callable[[], float]
    pace: Pace = Pace()


def boot_slot(slots: Slots, journal: JournalStore) -> Slot | None:
    """The committed generation to start the daemon with, its files checked; None: the embedded model. Never raises."""
    try:
        content = journal.load()
        if content is not None:
            running = decode(content).running
            return slots.slot(running) if running.digest else None
    except (TidegateError, OSError):
        _LOG.warning("update_journal_unusable")
    return slots.bootable()


@dataclass(frozen=True, slots=True)
class _Order:
    assigned: m.Assigned
    taken: Callable[[], None]


class UpdateAgent:
    """One per daemon. `serving` is the generation that the daemon loaded at its start."""

    def __init__(self, tools: Tools, serving: m.Generation) -> None:
        self._tools = tools
        self._serving = serving
        self.update = _opened(tools.journal, serving)
        self._events: asyncio.Queue[m.Event | _Order | None] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()

    def offer(self, desired: Desired, taken: Callable[[], None] = lambda: None) -> None:
        """Takes an assignment, from any thread. `taken` is called once it is in the journal."""
        self._put(_Order(m.Assigned(desired, self._tools.device), taken))

    def report(self) -> None:
        """Says where the update stands, soon; from any thread (after each connect)."""
        self._put(None)

    async def run(self) -> None:
        """Works until cancelled. An effect that was cut off runs again at the next start."""
        todo: deque[m.Event] = deque([m.Booted()])
        while True:
            event = todo.popleft() if todo else await self._events.get()
            match event:
                case None:
                    self._report()
                case _Order(assigned, taken):
                    todo.extend(await self._take(assigned, taken))
                case _:
                    todo.extend(await self._take(event))

    async def _take(self, event: m.Event, taken: Callable[[], None] = lambda: None) -> list[m.Event]:
        update, effects = m.step(self.update, event)
        if update != self.update:
            try:
                await asyncio.to_thread(self._tools.journal.save, encode(update))
            except Exhausted:
                _LOG.error(
                    "no room for the journal of updates; trying again in 30 s, the running model is not touched"
                )
                self._loop.call_later(30.0, self._events.put_nowait, event)
                return []
            if update.fault is not self.update.fault and update.fault is not Fault.NONE:
                _log_fault(update)
            self.update = update
        taken()
        results = [await self._perform(effect) for effect in effects]
        return [result for result in results if result is not None]

    async def _perform(self, effect: m.Effect) -> m.Event | None:
        state = self.update.state
        try:
            return await self._effect(effect)
        except TidegateError as e:
            return m.Failed(state, fault_from(e))
        except OSError as e:
            return m.Failed(state, Fault.NO_SPACE if e.errno in _FULL else Fault.MALFORMED)
        except Exception as e:  # noqa: BLE001  boundary: an update must never take the daemon down with it
            _LOG.error("update_defect", e, state=state)
            return m.Failed(state, Fault.MALFORMED)

    async def _effect(self, effect: m.Effect) -> m.Event | None:
        match effect:
            case m.Check(release):
                manifest = await asyncio.to_thread(self._tools.judge, release)
                self._tools.slots.begin(manifest)
                return m.Checked(generation_of(manifest))
            case m.Reserve(generation):
                require_free(self._tools.slots.folder, generation.size + generation.size // 10)
                return m.Done(UpdateState.CHECKED)
            case m.FetchFiles(generation):
                return await self._fetch(generation)
            case m.Stage(generation):
                await asyncio.to_thread(self._stage, generation)
                return m.Done(UpdateState.STAGED)
            case m.LoadTest(generation):
                return await self._load_test(generation)
            case m.Switch(generation):
                return await self._switch(generation)
            case m.Watch(generation):
                return await self._watch()
            case m.Restore(running):
                return await self._restore(running)
            case m.Commit() | m.Discard() | m.Report() | m.RetryLater():
                await self._keep_house(effect)
                return None
            case other:
                assert_never(other)

    async def _keep_house(self, effect: m.Commit | m.Discard | m.Report | m.RetryLater) -> None:
        """Effects that nothing answers."""
        match effect:
            case m.Commit(generation):
                await asyncio.to_thread(self._tools.slots.commit, generation)
            case m.Discard():
                await asyncio.to_thread(self._tools.slots.clear)
            case m.Report():
                self._report()
            case m.RetryLater(attempt, revision):
                self._loop.call_later(self._delay(attempt), self._events.put_nowait, m.RetryDue(revision))
            case other:
                assert_never(other)

    async def _fetch(self, generation: m.Generation) -> m.Event:
        slots, blobs = self._tools.slots, self._tools.blobs
        manifest = slots.manifest(generation)

        def tell(percent: int) -> None:
            self._tools.outbox.progress(self._progress(percent))

        await asyncio.to_thread(fetch_generation, blobs, manifest, slots.incoming(manifest), tell)
        return m.Done(UpdateState.FETCHING)

    def _stage(self, generation: m.Generation) -> None:
        self._tools.slots.stage(self._tools.slots.manifest(generation))

    async def _load_test(self, generation: m.Generation) -> m.Event:
        slot = await asyncio.to_thread(self._tools.slots.slot, generation)
        fault = await self._tools.probe(slot.model)
        state = UpdateState.LOADTEST
        return m.Done(state) if fault is Fault.NONE else m.Failed(state, fault)

    async def _switch(self, generation: m.Generation) -> m.Event:
        """Hashes the files once more on the way in: what was tested is what is loaded."""
        path = await self._weights(generation)
        if path is None or not await self._put_in_place(path, generation):
            return m.Failed(UpdateState.SWITCHING, Fault.SWITCH_FAILED)
        return m.Done(UpdateState.SWITCHING)

    async def _watch(self) -> m.Event:
        pace, clock = self._tools.pace, self._tools.clock
        end = clock.mono() + pace.probation
        while True:
            if not await self._tools.answers():
                return m.Failed(UpdateState.PROBATION, Fault.PROBATION_FAILED)
            left = end - clock.mono()
            if left <= 0:
                return m.Done(UpdateState.PROBATION)
            await asyncio.sleep(min(pace.interval, left))

    async def _restore(self, running: m.Generation) -> m.Event:
        if self._serving == running:
            return m.Done(UpdateState.ROLLBACK)
        path = await self._weights(running)
        if path is None or not await self._put_in_place(path, running):
            return m.Failed(UpdateState.ROLLBACK, Fault.SWITCH_FAILED)
        return m.Done(UpdateState.ROLLBACK)

    async def _weights(self, generation: m.Generation) -> Path | None:
        """The checked weights of a generation; of the embedded one, those that came with the device."""
        if not generation.digest:
            return self._tools.embedded
        return (await asyncio.to_thread(self._tools.slots.slot, generation)).model

    async def _put_in_place(self, path: Path, generation: m.Generation) -> bool:
        try:
            async with asyncio.timeout(self._tools.pace.switch):
                await self._tools.model.switch(path, generation.release)
        except Exception as e:  # noqa: BLE001  boundary: whatever a new model does, the old one keeps answering
            _LOG.warning("model_did_not_take_over", release=generation.release, error=type(e).__name__)
            return False
        self._serving = generation
        return True

    def _report(self) -> None:
        update = self.update
        self._tools.outbox.reported(
            Reported(
                revision=update.revision,
                running_release=self._serving.release,
                running_digest=self._tools.model.digest,
                state=update.state,
                last_fault=update.fault,
                at=int(self._tools.clock.now()),
                event_id=update.event_id,
            )
        )
        if update.wanted is not None:
            self._tools.outbox.progress(self._progress(100 if update.state in m.RESTING else 0))

    def _progress(self, percent: int) -> Progress:
        update = self.update
        wanted = update.wanted or self._serving.release
        return Progress(update.revision, wanted, update.state, percent, update.fault, update.event_id)

    def _delay(self, attempt: int) -> float:
        """Seconds, with full jitter, so that a fleet does not come back all at once."""
        return self._tools.random() * min(_SLOWEST_RETRY_S, 2.0 ** min(attempt, 9))

    def _put(self, event: _Order | None) -> None:
        self._loop.call_soon_threadsafe(self._events.put_nowait, event)


def fault_from(error: TidegateError) -> Fault:
    """The closed fault of an error: its own word when it is one, else by what the error means."""
    if error.code in set(Fault):
        return Fault(error.code)
    match error:
        case Unreachable():
            return Fault.TRANSPORT
        case Exhausted():
            return Fault.NO_SPACE
        case _:
            return Fault.MALFORMED


def _opened(journal: JournalStore, serving: m.Generation) -> m.Update:
    """The journalled update; what the daemon really loaded is what counts as running.

    A damaged journal is begun anew, and said so: orders are only hints, so losing them costs a repeated order.
    """
    content = journal.load()
    if content is None:
        return m.Update(running=serving)
    try:
        update = decode(content)
    except Broken as e:
        _LOG.error("update_journal_begun_anew", e)
        return m.Update(running=serving, fault=Fault.MALFORMED)
    return (
        update if update.running == serving else replace(update, running=serving, fault=Fault.HASH_MISMATCH)
    )


def _log_fault(update: m.Update) -> None:
    tell = _LOG.error if update.fault.is_trust else _LOG.warning
    tell("update_refused", release=update.wanted, reason=update.fault, state=update.state)
