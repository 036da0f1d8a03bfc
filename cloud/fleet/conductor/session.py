"""The conductor's MQTT 5 session: hears every device, answers block requests, sends orders until they are heard.

The line's thread only parses and queues; one worker does the rest, so a slow disk never blocks the connection. What the
queue cannot take is dropped: devices ask and report again.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from cloud.fleet import desk
from cloud.fleet.blobs import BlobFolder
from cloud.fleet.conductor import codec
from cloud.fleet.registry import FleetStore, Word
from tidegate import topics
from tidegate.clock import Clock
from tidegate.errors import TidegateError
from tidegate.identity.names import Service, service_common_name
from tidegate.ids import DeviceId
from tidegate.logs import Log
from tidegate.mqtt import Broker, Failure, Line
from tidegate.signing.repository import Repository
from tidegate.topics import Down, Up
from tidegate.updates import Desired, Fetch

_LOG = Log("cloud.fleet")
_TICK_S = 0.5
_RESEND_S = 15.0
_REFRESH_S = 600.0


@dataclass(frozen=True, slots=True)
class _Heard:
    device: DeviceId
    word: Word | Fetch


class Conductor:
    """One per cloud. `start` once, `stop` once; both return at once or within seconds."""

    def __init__(
        self,
        broker: Broker,
        store: FleetStore,
        repository: Repository,
        clock: Clock,
        random: Callable[[], float],
    ) -> None:
        self._store, self._repository, self._clock = store, repository, clock
        self._blobs = BlobFolder(repository.folder / "repository")
        self._inbox: queue.Queue[_Heard] = queue.Queue(maxsize=2000)
        self._stopped = threading.Event()
        self._told = False  # that there is no connection
        self._sent: dict[DeviceId, tuple[int, float]] = {}
        self._refreshed = float("-inf")
        self._line = Line(service_common_name(Service.CONDUCTOR), broker, self, random)
        self.connected = self._line.connected
        self._worker = threading.Thread(target=self._work, name="tidegate-conductor", daemon=True)

    def start(self) -> None:
        """Raises BadConfig when the conductor's certificate is missing."""
        self._line.start()
        self._worker.start()

    def stop(self) -> None:
        self._stopped.set()
        self._line.stop()
        if self._worker.is_alive():
            self._worker.join(timeout=4.0)

    # ------------------------------------------------------------------------------------------ the line's threads

    def greeted(self) -> None:
        self._told = False
        self._line.subscribe(topics.every_device_up())
        _LOG.info("conductor_connected")

    def failed(self, why: Failure) -> bool:
        """Said once per streak; a broker that is away or set up anew may come back, so there is no giving up."""
        if not self._told:
            self._told = True
            if why is Failure.UNREACHABLE:
                _LOG.warning("broker_unreachable")
            else:
                _LOG.error("broker_refused_conductor", reason=why)
        return True

    def heard(self, topic: str, content: bytes, taken: Callable[[], None]) -> None:
        taken()
        try:
            place = topics.parse(topic)
            if isinstance(place.channel, Up):
                self._inbox.put_nowait(_Heard(place.device, codec.read(place.channel, content)))
        except TidegateError:
            _LOG.warning("fleet_message_dropped", bytes=len(content))
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
                    self._line.publish(topics.down(heard.device, Down.BLOCK), codec.block_bytes(block), qos=0)
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
        if self._line.publish(topics.down(desired.device, Down.DESIRED), codec.desired_bytes(desired)):
            self._sent[desired.device] = (desired.revision, self._clock.mono())
