"""Whether something else answers where the internet should: one plain HTTP question to an address of the operator's choice.

The address answers 204 and nothing else when the way is free (the convention of operating systems). A redirect, a page or any
other status is a captive portal. Nothing is told but the address itself. Without an address nothing is asked: then only the
cloud's own certificate tells (edge.uplink.client).
"""

from __future__ import annotations

import asyncio
import re
from enum import StrEnum
from urllib.parse import urlsplit

from tidegate.errors import BadConfig

WITHIN_S = 3.0
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})[ \r]")


class Found(StrEnum):
    FREE = "free"
    CAPTIVE = "captive"
    NOBODY = "nobody"  # no answer: an outage, not a portal


def judged(head: bytes) -> Found:
    """What the first line of a reply says. Pure."""
    if not head:
        return Found.NOBODY
    status = _STATUS.match(head)
    return Found.FREE if status is not None and status[1] == b"204" else Found.CAPTIVE


class HttpProbe:
    """Asks `http://host[:port]/path`. Raises BadConfig when made with anything else."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        try:
            port = parts.port
        except ValueError as error:
            raise _bad() from error
        whole = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        if (
            parts.scheme != "http"
            or not parts.hostname
            or "@" in parts.netloc
            or not re.fullmatch(r"[!-~]+", whole)
        ):
            raise _bad()
        self._host, self._port = parts.hostname, port or 80
        self._question = f"GET {whole} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n".encode(
            "ascii", "replace"
        )

    async def captive(self) -> bool:
        """Whether a portal answered. Never raises."""
        return await self.look() is Found.CAPTIVE

    async def look(self) -> Found:
        try:
            async with asyncio.timeout(WITHIN_S):
                reader, writer = await asyncio.open_connection(self._host, self._port, limit=4096)
                try:
                    writer.write(self._question)
                    return judged(await reader.read(64))
                finally:
                    writer.close()
        except (OSError, TimeoutError):
            return Found.NOBODY


def _bad() -> BadConfig:
    return BadConfig(
        "uplink.portal_probe: not an address like http://host/path",
        code="bad_portal_probe",
        hint="name a page of yours that answers 204, or leave it out",
    )
