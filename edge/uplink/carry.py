"""Carries one entry of the spool to the cloud and checks what comes back: ledger, wire, proof, spool, in that order.

A failure at any point leaves an entry that can be tried again with the same key and the same bytes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol, assert_never

from edge.ports import Rejected, RejectReason, Released
from edge.uplink import codec
from edge.uplink.ledger import Book, Kind, Record
from edge.uplink.reach import Reach
from edge.uplink.spool import (
    Answered,
    Distrusted,
    Entry,
    Event,
    Failed,
    Forgotten,
    Sending,
    Shelf,
    Waiting,
    step,
)
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

    async def probe(self) -> None: ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Terms:
    """Whom this device is and whom it believes. An empty `receipt_key` takes answers without proof (by configuration)."""

    device: DeviceId
    receipt_key: bytes = field(repr=False)
    probe_s: float = 5.0


@dataclass(frozen=True, slots=True)
class Files:
    """What is written down."""

    shelf: Shelf
    book: Book


CheckText = Callable[[ConversationId, Released], None]
"""Raises Untrusted when a reply holds placeholders that its conversation never made."""


class Carrier:
    """One entry at a time, by whoever calls; never two callers for one entry (see the courier)."""

    def __init__(
        self, wire: Wire, files: Files, terms: Terms, check: CheckText, *, clock: Clock, tracer: Tracer
    ) -> None:
        self._wire = wire
        self._shelf = files.shelf
        self._book = files.book
        self._terms = terms
        self._check = check
        self._clock = clock
        self._tracer = tracer
        self._log = Log("edge.uplink")
        self._barred = 0
        self.reach = Reach(probe_s=terms.probe_s)

    async def deliver(self, entry: Entry) -> None:
        """Sends a queued entry and saves what becomes of it. Raises Exhausted when the disk is full: then nothing changed."""
        entry = self.saved(entry, Sending())
        self._note(entry, Kind.SENT, b"")
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
        """Asks for a held entry's answer, for up to `wait_s`; saves it once it is there."""
        failpoint("edge.collect.before")
        with self._tracer.span("edge.collect", parent=_parent(entry), ticket=entry.ticket) as span:
            call = self._wire.collect(entry.cloud_ticket, traceparent=span.at.header(), wait_s=wait_s)
            event = await self._asked(entry, call)
        failpoint("edge.collect.after")
        if not isinstance(event, Waiting):  # still waiting: nothing to write down
            self.saved(entry, event)

    async def probe(self) -> bool:
        """Whether the cloud answers and both sides accept each other."""
        try:
            await self._wire.probe()
        except Unreachable:
            self.reach.failed(self._clock.mono())
        except (Untrusted, BadRequest) as error:
            self._refused(error)
        else:
            self._barred = 0
            self.reach.succeeded(self._clock.mono())
            self._log.info("link_up")
            return True
        return False

    async def close(self) -> None:
        await self._wire.close()

    async def _asked(self, entry: Entry, call: Awaitable[bytes]) -> Event:
        """What the cloud's reply means for the entry; never raises on account of the cloud."""
        try:
            raw = await call
        except Unreachable as error:
            self.reach.failed(self._clock.mono())
            self._log.info("cloud_unreachable", code=error.code, ticket=entry.ticket)
            return Failed()
        except (Untrusted, BadRequest) as error:
            self._refused(error)
            return Failed()
        self.reach.succeeded(self._clock.mono())
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

    def saved(self, entry: Entry, event: Event) -> Entry:
        """The entry after the event, on disk when this returns."""
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
