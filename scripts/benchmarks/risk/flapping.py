"""Traces of a link that comes and goes, run through the device's real courier in virtual time. Seeded; made-up links.

The wire is a fake that works, refuses, says nothing or answers as a stranger, by turns drawn from exponential times. Time is an
event loop's that jumps from event to event, so an hour takes a second and every wait is exact.
"""

from __future__ import annotations

import asyncio
import random
import selectors
import tempfile
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from edge import device_key
from edge.device_key import DeviceKey
from edge.ports import Delivery, Escalation, PolicyVersion, Queued, RedactedPrompt, Released, Request
from edge.routing.link import Habits
from edge.routing.plan import Why
from edge.routing.retry import Fault
from edge.uplink.carry import Carrier, Files, Terms
from edge.uplink.client import error_of
from edge.uplink.dispatch import Courier
from edge.uplink.ledger import Record
from edge.uplink.spool import Entry, Shelf
from tidegate.chat import Message, Prompt, Role, ToolChoice
from tidegate.ids import ConversationId, DeviceId, RequestId, Ticket, TraceId
from tidegate.privacy.redaction import EMPTY
from tidegate.telemetry import QuietTracer
from tidegate.wire.v1 import escalation_pb2 as pb

T = TypeVar("T")
HABITS = Habits(settle_s=5.0, first_trial_s=2.0, last_trial_s=20.0)
MEAN_S = {"works": 8.0, "refuses": 4.0, "silent": 4.0, "stranger": 3.0}


class Air(StrEnum):
    """What the link is like for a while."""

    WORKS = "works"
    REFUSES = "refuses"
    SILENT = "silent"
    STRANGER = "stranger"


BAD, RARE = (Air.REFUSES, Air.SILENT, Air.STRANGER), (4, 4, 1)


@dataclass(frozen=True, slots=True)
class Trace:
    """Moments from which on the link is so; and requests: (moment, deadline in seconds, whether the device has a draft)."""

    airs: tuple[tuple[float, Air], ...]
    asked: tuple[tuple[float, float, bool], ...]
    seed: int

    def at(self, now: float) -> Air:
        return next(air for begins, air in reversed(self.airs) if begins <= now)


@dataclass(slots=True)
class Told:
    """What a trace showed. Waits in seconds; `late`: beyond the deadline; `leaks`: sent after a stranger had answered."""

    waits: list[tuple[float, float]] = field(default_factory=list)
    answered: int = 0
    queued: int = 0
    in_vain: int = 0  # waited to the end with a draft in hand, for nothing
    calls: int = 0
    leaks: int = 0
    moves: list[float] = field(default_factory=list)

    @property
    def late(self) -> int:
        return sum(1 for waited, deadline in self.waits if waited > deadline + 1e-6)

    def hasty(self, settle_s: float) -> int:
        """Changes of the link's state that came sooner than it may change again."""
        return sum(1 for one, two in pairwise(self.moves) if two - one < settle_s - 1e-9)


def trace(seed: int, *, seconds: float = 60.0, every_s: float = 2.5) -> Trace:
    """A link of `seconds`, with a request every so often."""
    dice = random.Random(seed)
    airs: list[tuple[float, Air]] = [(0.0, dice.choice(list(Air)))]
    while airs[-1][0] < seconds:
        begins = airs[-1][0] + dice.expovariate(1 / MEAN_S[airs[-1][1]])
        airs.append(
            (
                begins,
                Air.WORKS
                if airs[-1][1] is not Air.WORKS and dice.random() < 0.7
                else dice.choices(BAD, RARE)[0],
            )
        )
    asked, now = [], 0.0
    while (now := now + dice.expovariate(1 / every_s)) < seconds:
        asked.append((now, dice.choice([1.0, 3.0, 10.0]), dice.random() < 0.7))
    return Trace(tuple(airs), tuple(asked), seed)


class _Jumping(selectors.DefaultSelector):
    """A selector that never sleeps: the time it was to sleep has passed when it returns."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found = super().select(0)
        if not found and timeout:
            self.now += timeout
        return found


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in which waiting takes no time."""

    def __init__(self) -> None:
        self.jumping = _Jumping()
        super().__init__(self.jumping)

    def time(self) -> float:
        return self.jumping.now


@dataclass
class LoopClock:
    loop: VirtualLoop

    def now(self) -> float:
        return 1_790_000_000.0 + self.loop.time()

    def mono(self) -> float:
        return self.loop.time()


def in_no_time(make: Callable[[VirtualLoop], Coroutine[None, None, T]]) -> T:
    """Runs it to its end in virtual time."""
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(make(loop))
    finally:
        loop.close()


class MemoryShelf:
    """`edge.uplink.spool.Shelf` without a disk."""

    def __init__(self) -> None:
        self._entries: dict[Ticket, Entry] = {}

    def put(self, entry: Entry) -> None:
        self._entries[entry.ticket] = entry

    save = put

    def get(self, ticket: Ticket) -> Entry | None:
        return self._entries.get(ticket)

    def find(self, request_id: RequestId, revision: int) -> Entry | None:
        wanted = (request_id, revision)
        return next((e for e in self._entries.values() if (e.request_id, e.revision) == wanted), None)

    def live(self) -> Sequence[Entry]:
        return [entry for entry in self._entries.values() if entry.live]

    def due(self, now: float, most: int, aged: float) -> Sequence[Entry]:
        return [entry for entry in self.live() if entry.next_at <= now or entry.expires_at <= aged][:most]

    def hasten(self, now: float) -> None:
        for entry in self.live():
            self._entries[entry.ticket] = replace(entry, next_at=min(entry.next_at, now))

    def unclaimed(self, application: str) -> Sequence[Entry]:
        return ()

    def pending(self, application: str) -> Sequence[Entry]:
        return ()

    def claim(self, ticket: Ticket, now: float) -> bool:
        return True


class NoBook:
    """A ledger that is not kept."""

    def append(self, record: Record) -> Record:
        return record

    def records(self) -> Iterable[Record]:
        return ()


class _Wire:
    """The cloud at the end of the trace's link."""

    def __init__(self, link: Trace, clock: LoopClock, told: Told) -> None:
        self._link, self._clock, self._told = link, clock, told
        self._dice = random.Random(link.seed + 1)
        self.watch: Callable[[], None] = lambda: None
        self.closed: Callable[[], bool] = lambda: False

    async def escalate(self, payload: bytes, *, traceparent: str, within_s: float) -> bytes:
        self._told.calls += 1
        self._told.leaks += self.closed()
        await self._through(within_s)
        reply = pb.CloudReply()
        reply.released.text = "yes"
        return reply.SerializeToString()

    async def collect(self, cloud_ticket: str, *, traceparent: str, wait_s: float) -> bytes:
        raise error_of(Fault.UNREACHABLE)

    async def probe(self) -> None:
        await self._through(3.0)

    async def close(self) -> None: ...

    async def _through(self, within_s: float) -> None:
        self.watch()
        began = self._clock.mono()
        match self._link.at(began):
            case Air.WORKS:
                await asyncio.sleep(min(self._dice.uniform(0.05, 0.5), within_s))
                if self._link.at(self._clock.mono()) is Air.WORKS:
                    return
                await asyncio.sleep(max(within_s - (self._clock.mono() - began), 0.0))
                raise error_of(Fault.SLOW)
            case Air.REFUSES:
                await asyncio.sleep(0.01)
                raise error_of(Fault.UNREACHABLE)
            case Air.STRANGER:
                await asyncio.sleep(0.05)
                raise error_of(Fault.FOREIGN)
            case Air.SILENT:
                await asyncio.sleep(within_s)
                raise error_of(Fault.SLOW)


def run(link: Trace, key: DeviceKey, habits: Habits = HABITS) -> Told:
    """The trace through a courier of its own."""
    return in_no_time(lambda loop: _run(link, key, LoopClock(loop), habits))


async def _run(link: Trace, key: DeviceKey, clock: LoopClock, habits: Habits) -> Told:
    told = Told()
    wire, shelf = _Wire(link, clock, told), MemoryShelf()
    terms = Terms(DeviceId("dev-bench-1"), b"", habits=habits, dice=random.Random(link.seed + 2).random)
    carrier = Carrier(
        wire, _files(shelf), terms, lambda _conversation, _reply: None, clock=clock, tracer=QuietTracer()
    )
    courier = Courier(carrier, shelf, key, clock, expiry_s=600.0, at_once=8)
    last = carrier.reach.link.since

    def watch() -> None:
        nonlocal last
        since = carrier.reach.link.since
        if since != last:
            told.moves.append(since)
            last = since

    wire.watch, wire.closed = watch, lambda: carrier.reach.link.closed
    background = asyncio.create_task(courier.run())
    asked = [asyncio.create_task(_ask(courier, clock, told, one, at)) for at, one in enumerate(link.asked)]
    await asyncio.gather(*asked)
    watch()
    await courier.stop()
    await background
    return told


def _files(shelf: Shelf) -> Files:
    return Files(shelf, NoBook())


async def _ask(
    courier: Courier, clock: LoopClock, told: Told, one: tuple[float, float, bool], number: int
) -> None:
    moment, deadline_s, has_draft = one
    await asyncio.sleep(moment)
    began = clock.mono()
    request = _request(number, began + deadline_s, deadline_s, fallback=has_draft)
    found: Delivery = await courier.send(_escalation(request), request)
    waited = clock.mono() - began
    told.waits.append((waited, deadline_s))
    told.answered += isinstance(found, Released)
    told.queued += isinstance(found, Queued)
    told.in_vain += isinstance(found, Queued) and has_draft and waited >= deadline_s - 1e-6


def _request(number: int, due: float, deadline_s: float, *, fallback: bool) -> Request:
    return Request(
        prompt=Prompt((Message(Role.USER, "hello"),)),
        request_id=RequestId(f"req_{number:08}"),
        conversation=ConversationId("conv_00000001"),
        trace=TraceId("1" * 32),
        application="bench",
        deadline_s=deadline_s,
        due=due,
        fallback=fallback,
    )


def _escalation(request: Request) -> Escalation:
    return Escalation(
        request_id=request.request_id,
        revision=0,
        conversation=request.conversation,
        trace=request.trace,
        why=Why.UNSURE,
        prompt=RedactedPrompt((), (), EMPTY, EMPTY, {}),
        tool_choice=ToolChoice.AUTO,
        max_tokens=64,
        policy_version=PolicyVersion("bench"),
        deadline_ms=int(request.deadline_s * 1000),
        requires_review=False,
    )


def runs(count: int, *, seconds: float = 60.0, habits: Habits = HABITS) -> Iterator[tuple[Trace, Told]]:
    """So many traces, from seed 0 on."""
    with tempfile.TemporaryDirectory() as folder:
        key = device_key.load_or_make(Path(folder))
        for seed in range(count):
            link = trace(seed, seconds=seconds)
            yield link, run(link, key, habits)
