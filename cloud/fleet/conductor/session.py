"""The conductor's MQTT 5 session: hears every device, answers block requests, sends orders until they are heard.

paho's thread only parses and queues; one worker does the rest, so a slow disk never blocks the connection. What the
queue cannot take is dropped: devices ask and report again.
"""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from cloud.fleet import desk
from cloud.fleet.blobs import BlobFolder
from cloud.fleet.conductor import codec
from cloud.fleet.registry import FleetStore, Word
from tidegate import topics
from tidegate.clock import Clock
from tidegate.errors import TidegateError
from tidegate.identity.names import Service, service_common_name
from tidegate.identity.tls import client_context
from tidegate.ids import DeviceId
from tidegate.logs import Log
from tidegate.signing.repository import Repository
from tidegate.topics import Down, Up
from tidegate.updates import Desired, Fetch

_LOG = Log("cloud.fleet")
_TICK_S = 0.5
_RESEND_S = 15.0
_REFRESH_S = 600.0


@dataclass(frozen=True, slots=True)
class Line:
    """Where the broker is, and the folder of the conductor's certificate."""

    host: str
    port: int
    identity: Path
    keepalive: int = 30
    slowest_retry: float = 30.0


@dataclass(frozen=True, slots=True)
class _Heard:
    device: DeviceId
    word: Word | Fetch


class Conductor:
    """One per cloud. `start` once, `stop` once; both return at once or within seconds."""

    def __init__(
        self, line: Line, store: FleetStore, repository: Repository, clock: Clock, random: Callable[[], float]
    ) -> None:
        self._line, self._store, self._repository = line, store, repository
        self._clock, self._random = clock, random
        self._blobs = BlobFolder(repository.folder / "repository")
        self._inbox: queue.Queue[_Heard] = queue.Queue(maxsize=2000)
        self._stopped = threading.Event()
        self._closed = threading.Event()
        self.connected = threading.Event()
        self._sent: dict[DeviceId, tuple[int, float]] = {}
        self._refreshed = float("-inf")
        self._client = self._new_client()
        self._threads = (
            threading.Thread(target=self._connect_for_ever, name="tidegate-conductor-net", daemon=True),
            threading.Thread(target=self._work, name="tidegate-conductor", daemon=True),
        )

    def start(self) -> None:
        """Raises BadConfig when the conductor's certificate is missing."""
        self._client.tls_set_context(client_context(self._line.identity))
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self.connected.is_set():
            self._client.disconnect()
            self._closed.wait(timeout=1.0)
        self._closed.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout=4.0)

    # ------------------------------------------------------------------------------------------- paho's thread

    def _new_client(self) -> paho.Client:
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=service_common_name(Service.CONDUCTOR),
            protocol=paho.MQTTv5,
            reconnect_on_failure=False,
        )
        client.on_socket_open = _no_delay
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        return client

    def _connect_for_ever(self) -> None:
        attempt, told = 0, False
        while not self._stopped.is_set():
            try:
                self._closed.clear()
                self._client.connect(self._line.host, self._line.port, keepalive=self._line.keepalive)
                self._serve()
                attempt, told = 0, False
            except (OSError, ValueError) as e:
                attempt += 1
                if not told:
                    _LOG.warning("broker_unreachable", error=type(e).__name__)
                told = True
            self._stopped.wait(self._random() * min(self._line.slowest_retry, 0.5 * 2.0 ** min(attempt, 8)))

    def _serve(self) -> None:
        """Lets paho's own thread work until the connection ends: only then do its writes and ours not mix."""
        self._client.loop_start()
        while not self._closed.wait(0.5):
            if self._stopped.is_set():
                self._client.disconnect()
                break
        self._client.loop_stop()

    def _on_connect(
        self, client: paho.Client, _data: object, _flags: object, code: ReasonCode, _properties: object
    ) -> None:
        if code.is_failure:
            _LOG.error("broker_refused_conductor")
            client.disconnect()
            return
        client.subscribe(topics.every_device_up(), qos=1)
        self.connected.set()
        _LOG.info("conductor_connected")

    def _on_disconnect(
        self, _client: paho.Client, _data: object, _flags: object, _code: ReasonCode, _properties: object
    ) -> None:
        self.connected.clear()
        self._closed.set()

    def _on_message(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        try:
            topic = topics.parse(message.topic)
            if not isinstance(topic.channel, Up):
                return
            self._inbox.put_nowait(_Heard(topic.device, codec.read(topic.channel, bytes(message.payload))))
        except TidegateError:
            _LOG.warning("fleet_message_dropped", bytes=len(message.payload))
        except queue.Full:
            _LOG.warning("fleet_inbox_full")

    # ---------------------------------------------------------------------------------------------- the worker

    def _work(self) -> None:
        next_tick = self._clock.mono()
        while not self._stopped.is_set():
            try:
                heard = self._inbox.get(timeout=max(0.0, min(_TICK_S, next_tick - self._clock.mono())))
                self._guarded(partial(self._hear, heard))
            except queue.Empty:
                pass
            if self._clock.mono() >= next_tick:
                next_tick = self._clock.mono() + _TICK_S
                self._guarded(self._tick)

    def _guarded(self, work: Callable[[], None]) -> None:
        """One bad device file or full disk must not end the conductor."""
        try:
            work()
        except (TidegateError, OSError) as e:
            _LOG.error("fleet_work_failed", error=e)

    def _hear(self, heard: _Heard) -> None:
        if isinstance(heard.word, Fetch):
            device = self._store.device(heard.device)
            if device is None or not device.revoked:
                for block in self._blobs.blocks(heard.word):
                    self._client.publish(
                        topics.down(heard.device, Down.BLOCK), codec.block_bytes(block), qos=0
                    )
            return
        for desired in desk.hear(self._store, heard.device, heard.word, self._clock.now()):
            self._send(desired)

    def _tick(self) -> None:
        now = self._clock.mono()
        for desired in desk.lagging(self._store):
            revision, at = self._sent.get(desired.device, (-1, 0.0))
            if revision != desired.revision or now - at >= _RESEND_S:
                self._send(desired)
        if now - self._refreshed >= _REFRESH_S:
            self._refreshed = now
            if self._repository.refresh(self._clock.now()):
                _LOG.info("update_metadata_signed_again")

    def _send(self, desired: Desired) -> None:
        if self.connected.is_set():
            self._client.publish(
                topics.down(desired.device, Down.DESIRED), codec.desired_bytes(desired), qos=1
            )
            self._sent[desired.device] = (desired.revision, self._clock.mono())


def _no_delay(_client: paho.Client, _data: object, connection: object) -> None:
    """Small requests must not wait for the last one's acknowledgement: 40 ms each on Linux."""
    if isinstance(connection, socket.socket):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
