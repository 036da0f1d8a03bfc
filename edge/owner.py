"""The owner of the device: whoever can read its state folder. Their key is derived from the device's, so it is never stored.

With it a command asks the running daemon (edge.asking) to do what only the daemon can: read its settings again, or forget
what it holds in memory. Loopback only, like the door itself.
"""

from __future__ import annotations

import hmac

from edge.device_key import DeviceKey

_PURPOSE = "owner"


def owner_key(key: DeviceKey) -> str:
    """The key, as it stands behind `Bearer`."""
    return "tgo_" + key.derive(_PURPOSE).hex()


def is_owner(key: DeviceKey, authorization: str) -> bool:
    """Whether this header is the owner's."""
    scheme, _, given = authorization.partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(
        given.strip().encode("utf-8", "surrogateescape"), owner_key(key).encode()
    )
