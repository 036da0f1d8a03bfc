"""The device's MQTT 5 session: takes assignments, pulls blocks, sends reports. The broker is an untrusted pipe.

paho runs in a thread of its own; the reconnect loop is ours, with full jitter. A message is acknowledged when what it
said is in the journal. Nothing here is believed: blocks are checked against signed metadata by whoever asked for them.
"""

from __future__ import annotations

import hashlib
import queue
import secrets
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Protocol

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge.uplink import fleet_codec as codec
from edge.uplink.health_codec import health_bytes
from tidegate import topics
from tidegate.errors import TidegateError, Unreachable
from tidegate.health import Health
from tidegate.identity.tls import client_context
from tidegate.ids import DeviceId
from tidegate.logs import Log
from tidegate.topics import Down, Up
from tidegate.updates import (
    BLOCK_BYTES,
    BlobMissing,
    Block,
    Desired,
    Fetch,
    FetchStatus,
    Progress,
    Reported,
    Status,
)

_LOG = Log("edge.fleet")
_WINDOW = 16 * BLOCK_BYTES  # asked for at once: what a slow link may have under way
_PATIENCE = 5  # silences in a row before a transfer gives up
_REFUSALS = 8  # refused connections in a row before the session gives up: a wrong certificate does not heal


class _Answer(Enum):
    """What the broker said to the last CONNECT."""

    NONE = 0
    REFUSED = 1
    ACCEPTED = 2


class Listener(Protocol):
    """Told what the conductor wants. Called on paho's thread; must not block."""

    def offer(self, desired: Desired, taken: Callable[[], None]) -> None: ...

    def report(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Line:
    """Where the broker is, and how patient to be (seconds)."""

    host: str
    port: int
    identity: Path
    block_timeout: float = 10.0
    slowest_retry: float = 60.0
    keepalive: int = 30
    session_expiry: int = 24 * 3600


class FleetSession:
    """Implements `tidegate.updates.Blobs` and `edge.update.agent.Outbox`. `start` once, `stop` once."""

    def __init__(self, device: DeviceId, line: Line, random: Callable[[], float]) -> None:
        self._device, self._line, self._random = device, line, random
        self._listener: Listener | None = None
        self._waiting: dict[int, queue.Queue[Block | None]] = {}
        self._stopped = threading.Event()
        self._closed = threading.Event()
        self._correlation = secrets.randbits(48)
        self._refusals = 0
        self._answer = _Answer.NONE
        self.connected = threading.Event()
        self.refused = threading.Event()  # the session has given up: see `tidegate edge doctor`
        self._client = self._new_client()
        self._thread = threading.Thread(target=self._run, name="tidegate-fleet", daemon=True)

    def start(self, listener: Listener) -> None:
        """Connects in the background. Raises BadConfig when the identity is missing or unusable."""
        self._listener = listener
        self._client.tls_set_context(client_context(self._line.identity))
        self._thread.start()

    def stop(self) -> None:
        """Says goodbye and ends within seconds; transfers under way raise Unreachable."""
        self._stopped.set()
        for waiting in list(self._waiting.values()):
            waiting.put(None)
        if self.connected.is_set():
            self._publish(Up.STATUS, codec.status_bytes(Status(online=False)), qos=0)
            self._client.disconnect()
            self._closed.wait(timeout=1.0)
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join(timeout=4.0)

    def reported(self, reported: Reported) -> None:
        self._publish(Up.REPORTED, codec.reported_bytes(reported))

    def progress(self, progress: Progress) -> None:
        self._publish(Up.PROGRESS, codec.progress_bytes(progress))

    def is_connected(self) -> bool:
        return self.connected.is_set()

    def health(self, health: Health) -> None:
        self._publish(Up.HEALTH, health_bytes(health))

    def read(self, name: str, offset: int = 0) -> Iterator[bytes]:
        """See Blobs. Asks again from the first missing byte; gives up after _PATIENCE silences in a row."""
        position, silences = offset, 0
        while True:
            before = position
            for block in self._ask(name, position):
                yield block.data
                position += len(block.data)
                if position >= block.total or not block.data:
                    return
            silences = silences + 1 if position == before else 0
            if silences >= _PATIENCE:
                raise Unreachable("the update source does not answer", code="transport")

    def _ask(self, name: str, position: int) -> Iterator[Block]:
        """The blocks of one request, in order, until one is late, torn or out of order."""
        with self._transfer() as (correlation, arrivals):
            self._publish(Up.FETCH, codec.fetch_bytes(Fetch(name, position, _WINDOW, correlation)))
            end = position + _WINDOW
            while position < end:
                try:
                    block = arrivals.get(timeout=self._line.block_timeout)
                except queue.Empty:
                    return
                if block is None or self._stopped.is_set():
                    raise Unreachable("the session is closing", code="transport")
                if block.status is FetchStatus.NOT_FOUND:
                    raise BlobMissing(name)
                if not _next_piece(block, name, position):
                    return
                yield block
                position += len(block.data)

    @contextmanager
    def _transfer(self) -> Iterator[tuple[int, queue.Queue[Block | None]]]:
        if self._stopped.is_set():
            raise Unreachable("the session is closed", code="transport")
        self._correlation += 1
        correlation, arrivals = self._correlation, queue.Queue[Block | None](maxsize=64)
        self._waiting[correlation] = arrivals
        try:
            yield correlation, arrivals
        finally:
            del self._waiting[correlation]

    def _publish(self, channel: Up, content: bytes, qos: int = 1) -> None:
        """Sends when connected. Reports are said again after each connect, so nothing is queued while offline."""
        if self.connected.is_set():
            self._client.publish(topics.up(self._device, channel), content, qos=qos)

    # -------------------------------------------------------------------------------------------- paho's thread

    def _new_client(self) -> paho.Client:
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._device,
            protocol=paho.MQTTv5,
            manual_ack=True,
            reconnect_on_failure=False,
        )
        client.on_socket_open = _no_delay
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.will_set(
            topics.up(self._device, Up.STATUS), codec.status_bytes(Status(online=False)), qos=1, retain=False
        )
        return client

    def _run(self) -> None:
        attempt = 0
        while not self._stopped.is_set() and not self.refused.is_set():
            attempt = 0 if self._connect_and_serve() else attempt + 1
            delay = self._random() * min(self._line.slowest_retry, 0.5 * 2.0 ** min(attempt, 8))
            self._stopped.wait(delay)

    def _connect_and_serve(self) -> bool:
        """One connection, from first to last. True when it had been accepted."""
        self._answer = _Answer.NONE
        self._closed.clear()
        try:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = self._line.session_expiry
            self._client.connect(
                self._line.host,
                self._line.port,
                keepalive=self._line.keepalive,
                clean_start=False,
                properties=properties,
            )
            self._serve()
            if self._answer is _Answer.NONE:
                self._refuse("closed_before_connack")
        except ssl.SSLError as e:
            self._refuse("bad_broker_certificate" if isinstance(e, ssl.SSLCertVerificationError) else "tls")
        except (OSError, ValueError):
            _LOG.debug("broker_unreachable")
        self.connected.clear()
        return self._answer is _Answer.ACCEPTED

    def _serve(self) -> None:
        """Lets paho's own thread work until the connection ends: only then do its writes and ours not mix."""
        self._client.loop_start()
        while not self._closed.wait(0.5):
            if self._stopped.is_set():
                self._client.disconnect()
                break
        self._client.loop_stop()

    def _refuse(self, reason: str) -> None:
        """Logged once per streak; after _REFUSALS of them the session ends, because asking again cannot help."""
        if self._stopped.is_set():
            return
        self._refusals += 1
        if self._refusals == 1:
            _LOG.error("broker_refused", reason=reason)
        if self._refusals >= _REFUSALS:
            _LOG.error("fleet_session_given_up", reason=reason, attempts=self._refusals)
            self.refused.set()

    def _on_connect(
        self, client: paho.Client, _data: object, _flags: object, code: ReasonCode, _properties: object
    ) -> None:
        if code.is_failure:
            self._answer = _Answer.REFUSED
            self._refuse("connack")
            client.disconnect()
            return
        self._answer = _Answer.ACCEPTED
        self._refusals = 0
        self.connected.set()
        client.subscribe(topics.own_down(self._device), qos=1)
        self._publish(Up.STATUS, codec.status_bytes(Status(online=True, session=secrets.randbits(32))))
        _LOG.info("broker_connected")
        if self._listener is not None:
            self._listener.report()

    def _on_disconnect(
        self, _client: paho.Client, _data: object, _flags: object, _code: ReasonCode, _properties: object
    ) -> None:
        self.connected.clear()
        self._closed.set()

    def _on_message(self, client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        def acknowledge() -> None:
            if message.qos:
                client.ack(message.mid, message.qos)

        try:
            topic = topics.parse(message.topic)
            if topic.channel is Down.DESIRED and self._listener is not None:
                self._listener.offer(codec.read_desired(bytes(message.payload)), acknowledge)
                return
            if topic.channel is Down.BLOCK:
                self._deliver(codec.read_block(bytes(message.payload)))
        except TidegateError:
            _LOG.warning("fleet_message_dropped", bytes=len(message.payload))
        acknowledge()

    def _deliver(self, block: Block) -> None:
        waiting = self._waiting.get(block.correlation)
        if waiting is not None:
            try:
                waiting.put_nowait(block)
            except queue.Full:
                return  # the reader asks again from where it is


def _no_delay(_client: paho.Client, _data: object, connection: object) -> None:
    """Small requests must not wait for the last one's acknowledgement: 40 ms each on Linux."""
    if isinstance(connection, socket.socket):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _next_piece(block: Block, name: str, position: int) -> bool:
    """Whether a block is the one that was waited for, whole."""
    return (
        block.status is FetchStatus.OK
        and block.name == name
        and block.offset == position
        and len(block.data) <= BLOCK_BYTES
        and hashlib.sha256(block.data).digest() == block.sha256
    )
