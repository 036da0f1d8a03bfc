"""HTTP tools: one request to a fixed host, bounded in time and size, with an idempotency key and no redirects."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

import httpx

from edge.agent.settings import HttpSetting
from edge.agent.tools import template
from edge.agent.tools.child import as_json, readable
from edge.agent.tools.template import Template
from edge.agent.values import Ended, Limits, Outcome
from edge.config import is_loopback
from tidegate.chat import JSON
from tidegate.errors import BadConfig

IDEMPOTENCY = "Idempotency-Key"


@dataclass(frozen=True, slots=True)
class HttpHand:
    """`rest` says whether arguments that no placeholder took are the JSON body."""

    setting: HttpSetting
    url: Template
    limits: Limits
    headers: Mapping[str, str] = field(repr=False)
    json_out: bool = False

    async def act(self, arguments: dict[str, JSON], key: str) -> Outcome:
        url = template.path(self.url, arguments)
        rest = {name: value for name, value in arguments.items() if name not in self.url.names}
        body = rest if self.setting.body == "json" else None
        clock = asyncio.get_running_loop()
        began = clock.time()
        try:
            async with asyncio.timeout(self.limits.seconds):
                outcome = await self._exchange(url, body, {**self.headers, IDEMPOTENCY: key})
        except TimeoutError:
            outcome = Outcome(Ended.TIMED_OUT, note=f"after {self.limits.seconds:g} s")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            outcome = Outcome(Ended.UNREACHABLE, note=type(error).__name__)
        outcome = replace(outcome, seconds=clock.time() - began)
        return as_json(outcome) if self.json_out else outcome

    async def _exchange(self, url: str, body: JSON, headers: Mapping[str, str]) -> Outcome:
        async with (
            httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=None) as client,  # noqa: S113  one timeout, around all of it
            client.stream(self.setting.method, url, json=body, headers=dict(headers)) as response,
        ):
            raw = bytearray()
            async for chunk in response.aiter_bytes():
                raw += chunk
                if len(raw) > self.limits.output_bytes:
                    text = readable(bytes(raw[: self.limits.output_bytes]))
                    return Outcome(Ended.FLOODED, text, f"more than {self.limits.output_bytes} bytes")
            text = readable(bytes(raw))
            if response.is_success:
                return Outcome(Ended.OK, text)
            return Outcome(Ended.FAILED, text, f"HTTP {response.status_code}")


def checked_url(url: str, where: str, hosts: frozenset[str], *, local_only: bool) -> bool:
    """Whether the address is on another machine. Raises BadConfig for one that is not allowed."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host or "{" in parts.netloc or "@" in parts.netloc:
        raise BadConfig(f"{where}: url: not an http address with a fixed host", code="bad_tool_url")
    return not checked_host(host, where, hosts, local_only=local_only)


def checked_host(host: str, where: str, hosts: frozenset[str], *, local_only: bool) -> bool:
    """Whether the host is this machine. Raises BadConfig for another that is not on the list, or when nothing may leave."""
    if is_loopback(host):
        return True
    if host not in hosts:
        raise BadConfig(
            f"{where}: the host {host} is not in agent.hosts",
            code="tool_host",
            hint="add it there, or use loopback",
        )
    if local_only:
        raise BadConfig(
            f"{where}: the host {host} is another machine, and the mode is local-only", code="tool_host"
        )
    return False
