"""A wire tap for the canary journey: a gRPC door that records every byte and passes it on, and an OTLP sink."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cloud.fleet.broker import ACL, listener_of
from cloud.fleet.place import FleetPlace
from tidegate.clock import SystemClock
from tidegate.identity import tls  # before grpc: it restricts it to TLS 1.3
from tidegate.identity.authority import certificate_pem, issue_device, key_pem, new_key
from tidegate.identity.folder import load_authority
from tidegate.ids import device_id

import grpc  # isort: skip
import paho.mqtt.client as mqtt


class _Forward(grpc.GenericRpcHandler):
    """Passes every unary call on with the device's identity and keeps what went both ways."""

    def __init__(self, upstream: grpc.Channel, seen: list[bytes]) -> None:
        self._upstream = upstream
        self._seen = seen

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        return grpc.unary_unary_rpc_method_handler(self._call(handler_call_details.method))

    def _call(self, method: str) -> Callable[[bytes, grpc.ServicerContext], bytes]:
        def forward(request: bytes, context: grpc.ServicerContext) -> bytes:
            metadata = [(key, value) for key, value in context.invocation_metadata() if key == "traceparent"]
            self._seen.extend((request, repr(context.invocation_metadata()).encode()))
            try:
                reply: bytes = self._upstream.unary_unary(method)(request, metadata=metadata, timeout=60)
            except grpc.RpcError as error:
                context.abort(error.code(), error.details())
            self._seen.append(reply)
            return reply

        return forward


class GrpcTap:
    """Listens on a loopback port with the cloud's own certificate; forwards to `upstream` as the device."""

    def __init__(self, *, port: int, upstream: str, cloud: Path, device: Path) -> None:
        self.seen: list[bytes] = []
        self._channel = grpc.secure_channel(upstream, tls.channel_credentials(tls.load_material(device)))
        self._server = grpc.server(ThreadPoolExecutor(8))
        self._server.add_generic_rpc_handlers((_Forward(self._channel, self.seen),))
        self._server.add_secure_port(f"127.0.0.1:{port}", tls.server_credentials(tls.load_material(cloud)))
        self._server.start()

    def close(self) -> None:
        self._server.stop(1).wait()
        self._channel.close()


class OtlpSink:
    """An OTLP/HTTP collector that keeps the raw bodies."""

    def __init__(self) -> None:
        seen: list[bytes] = []

        class Collect(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                seen.append(self.rfile.read(int(self.headers.get("content-length", "0"))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return

        self.seen = seen
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Collect)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1/traces"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class MqttTap:
    """A subscriber to everything, admitted by a line in the broker's access list that no product has."""

    NAME = "canary-wire-tap"

    def __init__(self, folder: Path, port: int) -> None:
        self.seen: list[bytes] = []
        self._port = port
        self._client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2, client_id=self.NAME, protocol=mqtt.MQTTv5
        )
        self._client.tls_set_context(tls.client_context(folder))
        self._client.on_message = self._keep
        self._ready = threading.Event()
        self._client.on_connect = self._subscribe
        self._client.on_subscribe = lambda *_: self._ready.set()

    @classmethod
    def prepare(cls, cloud_state: Path) -> MqttTap:
        """Before the broker starts: a certificate of the fleet's CA, and the right to read all topics."""
        place = FleetPlace(cloud_state)
        authority = load_authority(cloud_state / "authority")
        key = new_key()
        certificate = issue_device(authority, device_id(cls.NAME), key.public_key(), SystemClock().now())
        folder = cloud_state.parent / "tap"
        folder.mkdir()
        (folder / "key.pem").write_bytes(key_pem(key))
        (folder / "cert.pem").write_bytes(certificate_pem(certificate))
        (folder / "ca.pem").write_bytes(certificate_pem(authority.certificate))
        with (place.broker / ACL).open("a") as access:
            access.write(f"\nuser {cls.NAME}\ntopic read #\n")
        return cls(folder, listener_of(place.broker)[1])

    def listen(self) -> MqttTap:
        self._client.connect("127.0.0.1", self._port)
        self._client.loop_start()
        if not self._ready.wait(10):
            raise RuntimeError("the wire tap could not subscribe")
        return self

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _subscribe(self, client: mqtt.Client, *_: object) -> None:
        client.subscribe("#", qos=0)

    def _keep(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        self.seen.append(message.topic.encode() + b" " + message.payload)
