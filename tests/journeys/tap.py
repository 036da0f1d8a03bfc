"""A wire tap for the canary journey: a gRPC door that records every byte and passes it on, and an OTLP sink."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tidegate.identity import tls

import grpc  # after tls, which restricts it to TLS 1.3


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
