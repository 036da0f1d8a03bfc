"""A command asks the running daemon, as the owner of the device: over loopback, with the key that the state folder gives."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from edge import device_key
from edge.owner import owner_key
from tidegate.chat import JSON
from tidegate.errors import BadRequest, Unreachable

_TIMEOUT_S = 60.0
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def daemon_url(state: Path) -> str:
    """Where the daemon of a state folder knocks, with `/v1`; empty when none runs."""
    try:
        url = (state / "daemon.url").read_text(encoding="utf-8").strip()
    except OSError:
        return ""
    return url if urlsplit(url).hostname in _LOOPBACK else ""


def ask(state: Path, method: str, path: str) -> dict[str, JSON]:
    """What the daemon of a state folder answers its owner. Raises Unreachable when none runs, BadRequest with what it said."""
    import httpx

    url = daemon_url(state)
    if not url:
        raise no_daemon()
    headers = {"authorization": f"Bearer {owner_key(device_key.load_or_make(state))}"}
    try:
        reply = httpx.request(method, url + path, headers=headers, timeout=_TIMEOUT_S, trust_env=False)
        found: object = reply.json()
    except (httpx.HTTPError, ValueError) as error:
        raise no_daemon() from error
    body = found if isinstance(found, dict) else {}
    if reply.status_code >= 400:
        raise _said(body.get("error"), reply.status_code)
    return body


def no_daemon() -> Unreachable:
    return Unreachable(
        "no daemon answers for this state folder",
        code="no_daemon",
        hint="start one with `tidegate edge run`, or name its folder with --state",
    )


def _said(error: object, status: int) -> BadRequest:
    told = error if isinstance(error, dict) else {}
    return BadRequest(
        str(told.get("message") or f"the daemon answered {status}"),
        code=str(told.get("code") or "refused"),
        status=status,
    )
