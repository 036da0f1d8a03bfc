"""The gRPC servers: Escalations behind mTLS, Enrolment behind server-authenticated TLS. Thin: bytes in and out.

Handlers take raw bytes, so that a message that does not parse is an answer (Rejected MALFORMED) and not a stack trace.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

import grpc
import grpc.aio

from cloud.door.limits import Once
from cloud.door.peer import Doorkeeper
from cloud.door.renew import Renewals
from cloud.door.service import Desk
from tidegate.errors import BadConfig, Exhausted, TidegateError, Untrusted
from tidegate.identity.renewal import RenewRefusal
from tidegate.identity.tls import TlsMaterial, enrolment_server_credentials, server_credentials
from tidegate.ids import DeviceId
from tidegate.logs import Log
from tidegate.telemetry import Traceparent, new_traceparent, parse_traceparent

_LOG = Log("cloud.door")
_MESSAGE_BYTES = 4 * 1_048_576  # grpc's own cap; the desk's smaller one gives a proper reply
_CALLS = 256

Context = grpc.aio.ServicerContext[bytes, bytes]
Server = grpc.aio.Server
Handler = Callable[[bytes, Context], Awaitable[bytes]]


class EscalationsDoor:
    """Knows who calls, and translates our errors into status codes."""

    def __init__(self, desk: Desk, keeper: Doorkeeper, renewals: Renewals | None = None) -> None:
        self._desk = desk
        self._keeper = keeper
        self._renewals = renewals
        self._told = Once[tuple[str, str]]()

    async def escalate(self, raw: bytes, context: Context) -> bytes:
        device = await self._device(context)
        above = _traceparent(context)
        return await self._answered(context, self._desk.escalate(raw, device, above))

    async def collect(self, raw: bytes, context: Context) -> bytes:
        device = await self._device(context)
        return await self._answered(context, self._desk.collect(raw, device))

    async def probe(self, _: bytes, context: Context) -> bytes:
        await self._device(context)
        return self._desk.probe()

    async def renew(self, raw: bytes, context: Context) -> bytes:
        """The next certificate of whoever calls. FAILED_PRECONDITION with a closed word when there is none."""
        device = await self._device(context)
        if self._renewals is None:
            await context.abort(grpc.StatusCode.UNIMPLEMENTED, "renewal")
            raise AssertionError("abort raises")
        shown = b"".join(_auth_context(context).get("x509_pem_cert", [])[:1])
        found = self._renewals.renewed(raw, device, shown)
        if isinstance(found, RenewRefusal):
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, found.value)
            raise AssertionError("abort raises")
        return found

    async def _device(self, context: Context) -> DeviceId:
        try:
            return self._keeper.admit(_auth_context(context)).device_id
        except Untrusted as e:
            if self._told.first((context.peer().rpartition(":")[0], e.code)):
                _LOG.warning("refused_peer", code=e.code)
            self._desk.metrics.refused_peer()
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, e.code)
            raise AssertionError("abort raises") from e

    async def _answered(self, context: Context, work: Awaitable[bytes]) -> bytes:
        try:
            return await work
        except Exhausted as e:
            code = grpc.StatusCode.RESOURCE_EXHAUSTED if e.status == 429 else grpc.StatusCode.UNAVAILABLE
            await context.abort(code, e.code)
        except TidegateError as e:  # Unreachable, Broken: the device keeps the escalation and comes again
            _LOG.error("unavailable", e)
            self._desk.metrics.escalation("unavailable", 0.0)
            await context.abort(grpc.StatusCode.UNAVAILABLE, e.code)
        raise AssertionError("abort raises")


def escalations_server(
    door: EscalationsDoor, material: TlsMaterial, address: str
) -> tuple[grpc.aio.Server, int]:
    """A server for the mTLS port, not started yet, and its port. Raises BadConfig when the port is taken."""
    handlers = {
        "Escalate": door.escalate,
        "Collect": door.collect,
        "Probe": door.probe,
        "Renew": door.renew,
    }
    return _server("tidegate.v1.Escalations", handlers, server_credentials(material), address)


def enrolment_server(enrol: Handler, material: TlsMaterial, address: str) -> tuple[grpc.aio.Server, int]:
    """A server for devices that have no certificate yet. Raises BadConfig when the port is taken."""
    return _server("tidegate.v1.Enrolment", {"Enrol": enrol}, enrolment_server_credentials(material), address)


def _server(
    service: str, handlers: Mapping[str, Handler], credentials: grpc.ServerCredentials, address: str
) -> tuple[grpc.aio.Server, int]:
    server = grpc.aio.server(
        maximum_concurrent_rpcs=_CALLS,
        options=[
            ("grpc.so_reuseport", 0),  # a second daemon on the port is an error, not half of the traffic
            ("grpc.max_receive_message_length", _MESSAGE_BYTES),
            ("grpc.keepalive_permit_without_calls", 1),
            ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
        ],
    )
    methods = {name: grpc.unary_unary_rpc_method_handler(handler) for name, handler in handlers.items()}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, methods),))
    try:
        port = server.add_secure_port(address, credentials)
    except RuntimeError as e:
        raise BadConfig(
            f"{address} is in use", code="port_in_use", hint="stop the other process or choose another port"
        ) from e
    return server, port


def _auth_context(context: Context) -> Mapping[str, Sequence[bytes]]:
    return {key: list(values) for key, values in context.auth_context().items()}


def _traceparent(context: Context) -> Traceparent:
    """The caller's place in its trace (W3C), or the start of one."""
    for key, value in context.invocation_metadata() or ():
        if key == "traceparent" and isinstance(value, str):
            return parse_traceparent(value) or new_traceparent()
    return new_traceparent()
