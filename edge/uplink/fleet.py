"""What a device says and hears over MQTT: takes assignments, pulls blocks, sends reports. The broker is an untrusted pipe.

A message is acknowledged when what it said is in the journal. Nothing here is believed: blocks are checked against signed
metadata by whoever asked for them.
"""

from __future__ import annotations

import hashlib
import queue
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from edge.uplink import fleet_codec as codec
from edge.uplink.health_codec import health_bytes
from tidegate import topics
from tidegate.errors import TidegateError, Unreachable
from tidegate.health import Health
from tidegate.ids import DeviceId
from tidegate.logs import Log
from tidegate.mqtt import Broker, Failure, Line
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
SESSION_EXPIRY_S = 24 * 3600  # what the broker keeps of orders while this device is away
_PATIENCE = 5  # silences in a row before a transfer gives up
_REFUSALS = 8  # refused connections in a row before the session gives up: a wrong certificate does not heal


class Listener(Protocol):
    """Told what the conductor wants. Called on paho's thread; must not block."""

    def offer(self, desired: Desired, taken: Callable[[], None]) -> None: ...

    def report(self) -> None: ...


class FleetSession:
    """Implements `tidegate.updates.Blobs` and `edge.update.agent.Outbox`. `start` once, `stop` once."""

    def __init__(
        self, device: DeviceId, broker: Broker, random: Callable[[], float], *, block_timeout: float = 10.0
    ) -> None:
        self._device, self._block_timeout = device, block_timeout
        self._listener: Listener | None = None
        self._waiting: dict[int, queue.Queue[Block | None]] = {}
        self._stopped = threading.Event()
        self._correlation = secrets.randbits(48)
        self._refusals = 0
        self.refused = threading.Event()  # the session has given up: see `tidegate edge doctor`
        offline = codec.status_bytes(Status(online=False))
        self._farewell = (topics.up(device, Up.STATUS), offline)
        self._line = Line(device, broker, self, random, will=self._farewell)
        self.connected = self._line.connected

    def start(self, listener: Listener) -> None:
        """Connects in the background. Raises BadConfig when the identity is missing or unusable."""
        self._listener = listener
        self._line.start()

    def stop(self) -> None:
        """Says goodbye and ends within seconds; transfers under way raise Unreachable."""
        self._stopped.set()
        for waiting in list(self._waiting.values()):
            waiting.put(None)
        self._line.stop(self._farewell)

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
                    block = arrivals.get(timeout=self._block_timeout)
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
        """Reports are said again after each connect, so nothing is queued while offline."""
        self._line.publish(topics.up(self._device, channel), content, qos)

    # ------------------------------------------------------------------------------------------ the line's threads

    def greeted(self) -> None:
        self._refusals = 0
        self._line.subscribe(topics.own_down(self._device))
        self._publish(Up.STATUS, codec.status_bytes(Status(online=True, session=secrets.randbits(32))))
        _LOG.info("broker_connected")
        if self._listener is not None:
            self._listener.report()

    def failed(self, why: Failure) -> bool:
        """A refusal is logged once per streak; after _REFUSALS of them the session ends, because asking again cannot help."""
        if why is Failure.UNREACHABLE:
            _LOG.debug("broker_unreachable")
            return True
        self._refusals += 1
        if self._refusals == 1:
            _LOG.error("broker_refused", reason=why)
        if self._refusals < _REFUSALS:
            return True
        _LOG.error("fleet_session_given_up", reason=why, attempts=self._refusals)
        self.refused.set()
        return False

    def heard(self, topic: str, content: bytes, taken: Callable[[], None]) -> None:
        try:
            channel = topics.parse(topic).channel
            if channel is Down.DESIRED and self._listener is not None:
                self._listener.offer(codec.read_desired(content), taken)
                return
            if channel is Down.BLOCK:
                self._deliver(codec.read_block(content))
        except TidegateError:
            _LOG.warning("fleet_message_dropped", bytes=len(content))
        taken()

    def _deliver(self, block: Block) -> None:
        waiting = self._waiting.get(block.correlation)
        if waiting is not None:
            try:
                waiting.put_nowait(block)
            except queue.Full:
                return  # the reader asks again from where it is


def _next_piece(block: Block, name: str, position: int) -> bool:
    """Whether a block is the one that was waited for, whole."""
    return (
        block.status is FetchStatus.OK
        and block.name == name
        and block.offset == position
        and len(block.data) <= BLOCK_BYTES
        and hashlib.sha256(block.data).digest() == block.sha256
    )
