"""The running daemon's door, as the MCP server sees it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import httpx

from edge import asking, device_key
from edge.config import EdgeConfig
from edge.gateway.keys import Keyring, make_key
from edge.stores import open_stores
from tidegate.chat import JSON
from tidegate.clock import SystemClock
from tidegate.errors import BadRequest, Unreachable
from tidegate.fs import write_durably

APPLICATION = "mcp"
READY = "/readyz"  # the one path beside /v1
_TIMEOUT_S = 600.0  # a question may wait for the cloud; the client of the MCP server has limits of its own


@dataclass(frozen=True, slots=True)
class DaemonDoor:
    """`url` ends in `/v1`."""

    url: str
    api_key: str = field(repr=False)

    async def post(
        self, path: str, body: dict[str, JSON], headers: dict[str, str] | None = None
    ) -> dict[str, JSON]:
        """What the door answers. Raises BadRequest with its words, Unreachable when no daemon runs."""
        return await self._exchange("POST", path, body, headers)

    async def get(self, path: str) -> dict[str, JSON]:
        """As `post`."""
        return await self._exchange("GET", path, None, None)

    async def _exchange(
        self, method: str, path: str, body: JSON, headers: dict[str, str] | None
    ) -> dict[str, JSON]:
        given = {"authorization": f"Bearer {self.api_key}", **(headers or {})}
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=_TIMEOUT_S) as client:
                reply = await client.request(method, self._address(path), json=body, headers=given)
                found: JSON = reply.json()
        except (httpx.HTTPError, ValueError) as error:
            raise Unreachable(
                "the daemon does not answer", code="daemon_away", hint="start it with `tidegate edge run`"
            ) from error
        if not isinstance(found, dict):
            raise Unreachable("the daemon answered something else than JSON", code="daemon_away")
        if reply.is_success or path == READY:
            return found
        raise _refused(found)

    def _address(self, path: str) -> str:
        return (self.url.removesuffix("/v1") if path == READY else self.url) + path


def _refused(found: dict[str, JSON]) -> BadRequest:
    error = found.get("error")
    said = error if isinstance(error, dict) else {}
    return BadRequest(str(said.get("message", "refused")), code=str(said.get("code", "refused")))


def find(config: EdgeConfig, given_key: str) -> DaemonDoor:
    """The door of this state folder's daemon, with a key of its own. Raises Unreachable when none runs."""
    url = asking.daemon_url(config.state)
    if not url:
        raise asking.no_daemon()
    return DaemonDoor(url, given_key or own_key(config))


def own_key(config: EdgeConfig) -> str:
    """The key of the application `mcp`, kept beside the others (mode 0600); a new one when that was revoked."""
    file = config.state / "mcp.key"
    stores = open_stores(config, device_key.load_or_make(config.state))
    try:
        known = _known(file, Keyring(stores.keys))
        if not known:
            known = make_key(stores.keys, APPLICATION, SystemClock().now())
            write_durably(file, known.encode(), mode=0o600)
        return known
    finally:
        stores.close()


def _known(file: Path, keyring: Keyring) -> str:
    try:
        key = file.read_text(encoding="utf-8").strip()
        keyring.application(f"Bearer {key}")
    except (OSError, UnicodeDecodeError, BadRequest):
        return ""
    return key
