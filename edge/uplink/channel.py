"""One gRPC channel over mutual TLS 1.3 that moves bytes: the only place that constructs a connection to another machine."""

from __future__ import annotations

from collections.abc import Sequence

from tidegate.identity import tls  # before grpc: it switches TLS 1.2 off
from tidegate.identity.tls import TlsMaterial

import grpc  # isort: skip

Method = grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]

_OPTIONS: Sequence[tuple[str, int]] = (
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.max_receive_message_length", 4 * 1024 * 1024),
    ("grpc.initial_reconnect_backoff_ms", 250),
    ("grpc.max_reconnect_backoff_ms", 5_000),
    ("grpc.enable_http_proxy", 0),
)


class Channel:
    """Connects on first use. `server_name` is the name the cloud's certificate carries, when it is not the address's."""

    def __init__(self, address: str, material: TlsMaterial, server_name: str = "") -> None:
        options = [*_OPTIONS, *([("grpc.ssl_target_name_override", server_name)] if server_name else [])]
        self._channel = grpc.aio.secure_channel(address, tls.channel_credentials(material), options=options)

    def method(self, path: str) -> Method:
        """A unary call without serialisers."""
        return self._channel.unary_unary(path, None, None)

    async def close(self, grace_s: float = 0.2) -> None:
        """Calls under way may end within `grace_s`."""
        await self._channel.close(grace=grace_s)
