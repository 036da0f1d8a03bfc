"""The courier: takes an escalation into the spool, carries it to the cloud, checks what comes back, tells who waits.

One task per entry does all of its sending, whether a client waits or not, so that nothing is sent by two hands at once.
Order of one delivery: spool, ledger, wire, proof, spool. A failure at any point leaves an entry that is tried again with
the same key and the same bytes.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, assert_never

from edge import conversation
from edge.device_key import DeviceKey
from edge.ports import Delivery, Escalation, Held, Queued, Rejected, RejectReason, Released, Request
from edge.uplink import codec
from edge.uplink.ledger import Book, Kind, Record
from edge.uplink.reach import Reach
from edge.uplink.spool import (
    Answered,
    DeathCause,
    Distrusted,
    Entry,
    Event,
    Expired,
    Failed,
    Forgotten,
    Restarted,
    Sending,
    Shelf,
    SpoolState,
    Waiting,
    step,
)
from tidegate.clock import Clock
from tidegate.errors import BadRequest, TidegateError, Unreachable, Untrusted
from tidegate.failpoint import failpoint
from tidegate.ids import ConversationId, DeviceId, Ticket, new_ticket
from tidegate.logs import Log
from tidegate.privacy.spans import Label
from tidegate.signing.receipts import verify_receipt
from tidegate.telemetry import current, new_traceparent

COLLECT_S = 25.0  # the cloud's own bound on a long poll
SPARE_S = 10.0  # an escalation may take this much longer than its client waits
_BARRED_S = (60.0, 300.0, 1800.0)  # after a refused identity: three more tries, then only a restart


class Wire(Protocol):
    """The channel to the cloud. Raises Unreachable (retry), Untrusted (either side refuses the other), BadRequest."""

    async def escalate(self, payload: bytes, *, traceparent: str, within_s: float) -> bytes: ...

    async def collect(self, cloud_ticket: str, *, traceparent: str, wait_s: float) -> bytes: ...

    async def probe(self) -> None: ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Terms:
    """Whom this device is and whom it believes. An empty `receipt_key` takes answers without proof (by configuration)."""

    device: DeviceId
    receipt_key: bytes = field(repr=False)
    max_in_flight: int = 8
    expiry_s: float = 604_800.0
    probe_s: float = 5.0


@dataclass(frozen=True, slots=True)
class Files:
    """What is written down, and with which key."""

    shelf: Shelf
    book: Book
    key: DeviceKey = field(repr=False)


CheckText = Callable[[ConversationId, Released], None]
"""Raises Untrusted when a reply holds placeholders that its conversation never made."""


class Courier:
    """`edge.ports.Dispatch`. `run` is its background half: retries, long polls, expiry."""

    def __init__(self, wire: Wire, files: Files, terms: Terms, check: CheckText, clock: Clock) -> None:
        self._wire = wire
        self._shelf = files.shelf
        self._book = files.book
        self._key = files.key
        self._terms = terms
        self._check = check
        self._clock = clock
        self._log = Log("edge.uplink")
        self.link = Reach(probe_s=terms.probe_s)
        self._barred = 0
        self._tasks: dict[Ticket, asyncio.Task[None]] = {}
        self._slots = asyncio.Semaphore(terms.max_in_flight)
        self._polls = asyncio.Semaphore(max(2, terms.max_in_flight // 2))
        self._moved = asyncio.Event()
        self._nudge = asyncio.Event()
        self._stopping = False

    @property
    def present(self) -> bool:
        return True

    @property
    def barred(self) -> bool:
        """Whether one side refuses the other's identity."""
        return self.link.barred

    async def send(self, escalation: Escalation, request: Request) -> Delivery:
        failpoint("edge.dispatch.start")
        entry = self._taken(escalation, request)
        if entry.state is SpoolState.QUEUED and self.link.up(self._clock.mono()):
            self._start(entry)
        deadline = self._clock.mono() + request.deadline_s
        while True:
            moved = self._moved
            entry = self._shelf.get(entry.ticket) or entry
            left = deadline - self._clock.mono()
            busy = entry.ticket in self._tasks and entry.state is not SpoolState.HELD
            if not busy or left <= 0 or self._stopping:
                return outcome(entry)
            await _within(left, moved)

    def moved(self) -> asyncio.Event:
        """Take it, look at the spool, then wait for it: it is set when any entry has changed since it was taken."""
        return self._moved

    async def run(self) -> None:
        """Until `stop`: starts what is due, probes a link that is down, gives up what has expired."""
        for entry in self._shelf.live():
            if entry.state is SpoolState.SENT:
                self._shelf.save(step(entry, Restarted(), self._clock.now()))
        while not self._stopping:
            try:
                await self._round()
            except TidegateError as error:
                self._log.error("spool_round_failed", error)
            self._nudge.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._nudge.wait(), 0.5)

    async def stop(self) -> None:
        """Ends the background half; who waits gets a ticket. What was not finished stays in the spool."""
        self._stopping = True
        self._nudge.set()
        self._notify()
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._wire.close()

    def _taken(self, escalation: Escalation, request: Request) -> Entry:
        """The entry of this request, written now or by its first try. Raises BadRequest when the key is reused."""
        mac = conversation.body(self._key, request.application, request.prompt)
        known = self._shelf.find(escalation.request_id, escalation.revision)
        if known is not None:
            if known.body_mac != mac:
                raise BadRequest(
                    "this Idempotency-Key was used for another request",
                    code="idempotency_conflict",
                    param="idempotency-key",
                    status=422,
                )
            return known
        now = self._clock.now()
        entry = Entry(
            ticket=new_ticket(),
            request_id=escalation.request_id,
            revision=escalation.revision,
            conversation=escalation.conversation,
            application=request.application,
            trace=escalation.trace,
            why=escalation.why,
            payload=codec.encode(escalation),
            body_mac=mac,
            asked_mac=conversation.asked(self._key, request.application, request.prompt),
            created_at=now,
            expires_at=now + self._terms.expiry_s,
            deadline_s=request.deadline_s,
        )
        failpoint("edge.spool.put.before")
        self._shelf.put(entry)
        failpoint("edge.spool.put.after")
        return entry

    async def _round(self) -> None:
        now = self._clock.now()
        if self.link.probe_due(self._clock.mono()):
            await self._probe()
        up = self.link.up(self._clock.mono())
        for entry in self._due(now):
            if entry.expires_at <= now:
                self._shelf.save(step(entry, Expired(), now))
                self._notify()
            elif up and entry.next_at <= now:
                self._start(entry)

    def _due(self, now: float) -> Sequence[Entry]:
        return [entry for entry in self._shelf.due(now, 64) if entry.ticket not in self._tasks]

    async def _probe(self) -> None:
        try:
            await self._wire.probe()
        except Unreachable:
            self.link.failed(self._clock.mono())
        except (Untrusted, BadRequest) as error:
            self._refused(error)
        else:
            self._barred = 0
            self.link.succeeded(self._clock.mono())
            self._shelf.hasten(self._clock.now())
            self._log.info("link_up")

    def _start(self, entry: Entry) -> None:
        if entry.ticket in self._tasks or self._stopping:
            return
        work = self._collect(entry) if entry.state is SpoolState.HELD else self._deliver(entry)
        task = asyncio.create_task(self._guarded(entry.ticket, work))
        self._tasks[entry.ticket] = task

    async def _guarded(self, ticket: Ticket, work: Awaitable[None]) -> None:
        try:
            await work
        except TidegateError as error:  # a full disk, for example: the entry is as it was, and is tried again
            self._log.error("delivery_failed", error, ticket=ticket)
            self.link.failed(self._clock.mono())
        finally:
            self._tasks.pop(ticket, None)
            self._notify()

    async def _deliver(self, entry: Entry) -> None:
        async with self._slots:
            entry = self._shelf.get(entry.ticket) or entry
            if entry.state is not SpoolState.QUEUED:
                return
            entry = self._saved(entry, Sending())
            self._note(entry, Kind.SENT, b"")
            failpoint("edge.uplink.send.before")
            within = entry.deadline_s + SPARE_S
            event = await self._asked(
                entry, self._wire.escalate(entry.payload, traceparent=_traceparent(entry), within_s=within)
            )
            failpoint("edge.spool.done.before")
            self._saved(entry, event)
            failpoint("edge.spool.done.after")

    async def _collect(self, entry: Entry) -> None:
        async with self._polls:
            failpoint("edge.collect.before")
            wait_s = COLLECT_S if len(self._tasks) <= self._terms.max_in_flight else 1.0
            event = await self._asked(
                entry, self._wire.collect(entry.cloud_ticket, traceparent=_traceparent(entry), wait_s=wait_s)
            )
            failpoint("edge.collect.after")
            if not isinstance(event, Waiting):  # still waiting: nothing to write down
                self._saved(entry, event)

    async def _asked(self, entry: Entry, call: Awaitable[bytes]) -> Event:
        """What the cloud's reply means for the entry; never raises on account of the cloud."""
        try:
            raw = await call
        except Unreachable as error:
            self.link.failed(self._clock.mono())
            self._log.info("cloud_unreachable", code=error.code, ticket=entry.ticket)
            return Failed()
        except (Untrusted, BadRequest) as error:
            self._refused(error)
            return Failed()
        self.link.succeeded(self._clock.mono())
        failpoint("edge.uplink.send.after")
        try:
            return self._judged(entry, raw)
        except Untrusted as error:
            self._log.error("reply_untrusted", error, ticket=entry.ticket, alert=True)
            return Distrusted()

    def _judged(self, entry: Entry, raw: bytes) -> Event:
        """Raises Untrusted when the proof, or a placeholder, is not right."""
        reply = codec.decode(raw)
        match reply:
            case Released():
                self._verified(entry, raw)
                self._check(entry.conversation, reply)
                return Answered(raw)
            case codec.CloudHeld(cloud_ticket, reason):
                return Waiting(cloud_ticket, reason)
            case Rejected(RejectReason.UNKNOWN_TICKET):
                return Forgotten()
            case Rejected():
                return Answered(raw)
            case other:
                assert_never(other)

    def _verified(self, entry: Entry, raw: bytes) -> None:
        if not self._terms.receipt_key:
            return
        receipt = codec.receipt_of(
            raw,
            device=self._terms.device,
            request_id=entry.request_id,
            revision=entry.revision,
            payload=entry.payload,
        )
        verify_receipt(self._terms.receipt_key, receipt.statement, receipt.signature, receipt.key_id)
        self._note(entry, Kind.RECEIPT, receipt.digest)
        failpoint("edge.receipt.verified")

    def _note(self, entry: Entry, kind: Kind, receipt: bytes) -> None:
        failpoint("edge.ledger.append.before")
        self._book.append(
            Record(
                at=int(self._clock.now()),
                kind=kind,
                request_id=entry.request_id,
                digest=codec.digest(entry.payload),
                size=len(entry.payload),
                entities={Label(label): n for label, n in codec.entities_of(entry.payload).items()},
                policy=codec.policy_of(entry.payload),
                why=entry.why,
                receipt=receipt,
            )
        )
        failpoint("edge.ledger.append.after")

    def _saved(self, entry: Entry, event: Event) -> Entry:
        after = step(entry, event, self._clock.now())
        if after != entry:
            self._shelf.save(after)
        return after

    def _refused(self, error: TidegateError) -> None:
        """An identity is refused: said once, tried three more times at growing distance, then only after a restart."""
        if self._barred == 0:
            self._log.error("cloud_refused", error, alert=True)
        pause = _BARRED_S[self._barred] if self._barred < len(_BARRED_S) else float("inf")
        self._barred = min(self._barred + 1, len(_BARRED_S))
        self.link.bar(self._clock.mono() + pause)

    def _notify(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()


async def _within(seconds: float, event: asyncio.Event) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), max(seconds, 0.0))


def _traceparent(entry: Entry) -> str:
    """Our place in the trace that the request began; after a restart, a fresh span of the same trace."""
    here = current()
    return (here if here is not None and here.trace == entry.trace else new_traceparent(entry.trace)).header()


def outcome(entry: Entry) -> Delivery:
    """What the entry is worth to whoever asked. Raises Untrusted or Unreachable for one that died."""
    match entry.state:
        case SpoolState.QUEUED | SpoolState.SENT:
            return Queued(entry.ticket)
        case SpoolState.HELD:
            return Held(entry.ticket, entry.hold) if entry.hold is not None else Queued(entry.ticket)
        case SpoolState.DEAD:
            if entry.cause is DeathCause.UNTRUSTED:
                raise Untrusted(
                    "the cloud's answer failed its proof and was not used", code="reply_untrusted"
                )
            raise Unreachable("nobody answered this request within its life", code="expired")
        case SpoolState.DONE:
            reply = codec.decode(entry.reply)
            if isinstance(reply, codec.CloudHeld):
                raise Untrusted("a finished request holds an unfinished reply", code="spool_inconsistent")
            return reply
        case other:
            assert_never(other)
