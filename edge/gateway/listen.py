"""Opens the door: loopback TCP and, if asked, a unix socket; uvicorn with h11; ends within a few seconds when told to."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import h11
import msgspec
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import RequestResponseCycle

from edge.config import Door as Settings
from edge.config import is_loopback
from edge.gateway.errors import problem
from edge.gateway.flow import STRAIGHT
from edge.gateway.gathering import Gathering
from edge.gateway.lingering import USUAL, Bounds, Lingering
from tidegate.errors import BadConfig, BadRequest

DRAIN_S = 3
_NO_HTTP = BadRequest(
    "this is no HTTP/1.1 request: its line, a header or the length of its body is wrong, or its head is larger than 32 KiB",
    code="bad_http",
)
UNREAD_BYTES = 8 * 1024
"""Of an answer that its client does not read: so much is held for it here, and about as much by the system, which would take
megabytes by itself. A thousand slow clients then cost little; whoever reads never sees it."""


def open_sockets(settings: Settings) -> list[socket.socket]:
    """Bound, not yet listening. Raises BadConfig: not loopback, or already in use."""
    opened = [_tcp(settings.host, settings.port)]
    if settings.socket is not None:
        opened.append(_unix(settings.socket))
    return opened


def url(opened: list[socket.socket]) -> str:
    """Where OpenAI clients knock."""
    host, port = opened[0].getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/v1"


def _tcp(host: str, port: int) -> socket.socket:
    if not is_loopback(host):
        raise BadConfig("door.host: the door opens on loopback only", code="config_not_loopback")
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    # the protocol is named because asyncio switches Nagle's algorithm off only then: 40 ms per answer otherwise
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.setsockopt(
            socket.SOL_SOCKET, socket.SO_SNDBUF, UNREAD_BYTES
        )  # of every connection that it takes
        made.bind(address)
    except OSError as error:
        made.close()
        raise BadConfig(
            f"door.port: {port} cannot be opened on {host}: {error.strerror}",
            code="port_in_use",
            hint="stop what listens there, or choose another with --port (0: any free one)",
        ) from error
    made.set_inheritable(False)
    return made


def _unix(path: Path) -> socket.socket:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if path.is_socket():
            path.unlink()  # left by a killed daemon: the state folder's lock says that no other one lives
        made.bind(str(path))
        path.chmod(0o600)
    except OSError as error:
        made.close()
        raise BadConfig(
            f"door.socket: {path} cannot be opened: {error.strerror}", code="port_in_use"
        ) from error
    return made


class _PatientProtocol(Lingering):
    """uvicorn's protocol, which ends a connection whose request head does not arrive in time."""

    head_s = 10.0
    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(Gathering(transport, self.loop, UNREAD_BYTES, self.linger))
        transport.set_write_buffer_limits(high=UNREAD_BYTES)
        self.app = partial(self._served, self.app)
        self._watch()

    async def _served(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        scope["extensions"] = {STRAIGHT: partial(self._straight, self.cycle)}
        await app(scope, receive, self.telling_the_end(send) if self.unfinished else send)

    def _straight(self, cycle: RequestResponseCycle, data: bytes) -> bool:
        """Writes a piece of an answer without waiting; False when it has to wait, or nobody reads any more."""
        begun = cycle.response_started and not cycle.response_complete
        if not begun or cycle.disconnected or self.flow.write_paused:
            return False
        self.transport.write(self.conn.send(h11.Data(data=data)) or b"")
        return True

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._idle():
            self._watch()
        elif self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP gets its error in the shape of every other, where an answer is still possible; then the end."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            body = msgspec.json.encode(problem(_NO_HTTP).body)
            headers = [
                (b"content-type", b"application/json"),
                (b"content-length", str(len(body)).encode()),
                (b"connection", b"close"),
            ]
            answer = (
                h11.Response(status_code=400, headers=headers, reason=b"Bad Request"),
                h11.Data(data=body),
                h11.EndOfMessage(),
            )
            for part in answer:
                self.transport.write(self.conn.send(part) or b"")
        self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
        super().connection_lost(exc)

    def _idle(self) -> bool:
        cycle: object = self.cycle
        return cycle is None or bool(self.cycle.response_complete)

    def _watch(self) -> None:
        if self._waiting is None:
            self._waiting = self.loop.call_later(self.head_s, self._too_late)

    def _too_late(self) -> None:
        self._waiting = None
        if self._idle():
            self.transport.abort()


class Server(uvicorn.Server):
    """uvicorn without its own signal handling: edge.app decides when to stop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def server(app: ASGIApp, settings: Settings, bounds: Bounds = USUAL) -> Server:
    """A server for `app`; run it with `serve(sockets)`, end it by `should_exit = True`. `bounds` of a client that goes on
    sending when it has been answered."""
    protocol = type(
        "DoorProtocol", (_PatientProtocol,), {"head_s": settings.read_timeout_s, "bounds": bounds}
    )
    return Server(
        uvicorn.Config(
            app,
            http=protocol,
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,  # nothing stands before a door on loopback
            timeout_keep_alive=75,
            timeout_graceful_shutdown=DRAIN_S,
            h11_max_incomplete_event_size=32 * 1024,
        )
    )
