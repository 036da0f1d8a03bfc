"""Renewal over gRPC: the rule is tidegate.identity.renewal.renew; this knows the caller and says no more than it must."""

from __future__ import annotations

from dataclasses import dataclass

from google.protobuf.message import DecodeError

from tidegate.clock import Clock
from tidegate.identity.authority import Authority
from tidegate.identity.life import life_of
from tidegate.identity.renewal import IssuedNotes, RenewRefusal, renew
from tidegate.ids import DeviceId
from tidegate.logs import Log
from tidegate.wire.v1 import escalation_pb2 as pb

_LOG = Log("cloud.enrol")


@dataclass(frozen=True, slots=True)
class Renewals:
    notes: IssuedNotes
    authority: Authority
    clock: Clock

    def renewed(self, raw: bytes, device: DeviceId, certificate: bytes) -> bytes | RenewRefusal:
        """The reply for a caller that showed `certificate` (PEM) on its connection."""
        try:
            csr = pb.RenewRequest.FromString(raw).csr
        except DecodeError:
            return RenewRefusal.BAD_REQUEST
        outcome = renew(self.notes, device, life_of(certificate), csr, self.authority, self.clock.now())
        if isinstance(outcome, RenewRefusal):
            _LOG.warning("renewal_refused", device=device, reason=outcome)
            return outcome
        _LOG.info("certificate_renewed", device=device)
        reply = pb.RenewReply(certificate=outcome.certificate, chain=list(outcome.chain))
        return reply.SerializeToString()
