"""Whom the door takes for this machine: names in the Host header. Pure."""

from __future__ import annotations

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})


def is_local(host: str) -> bool:
    """Whether a Host header names this machine. A page in a browser must not come by a name it controls (DNS rebinding)."""
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    return name.lower() in LOCAL_HOSTS
