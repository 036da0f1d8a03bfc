"""Carries one entry of the spool to the cloud and checks what comes back: ledger, wire, proof, spool, in that order.

A failure at any point leaves an entry that can be tried again with the same key and the same bytes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Protocol, assert_never

from edge.ports import Rejected, RejectReason, Released
from edge.routing.link import Habits, Health
from edge.routing.retry import TABLE, Again, Fault, delay, fault_of
from edge.uplink import codec
from edge.uplink.ledger import Book, Kind, Record
from edge.uplink.reach import Ration, Reach
from edge.uplink.spool import (
    Answered,
    Distrusted,
    Entry,
    Event,
    Failed,
    Forgotten,
    Sending,
    Shelf,
    SpoolState,
    Waiting,
    step,
)
from tidegate.chat import Usage
from tidegate.clock import Clock
from tidegate.errors import BadRequest, TidegateError, Unreachable, Untrusted
from tidegate.failpoint import failpoint
from tidegate.ids import ConversationId, DeviceId
from tidegate.logs import Log
from tidegate.privacy.spans import Label
from tidegate.signing.receipts import verify_receipt
from tidegate.telemetry import Traceparent, Tracer, current, new_traceparent

SPARE_S = 10.0  # an escalation may take this much longer than its client waits
_BARRED_S = (60.0, 300.0, 1800.0)  # after a refused identity: three more tries, then only a restart


class Wire(Protocol):
    """The channel to the cloud. Raises Unreachable (retry), Untrusted (either side refuses the other), BadRequest."""

    async def escalate(self, payload: bytes, *, traceparent: str, within_s: float) -> bytes: ...

    async def collect(self, cloud_ticket: str, *, traceparent: str, wait_s: float) -> bytes: ...

    async def withdraw(self, cloud_ticket: str, *, traceparent: str) -> bytes: ...

    async def probe(self) -> None: ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Terms:
    """Whom this device is and whom it believes. An empty `receipt_key` takes answers without proof (by configuration)."""

    device: DeviceId
    receipt_key: bytes = field(repr=False)
    habits: Habits = field(default_factory=Habits)
    ration: Ration = field(default_factory=Ration)
    dice: Callable[[], float] = lambda: 0.5  # 0..1


class Meter(Protocol):
    """Told what an escalation costs, before it is written down as done: a power cut may count it twice, never not at all."""

    def sent(self, entry: Entry, size: int) -> None:
        """So many bytes go out over a way that costs by the byte."""
        ...

    def answered(self, entry: Entry, usage: Usage) -> None: ...

    def affords(self, entry: Entry) -> bool:
        """Whether the budgets for the cloud leave room for one more like it."""
        ...


class NoMeter:
    """Costs nothing."""

    def sent(self, entry: Entry, size: int) -> None: ...

    def answered(self, entry: Entry, usage: Usage) -> None: ...

    def affords(self, entry: Entry) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Files:
    """What is written down."""

    shelf: Shelf
    book: Book
    meter: Meter = field(default_factory=NoMeter)


CheckText = Callable[[ConversationId, Released], None]
"""Raises Untrusted when a reply holds placeholders that its conversation never made."""

Portal = Callable[[], Awaitable[bool]]
"""Whether something else answers where the internet should. Never raises."""


async def no_portal() -> bool:
    return False


class Carrier:
    """One entry at a time, by whoever calls; never two callers for one entry (see the courier)."""

    def __init__(
        self,
        wire: Wire,
        files: Files,
        terms: Terms,
        check: CheckText,
        *,
        clock: Clock,
        tracer: Tracer,
        portal: Portal = no_portal,
    ) -> None:
        self._wire = wire
        self._shelf = files.shelf
        self._book = files.book
        self._meter = files.meter
        self._portal = portal
        self._terms = terms
        self._check = check
        self._clock = clock
        self._tracer = tracer
        self._log = Log("edge.uplink")
        self._barred = 0
        self.reach = Reach(terms.habits, ration=terms.ration, dice=terms.dice)

    async def deliver(self, entry: Entry) -> None:
        """Sends a queued entry and saves what becomes of it. Raises Exhausted when the disk is full: then nothing changed."""
        entry = self.saved(entry, Sending())
        self._note(entry, Kind.SENT, b"")
        if self.reach.metered:
            self._meter.sent(entry, len(entry.payload))
        failpoint("edge.uplink.send.before")
        within = entry.deadline_s + SPARE_S
        with self._tracer.span(
            "edge.escalate", parent=_parent(entry), ticket=entry.ticket, why=entry.why
        ) as span:
            call = self._wire.escalate(entry.payload, traceparent=span.at.header(), within_s=within)
            event = await self._asked(entry, call)
        failpoint("edge.spool.done.before")
        self.saved(entry, event)
        failpoint("edge.spool.done.after")

    async def collect(self, entry: Entry, wait_s: float) -> None:
        """Asks for a held entry's answer, for up to `wait_s`, or takes it back; saves it once it is there."""
        failpoint("edge.collect.before")
        with self._tracer.span("edge.collect", parent=_parent(entry), ticket=entry.ticket) as span:
            at = span.at.header()
            call = (
                self._wire.withdraw(entry.cloud_ticket, traceparent=at)
                if entry.withdrawn
                else self._wire.collect(entry.cloud_ticket, traceparent=at, wait_s=wait_s)
            )
            event = await self._asked(entry, call)
        if entry.withdrawn and isinstance(event, Waiting):  # a cloud of an older release: it cannot be told
            event = Answered(codec.taken_back())
        failpoint("edge.collect.after")
        if not isinstance(event, Waiting):  # still waiting: nothing to write down
            self.saved(entry, event)

    async def probe(self) -> bool:
        """Whether the cloud answers and both sides accept each other. Carries nothing."""
        self.reach.begin()
        try:
            await self._wire.probe()
        except (Unreachable, Untrusted, BadRequest) as error:
            await self._missed(error)
            return False
        except asyncio.CancelledError:
            self.reach.abandon()
            raise
        self._barred = 0
        self.reach.succeeded(self._clock.mono())
        self._log.info("link_up", state=self.reach.health)
        return True

    async def _missed(self, error: TidegateError) -> None:
        """A probe came to nothing: an outage, somebody else's answer, or a refused identity."""
        fault = fault_of(error.code)
        if TABLE[fault].again is Again.NEVER:
            self._refused(error)
            return
        if fault is Fault.UNREACHABLE and await self._portal():
            fault = Fault.FOREIGN
        self._failed(fault)

    def _failed(self, fault: Fault) -> None:
        before = self.reach.health
        self.reach.failed(self._clock.mono(), fault)
        if self.reach.health is not before:
            alert = self.reach.health is Health.CAPTIVE
            self._log.warning("link_changed", state=self.reach.health, code=fault, alert=alert)

    def affords(self, entry: Entry) -> bool:
        """See `Meter.affords`."""
        return self._meter.affords(entry)

    async def close(self) -> None:
        await self._wire.close()

    async def _asked(self, entry: Entry, call: Awaitable[bytes]) -> Event:
        """What the cloud's reply means for the entry; never raises on account of the cloud."""
        began = self._clock.mono()
        out = self.reach.sent(began) if entry.state is SpoolState.SENT else 0
        try:
            raw = await call
        except (Unreachable, Untrusted, BadRequest) as error:
            fault = fault_of(error.code)
            if TABLE[fault].again is Again.NEVER:
                self._refused(error)
            else:
                self._failed(fault)
                self._log.info("cloud_unreachable", code=error.code, ticket=entry.ticket)
            return Failed(delay(fault, entry.attempts, self._terms.dice()))
        finally:
            self.reach.returned(out)
        self.reach.succeeded(
            self._clock.mono(), self._clock.mono() - began if entry.state is SpoolState.SENT else None
        )
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
                self._meter.answered(entry, reply.usage)
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

    def saved(self, entry: Entry, event: Event) -> Entry:
        """The entry after the event, on disk when this returns. That it was withdrawn meanwhile is not forgotten."""
        stored = self._shelf.get(entry.ticket)
        if stored is not None and stored.withdrawn:
            entry = replace(entry, cause=stored.cause)
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
        self.reach.bar(self._clock.mono() + pause)


def _parent(entry: Entry) -> Traceparent | None:
    """Our place in the trace that the request began; after a restart, or later, a fresh place in the same trace."""
    here = current()
    return here if here is not None and here.trace == entry.trace else new_traceparent(entry.trace)
