"""One MQTT 5 connection, kept up until it is stopped: what a device's session and the conductor's have in common.

paho runs in a thread of its own while the connection lasts; the reconnect loop is ours, with full jitter. The broker is
an untrusted pipe: mutual TLS says who may use it, and nothing that it carries is believed for having come through it.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from tidegate.identity.tls import client_context

_FIRST_WAIT_S, _DOUBLINGS = 0.5, 8


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker is, whose certificate to show, and how patient to be (seconds)."""

    host: str
    port: int
    identity: Path
    slowest_retry: float = 30.0
    keepalive: int = 30
    session_expiry: int = 0  # how long the broker keeps what came in our absence; 0: it keeps nothing


class Failure(StrEnum):
    """Why a connection was never had. All but the first are the broker's or our own certificate's fault."""

    UNREACHABLE = "unreachable"
    REFUSED = "connack"
    SILENT = "closed_before_connack"
    CERTIFICATE = "bad_broker_certificate"
    TLS = "tls"


class Speaker(Protocol):
    """Whoever uses the line. Called on its threads; must not block."""

    def greeted(self) -> None:
        """The broker has taken us, now or again."""
        ...

    def heard(self, topic: str, content: bytes, taken: Callable[[], None]) -> None:
        """A message; without `taken` the broker brings it again."""
        ...

    def failed(self, why: Failure) -> bool:
        """Whether to try again."""
        ...


class Line:
    """`start` once, `stop` once; both return at once or within seconds."""

    def __init__(
        self,
        name: str,
        broker: Broker,
        speaker: Speaker,
        random: Callable[[], float],
        *,
        will: tuple[str, bytes] | None = None,
    ) -> None:
        """`will`: what the broker says for us when we vanish."""
        self._broker, self._speaker, self._random = broker, speaker, random
        self._stopped = threading.Event()
        self._closed = threading.Event()
        self._answer: ReasonCode | None = None  # to the last CONNECT
        self.connected = threading.Event()
        self._client = self._new_client(name, will)
        self._thread = threading.Thread(target=self._run, name=f"mqtt {name}", daemon=True)

    def start(self) -> None:
        """Connects in the background. Raises BadConfig when the identity is missing or unusable."""
        self._client.tls_set_context(client_context(self._broker.identity))
        self._thread.start()

    def stop(self, farewell: tuple[str, bytes] | None = None) -> None:
        self._stopped.set()
        if self.connected.is_set():
            if farewell is not None:
                self.publish(*farewell, qos=0)
            self._client.disconnect()
            self._closed.wait(timeout=1.0)
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join(timeout=4.0)

    def publish(self, topic: str, content: bytes, qos: int = 1) -> bool:
        """Sends when connected; nothing is queued while offline. Returns whether it was handed to the connection."""
        if not self.connected.is_set():
            return False
        self._client.publish(topic, content, qos=qos)
        return True

    def subscribe(self, topics: str) -> None:
        self._client.subscribe(topics, qos=1)

    # ------------------------------------------------------------------------------------------------ our thread

    def _run(self) -> None:
        attempt = 0
        while not self._stopped.is_set():
            failure = self._connect_and_serve()
            self.connected.clear()
            attempt = 0 if failure is None else attempt + 1
            if failure is not None and not self._stopped.is_set() and not self._speaker.failed(failure):
                return
            delay = min(self._broker.slowest_retry, _FIRST_WAIT_S * 2.0 ** min(attempt, _DOUBLINGS))
            self._stopped.wait(self._random() * delay)

    def _connect_and_serve(self) -> Failure | None:
        """One connection, from first to last. None when it had been accepted."""
        self._answer = None
        self._closed.clear()
        try:
            self._connect()
            self._serve()
        except ssl.SSLCertVerificationError:
            return Failure.CERTIFICATE
        except ssl.SSLError:
            return Failure.TLS
        except (OSError, ValueError):
            return Failure.UNREACHABLE
        return self._verdict()

    def _verdict(self) -> Failure | None:
        if self._answer is None:
            return Failure.SILENT
        return Failure.REFUSED if self._answer.is_failure else None

    def _connect(self) -> None:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = self._broker.session_expiry
        self._client.connect(
            self._broker.host,
            self._broker.port,
            keepalive=self._broker.keepalive,
            clean_start=paho.MQTT_CLEAN_START_FIRST_ONLY if self._broker.session_expiry == 0 else False,
            properties=properties,
        )

    def _serve(self) -> None:
        """Lets paho's own thread work until the connection ends: only then do its writes and ours not mix."""
        self._client.loop_start()
        while not self._closed.wait(0.5):
            if self._stopped.is_set():
                self._client.disconnect()
                break
        self._client.loop_stop()

    # -------------------------------------------------------------------------------------------- paho's thread

    def _new_client(self, name: str, will: tuple[str, bytes] | None) -> paho.Client:
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=name,
            protocol=paho.MQTTv5,
            manual_ack=True,
            reconnect_on_failure=False,
        )
        client.on_socket_open = _no_delay
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        if will is not None:
            client.will_set(*will, qos=1, retain=False)
        return client

    def _on_connect(
        self, client: paho.Client, _data: object, _flags: object, code: ReasonCode, _properties: object
    ) -> None:
        self._answer = code
        if code.is_failure:
            client.disconnect()
            return
        self.connected.set()
        self._speaker.greeted()

    def _on_disconnect(
        self, _client: paho.Client, _data: object, _flags: object, _code: ReasonCode, _properties: object
    ) -> None:
        self.connected.clear()
        self._closed.set()

    def _on_message(self, client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        def taken() -> None:
            if message.qos:
                client.ack(message.mid, message.qos)

        self._speaker.heard(message.topic, bytes(message.payload), taken)


def _no_delay(_client: paho.Client, _data: object, connection: object) -> None:
    """Small requests must not wait for the last one's acknowledgement: 40 ms each on Linux."""
    if isinstance(connection, socket.socket):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
