"""MCP servers as tools: connected when first needed, listed once per connection, and never trusted beyond their settings."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

import httpx2
from mcp.client import Client
from mcp.client._transport import TransportStreams
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult, TextContent

from edge.agent.settings import McpSetting
from edge.agent.tools.child import readable
from edge.agent.tools.mcp_list import MOST_TOOLS, Listed, Offer, offer
from edge.agent.tools.mcp_stdio import child_streams
from edge.agent.values import Ended, Outcome
from tidegate.chat import JSON
from tidegate.errors import TidegateError, Unreachable
from tidegate.logs import Log

CONNECT_S = 30.0  # a server may have much to load on a small machine
AGAIN_S = 5.0  # a server that died is not started anew sooner
_MOST_PAGES = 8


@dataclass(frozen=True, slots=True)
class Spec:
    """One server, ready to be started: `vector` for stdio, else the setting's address."""

    setting: McpSetting
    vector: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    outward: bool = False
    sandbox: str = ""


class McpServer:
    """One server and its connection, held by a task of its own. What it does wrong is an outcome, never an exception."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.problem = ""
        self._offer: Offer | None = None
        self._client: Client | None = None
        self._task: asyncio.Task[None] | None = None
        self._leave = asyncio.Event()
        self._not_before = 0.0
        self._lock = asyncio.Lock()
        self._log = Log("edge.agent")

    @property
    def ended(self) -> bool:
        """Whether no connection of it is alive."""
        return self._task is None or self._task.done()

    async def offered(self) -> Offer | None:
        """What it offers now; None while it is away, with the reason in `problem`."""
        async with self._lock:
            if self._client is None or self.ended:
                await self._connect()
            return self._offer

    async def call(self, name: str, arguments: dict[str, JSON]) -> Outcome:
        clock = asyncio.get_running_loop()
        began = clock.time()
        found = await self.offered()
        client, listed = self._client, found.theirs.get(name) if found is not None else None
        if client is None or listed is None:
            return Outcome(Ended.UNREACHABLE, note=self.problem or "the server does not offer it")
        try:
            async with asyncio.timeout(self.spec.setting.seconds):
                result = await client.call_tool(listed.name, dict(arguments))
            outcome = _outcome(result, listed, self.spec.setting.output_bytes)
        except TimeoutError:
            outcome = Outcome(Ended.TIMED_OUT, note=f"after {self.spec.setting.seconds:g} s")
            await self.close()
        except Exception as error:  # noqa: BLE001  the SDK's boundary: a server may break it in any way
            outcome = Outcome(_how(error), note=f"{type(error).__name__}")
            if outcome.ended is Ended.UNREACHABLE:
                await self.close()
        return Outcome(outcome.ended, outcome.text, outcome.note, clock.time() - began)

    async def close(self) -> None:
        """Ends the connection and the server."""
        task, self._client, self._offer = self._task, None, None
        self._task = None
        if task is not None:
            self._leave.set()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _connect(self) -> None:
        clock = asyncio.get_running_loop()
        if clock.time() < self._not_before:
            return
        await self.close()
        self._not_before = clock.time() + AGAIN_S
        self._leave = asyncio.Event()
        ready: asyncio.Future[None] = clock.create_future()
        self._task = asyncio.create_task(self._live(ready))
        try:
            async with asyncio.timeout(CONNECT_S):
                await asyncio.shield(ready)
            self.problem = ""
        except TimeoutError:
            self.problem = "the server did not answer in time"
            await self.close()
        except TidegateError as error:
            self.problem = error.message
            await self.close()
        if self.problem:
            self._log.warning("mcp_server_away", reason="see_agent_tools")

    async def _live(self, ready: asyncio.Future[None]) -> None:
        """Connects, lists, then waits until it is told to leave: the SDK wants both ends in one task."""
        try:
            async with Client(_Once(_streams(self.spec)), cache=None) as client:
                listed = await _list(client)
                spec = self.spec
                try:
                    made = offer(listed, spec.setting, outward=spec.outward, sandbox=spec.sandbox)
                except TidegateError as error:  # told here: the SDK's task groups would wrap it
                    _fail(ready, error)
                    return
                self._offer, self._client = made, client
                if not ready.done():
                    ready.set_result(None)
                await self._leave.wait()
        except Exception as error:  # noqa: BLE001  as above; a group of errors hides its members
            _fail(
                ready,
                Unreachable(f"the server cannot be used ({type(error).__name__})", code="mcp_unreachable"),
            )
        finally:
            self._client, self._offer = None, None


class _Once:
    """A transport as the SDK wants it: an object with `__aenter__` and `__aexit__`."""

    def __init__(self, streams: AbstractAsyncContextManager[TransportStreams]) -> None:
        self._streams = streams

    async def __aenter__(self) -> TransportStreams:
        return await self._streams.__aenter__()

    async def __aexit__(self, *exc: object) -> bool | None:
        kind, error, trace = exc
        return await self._streams.__aexit__(kind, error, trace)  # type: ignore[arg-type]


def _fail(ready: asyncio.Future[None], error: TidegateError) -> None:
    if not ready.done():
        ready.set_exception(error)


def _how(error: Exception) -> Ended:
    """Whether the server said no, or is gone."""
    from mcp import MCPError

    if isinstance(error, MCPError):
        closed = "clos" in str(error).lower()
        return Ended.UNREACHABLE if closed else Ended.FAILED
    return Ended.INVALID if isinstance(error, ValueError | RuntimeError) else Ended.UNREACHABLE


@asynccontextmanager
async def _streams(spec: Spec) -> AsyncIterator[TransportStreams]:
    setting = spec.setting
    if spec.vector:
        async with child_streams(spec.vector, spec.env, 4 * setting.output_bytes) as streams:
            yield streams
        return
    timeout = httpx2.Timeout(setting.seconds)
    async with (
        httpx2.AsyncClient(headers=dict(spec.headers), timeout=timeout, trust_env=False) as client,
        streamable_http_client(
            setting.url, http_client=client, max_sse_event_size=4 * setting.output_bytes
        ) as streams,
    ):
        yield streams


async def _list(client: Client) -> list[Listed]:
    found: list[Listed] = []
    cursor: str | None = None
    for _ in range(_MOST_PAGES):
        page = await client.list_tools(cursor=cursor)
        found += [
            Listed(one.name, one.description or "", one.input_schema, one.output_schema) for one in page.tools
        ]
        cursor = page.next_cursor
        if not cursor or len(found) > MOST_TOOLS:
            break
    return found


def _outcome(result: CallToolResult, listed: Listed, most: int) -> Outcome:
    texts = [part.text for part in result.content if isinstance(part, TextContent)]
    if result.structured_content is not None and not texts:
        texts = [json.dumps(result.structured_content, ensure_ascii=False)]
    raw = "\n".join(texts).encode("utf-8", "replace")
    text = readable(raw[:most])
    if len(raw) > most:
        return Outcome(Ended.FLOODED, text, f"more than {most} bytes")
    if result.is_error:
        return Outcome(Ended.FAILED, text, "the server says that it failed")
    if not _keeps_word(result.structured_content, listed.output_schema):
        return Outcome(Ended.INVALID, text, "not what its schema promises")
    return Outcome(Ended.OK, text)


def _keeps_word(value: object, schema: object) -> bool:
    """Whether a structured result is what the server's own schema says. Without a usable schema there is no word to keep."""
    if not isinstance(schema, dict):
        return True
    import jsonschema

    from edge.agent.arguments import schema_text

    with contextlib.suppress(TidegateError, ValueError, RecursionError):
        checked = json.loads(schema_text(schema, "mcp", foreign=True, closed=False))
        return value is not None and jsonschema.Draft202012Validator(checked).is_valid(value)
    return True
