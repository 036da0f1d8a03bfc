"""Enrolment over gRPC: the rule is tidegate.identity.enrol.admit; this counts, limits and says no more than it must."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import grpc
import grpc.aio
from google.protobuf.message import DecodeError

from cloud.door.limits import Turnstile
from cloud.door.server import Context
from tidegate.clock import Clock
from tidegate.errors import Exhausted
from tidegate.identity.authority import Authority
from tidegate.identity.enrol import Admitted, EnrolAsk, EnrolOutcome, EnrolRefusal, Refused, TokenStore, admit
from tidegate.ids import DeviceId
from tidegate.logs import Log
from tidegate.wire.v1 import escalation_pb2 as pb

_LOG = Log("cloud.enrol")


@dataclass
class EnrolmentDoor:
    """`receipt_key` is the raw Ed25519 key; `update_root` gives the published root of trust, or nothing yet."""

    tokens: TokenStore
    authority: Authority
    clock: Clock
    receipt_key: bytes
    update_root: Callable[[], bytes]
    most_at_once: int = 16
    _open: Turnstile = field(init=False)

    def __post_init__(self) -> None:
        self._open = Turnstile(self.most_at_once)

    async def enrol(self, raw: bytes, context: Context) -> bytes:
        try:
            with self._open.through(DeviceId("")):
                outcome = self.decide(raw)
        except Exhausted as e:
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, e.code)
            raise AssertionError("abort raises") from e
        if isinstance(outcome, Refused):
            _LOG.warning("enrolment_refused", reason=outcome.reason)
            await context.abort(grpc.StatusCode.PERMISSION_DENIED, outcome.reason.value)
            raise AssertionError("abort raises")
        _LOG.info("enrolled", device=outcome.device)
        return self.reply(outcome)

    def decide(self, raw: bytes) -> EnrolOutcome:
        try:
            message = pb.EnrolRequest.FromString(raw)
        except DecodeError:
            return Refused(EnrolRefusal.BAD_REQUEST)
        return admit(self.tokens, EnrolAsk(message.token, message.csr), self.authority, self.clock.now())

    def reply(self, admitted: Admitted) -> bytes:
        return pb.EnrolReply(
            certificate=admitted.certificate,
            chain=list(admitted.chain),
            receipt_key=self.receipt_key,
            update_root=self.update_root(),
        ).SerializeToString()
