"""Whether the broker of the fleet takes this device. A handshake and no more: a second session would end the daemon's own."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

from edge.checkup.found import Check, Finding
from edge.config import EdgeConfig
from edge.uplink.enrol import parse_address
from tidegate.clock import SystemClock
from tidegate.identity.tls import client_context

_CONNECT_S = 5.0
_REFUSAL_S = 0.5  # in TLS 1.3 a server says what it thinks of a certificate after the handshake
_MEANWHILE = "the door answers meanwhile; updates wait"


def look(part: str, config: EdgeConfig) -> Check:
    if not config.managed:
        return Check(part, Finding.NOT_USED, "no broker is configured, or nothing may leave")
    host, port = parse_address(config.fleet.broker)
    return knock(part, host, port, config.identity)


def knock(part: str, host: str, port: int, identity: Path) -> Check:
    """Raises Broken and BadConfig when this device's own identity cannot be read."""
    context = client_context(identity)
    began = SystemClock().mono()
    try:
        with (
            socket.create_connection((host, port), timeout=_CONNECT_S) as plain,
            context.wrap_socket(plain, server_hostname=host) as secured,
        ):
            took = (SystemClock().mono() - began) * 1000
            secured.settimeout(_REFUSAL_S)
            refused = _refused(secured)
    except ssl.SSLError as error:
        return Check(
            part,
            Finding.BROKEN,
            f"the broker's proof or ours fails: {_reason(error)}",
            "check fleet.broker and this device's clock; enrol it again if the fleet has a new authority",
        )
    except OSError as error:
        said = error.strerror or "no answer in time"
        return Check(
            part,
            Finding.BROKEN,
            f"cannot be reached: {said}; {_MEANWHILE}",
            "check fleet.broker and the network",
        )
    if refused:
        return Check(
            part,
            Finding.BROKEN,
            f"the broker does not take this device: {refused}",
            "enrol this device again",
        )
    return Check(part, Finding.OK, f"took this device's certificate in {took:.0f} ms")


def _refused(secured: ssl.SSLSocket) -> str:
    """Why the server ends the connection at once; empty when it waits for us to speak, as a broker does."""
    try:
        return "" if secured.recv(1) else "it closed the connection"
    except TimeoutError:
        return ""
    except ssl.SSLError as error:
        return _reason(error)
    except OSError:
        return "it closed the connection"


def _reason(error: ssl.SSLError) -> str:
    """OpenSSL's word for it, which names no secret."""
    return (error.reason or type(error).__name__).replace("_", " ").lower()
