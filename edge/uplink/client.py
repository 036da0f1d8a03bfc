"""The channel to the cloud: grpc.aio over mutual TLS 1.3, believing the house's own CA only. Translates errors, once.

It carries bytes that were made by edge.uplink.codec and never looks into them.
"""

from __future__ import annotations

from typing import assert_never

from google.protobuf.message import DecodeError

from edge.routing.retry import STATUS, Fault
from edge.uplink.channel import Channel, Method
from tidegate.errors import BadRequest, TidegateError, Unreachable, Untrusted
from tidegate.wire.v1 import escalation_pb2 as pb

import grpc  # isort: skip  after the channel, which switches TLS 1.2 off

_SERVICE = "/tidegate.v1.Escalations/"
_PROBE_S = 3.0
_RENEW_S = 20.0
_OLD_S = 60.0  # longer than any call
_HANDSHAKE = ("handshake", "CERTIFICATE", "certificate", "SSL_ERROR", "TLS", "Peer name", "No match found")
_FOREIGN = (  # in the words of BoringSSL and OpenSSL: signed by somebody else, or not TLS at all (a portal's plain HTTP)
    "unable to get local issuer certificate",
    "unable to get issuer certificate",
    "self signed certificate",
    "self-signed certificate",
    "WRONG_VERSION_NUMBER",
    "HTTP_REQUEST",
)


class CloudChannel:
    """`edge.uplink.dispatch.Wire` on one gRPC channel. Bytes in, bytes out, so that the ledger's digest is of what left."""

    def __init__(self, channel: Channel) -> None:
        self._bind(channel)

    async def escalate(self, payload: bytes, *, traceparent: str, within_s: float) -> bytes:
        """The cloud's reply, as bytes. Raises Unreachable, Untrusted, BadRequest."""
        return await self._call(self._escalate, payload, traceparent, within_s)

    async def collect(self, cloud_ticket: str, *, traceparent: str, wait_s: float) -> bytes:
        """The same for a held one; the cloud holds the call for up to `wait_s`."""
        message = pb.CollectRequest(ticket=cloud_ticket, wait_ms=int(wait_s * 1000))
        return await self._call(self._collect, message.SerializeToString(), traceparent, wait_s + _PROBE_S)

    async def withdraw(self, cloud_ticket: str, *, traceparent: str) -> bytes:
        """Takes a held one back: the cloud's reply as above, which is what was decided if somebody had."""
        message = pb.CollectRequest(ticket=cloud_ticket, withdraw=True)
        return await self._call(self._collect, message.SerializeToString(), traceparent, _PROBE_S)

    async def probe(self) -> None:
        """Whether the cloud answers and both sides accept each other."""
        await self._call(self._probe, b"", "", _PROBE_S)

    async def renew(self, csr: bytes) -> bytes:
        """A certificate (DER) for the key of this request. Raises as above; BadRequest where the cloud knows no renewal."""
        asked = pb.RenewRequest(csr=csr).SerializeToString()
        reply = await self._call(self._renew, asked, "", _RENEW_S)
        try:
            return pb.RenewReply.FromString(reply).certificate
        except DecodeError as error:
            raise Untrusted("the cloud answered with something else", code="bad_answer") from error

    async def turn_to(self, channel: Channel) -> None:
        """The next call goes over `channel`; those under way end on the old one."""
        old = self._channel
        self._bind(channel)
        await old.close(_OLD_S)

    async def close(self) -> None:
        await self._channel.close()

    def _bind(self, channel: Channel) -> None:
        self._channel = channel
        self._escalate = channel.method(_SERVICE + "Escalate")
        self._collect = channel.method(_SERVICE + "Collect")
        self._probe = channel.method(_SERVICE + "Probe")
        self._renew = channel.method(_SERVICE + "Renew")

    async def _call(self, method: Method, payload: bytes, traceparent: str, within_s: float) -> bytes:
        metadata = (("traceparent", traceparent),) if traceparent else ()
        try:
            return await method(payload, timeout=within_s, metadata=metadata, wait_for_ready=False)
        except grpc.aio.AioRpcError as error:
            raise translated(error.code(), error.details() or "") from error


def translated(code: grpc.StatusCode, details: str) -> TidegateError:
    """What a failed call means. `details` are gRPC's own words; they are looked at, never repeated."""
    return error_of(_fault(code, details))


def _fault(code: grpc.StatusCode, details: str) -> Fault:
    fault = STATUS.get(code.name, Fault.UNREACHABLE)
    if fault is Fault.UNREACHABLE:
        if any(word in details for word in _FOREIGN):
            return Fault.FOREIGN
        if any(word in details for word in _HANDSHAKE):
            return Fault.TLS_REFUSED
    return fault


def error_of(fault: Fault) -> TidegateError:
    """The error that says it: Unreachable is tried again, Untrusted and BadRequest are not."""
    match fault:
        case Fault.UNREACHABLE:
            return Unreachable("the cloud cannot be reached", code=fault)
        case Fault.SLOW:
            return Unreachable("the cloud did not answer in time", code=fault)
        case Fault.BUSY:
            return Unreachable("the cloud is busy", code=fault)
        case Fault.FAILED:
            return Unreachable("the cloud failed", code=fault)
        case Fault.CROSSED:
            return Unreachable("the cloud was asked twice at once", code=fault)
        case Fault.FOREIGN:
            return Unreachable(
                "something else answers in the cloud's place; nothing was sent",
                code=fault,
                hint="log in to this network, or enrol this device again if the cloud has a new authority",
            )
        case Fault.TLS_REFUSED:
            return Untrusted(
                "the cloud and this device do not accept each other's certificate; nothing was sent",
                code=fault,
                hint="see `tidegate edge doctor`; enrol this device again if its certificate has ended",
            )
        case Fault.DEVICE_REFUSED:
            return Untrusted(
                "the cloud refuses this device",
                code=fault,
                hint="ask the fleet's manager whether it was revoked; enrol it again",
            )
        case Fault.MISMATCH:
            return BadRequest("the cloud cannot read what this device sent", code=fault)
        case other:
            assert_never(other)
