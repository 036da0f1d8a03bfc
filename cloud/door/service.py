"""What the door does with a call once it knows the device: bytes in, bytes out. No grpc here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

from cloud.door import codec
from cloud.door.limits import DoorLimits, Turnstile
from cloud.observe.metrics import CloudMetrics
from cloud.ports import Held, Rejected, RejectReason, Released, Reply, Submission
from cloud.review.bell import Bell, when
from tidegate.clock import Clock
from tidegate.errors import Unreachable
from tidegate.failpoint import failpoint
from tidegate.ids import CaseId, DeviceId, Ticket
from tidegate.logs import Log
from tidegate.telemetry import Traceparent, Tracer

_LOG = Log("cloud.door")


class Counter(Protocol):
    """Where held answers are picked up."""

    def collect(self, device: DeviceId, ticket: Ticket) -> tuple[CaseId, Reply] | None: ...

    def withdraw(self, case: CaseId) -> None:
        """Closes a case that nobody has decided; a decided one stays as it is."""
        ...

    def delivered(self, case: CaseId) -> None:
        """The decision of a reviewed case is on its way to the device. The same twice as once."""
        ...


@dataclass
class Desk:
    """One per process. `decide` is cloud.case.decide with its court."""

    decide: Callable[[Submission], Awaitable[Reply]]
    counter: Counter
    bell: Bell
    clock: Clock
    tracer: Tracer
    metrics: CloudMetrics
    policy_version: str
    limits: DoorLimits = field(default_factory=DoorLimits)

    def __post_init__(self) -> None:
        self._escalating = Turnstile(self.limits.most_in_flight)
        self._collecting = Turnstile(self.limits.most_waiting)
        self._same_key: dict[tuple[str, str, int], _Queue] = {}

    async def escalate(self, raw: bytes, device: DeviceId, above: Traceparent) -> bytes:
        """Raises Exhausted for a device with too much open, and what cloud.case.decide raises."""
        with (
            self._escalating.through(device),
            self.tracer.span("cloud.escalate", parent=above, device=device) as span,
        ):
            failpoint("cloud.door.received")
            reply = await self._escalate(raw, device, span.at)
            span.set(outcome=outcome_word(reply))
            failpoint("cloud.door.replying")
            return codec.encode_reply(reply)

    async def collect(self, raw: bytes, device: DeviceId) -> bytes:
        """Waits for a held answer; Held again when the time is up, Rejected for a ticket that is not this device's.

        A device that needs it no more gets what was decided, or its case is closed.
        """
        asked = codec.decode_collect(raw, longest_s=self.limits.longest_wait_s)
        if isinstance(asked, codec.Malformed):
            return codec.encode_reply(Rejected(RejectReason.MALFORMED))
        ticket = asked.ticket
        with self._collecting.through(device):
            found = await when(
                lambda: self.counter.collect(device, ticket),
                lambda seen: seen is None or not isinstance(seen[1], Held),
                self.bell,
                self.clock,
                asked.wait_s,
            )
        if found is not None and asked.withdraw and isinstance(found[1], Held):
            self.counter.withdraw(found[0])
            found = self.counter.collect(device, ticket)
        if found is None:
            return codec.encode_reply(Rejected(RejectReason.UNKNOWN_TICKET))
        case, reply = found
        if not isinstance(reply, Held):
            self.counter.delivered(case)
        return codec.encode_reply(reply)

    def probe(self) -> bytes:
        return codec.encode_probe(self.policy_version)

    async def _escalate(self, raw: bytes, device: DeviceId, at: Traceparent) -> Reply:
        started = self.clock.mono()
        reply = await self._decided(raw, device, at)
        self.metrics.escalation(outcome_word(reply), self.clock.mono() - started)
        return reply

    async def _decided(self, raw: bytes, device: DeviceId, at: Traceparent) -> Reply:
        if len(raw) > self.limits.most_bytes:
            return Rejected(RejectReason.TOO_LARGE)
        submission = codec.decode_escalation(raw, device, at.trace)
        if isinstance(submission, codec.Malformed):
            _LOG.warning("malformed", device=device, trace=at.trace, reason=submission.field)
            return Rejected(RejectReason.MALFORMED)
        wait_s = min(self.limits.longest_s, submission.deadline_ms / 1000 or self.limits.longest_s)
        try:
            async with asyncio.timeout(wait_s), self._alone(submission):
                reply = await self.decide(submission)
        except TimeoutError as e:
            raise Unreachable(
                "the answer was not ready in time", code="deadline", hint="send it again"
            ) from e
        if isinstance(reply, Released) and reply.receipt.reviewed:
            self.counter.delivered(reply.receipt.case)
        _LOG.info(
            "decided",
            device=device,
            trace=at.trace,
            request=submission.request_id,
            outcome=outcome_word(reply),
            reason=None if isinstance(reply, Released) else reply.reason,
        )
        return reply

    @asynccontextmanager
    async def _alone(self, submission: Submission) -> AsyncIterator[None]:
        """Copies of one escalation are answered one after the other, so that the second finds the first's outcome."""
        key = (submission.device, submission.request_id, submission.revision)
        queue = self._same_key.setdefault(key, _Queue())
        queue.users += 1
        try:
            async with queue.lock:
                yield
        finally:
            queue.users -= 1
            if not queue.users:
                self._same_key.pop(key, None)


@dataclass
class _Queue:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0


def outcome_word(reply: Reply) -> str:
    match reply:
        case Released():
            return "released"
        case Held():
            return "held"
        case Rejected():
            return "rejected"
