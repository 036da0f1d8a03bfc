"""The owner of the device: whoever can read its state folder. Their key is derived from the device's, so it is never stored.

With it a command asks the running daemon to do what only the daemon can: read its settings again, or forget what it holds
in memory. Loopback only, like the door itself.
"""

from __future__ import annotations

import hmac
import json
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, Request, build_opener

from edge import device_key
from edge.device_key import DeviceKey
from tidegate.chat import JSON
from tidegate.errors import BadRequest, Unreachable

_PURPOSE = "owner"
_TIMEOUT_S = 60.0
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def owner_key(key: DeviceKey) -> str:
    """The key, as it stands behind `Bearer`."""
    return "tgo_" + key.derive(_PURPOSE).hex()


def is_owner(key: DeviceKey, authorization: str) -> bool:
    """Whether this header is the owner's."""
    scheme, _, given = authorization.partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(
        given.strip().encode("utf-8", "surrogateescape"), owner_key(key).encode()
    )


def daemon_url(state: Path) -> str:
    """Where the daemon of a state folder knocks, with `/v1`; empty when none runs."""
    try:
        url = (state / "daemon.url").read_text(encoding="utf-8").strip()
    except OSError:
        return ""
    return url if urlsplit(url).hostname in _LOOPBACK else ""


def ask(state: Path, method: str, path: str) -> dict[str, JSON]:
    """Asks the daemon of a state folder as its owner. Raises Unreachable when none runs, BadRequest with what it said."""
    url = daemon_url(state)
    if not url:
        raise no_daemon()
    key = owner_key(device_key.load_or_make(state))
    request = Request(url + path, method=method, headers={"authorization": f"Bearer {key}"})  # noqa: S310  loopback, checked above
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=_TIMEOUT_S) as reply:
            found: object = json.loads(reply.read())
    except HTTPError as error:
        raise _said(error) from error
    except (URLError, OSError, ValueError) as error:
        raise no_daemon() from error
    return found if isinstance(found, dict) else {}


def no_daemon() -> Unreachable:
    return Unreachable(
        "no daemon answers for this state folder",
        code="no_daemon",
        hint="start one with `tidegate edge run`, or name its folder with --state",
    )


def _said(error: HTTPError) -> BadRequest:
    try:
        body: object = json.loads(error.read())
    except ValueError:
        body = {}
    told = body.get("error") if isinstance(body, dict) else None
    told = told if isinstance(told, dict) else {}
    return BadRequest(
        str(told.get("message") or f"the daemon answered {error.code}"),
        code=str(told.get("code") or "refused"),
        status=error.code,
    )
