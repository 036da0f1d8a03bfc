"""The MCP server itself: four tools over the daemon's door. The daemon decides everything; this only carries it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, TypedDict, TypeVar

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations
from pydantic import Field

from edge.mcp.door import READY, DaemonDoor
from tidegate import __version__
from tidegate.chat import JSON
from tidegate.errors import TidegateError

T = TypeVar("T")
Text = Annotated[str, Field(min_length=1, max_length=200_000)]
_LOOK = ToolAnnotations(read_only_hint=True, open_world_hint=False)
_INSTRUCTIONS = (
    "Tidegate answers on this device where it can, and lets a validated cloud tier help with what was redacted. "
    "ask: an answer and where it came from. redact: the text as it would leave the device. "
    "plan: where a question would be answered, and why. status: whether the device can answer."
)


class Asked(TypedDict):
    """An answer, and where it came from."""

    text: str
    source: str
    state: str
    why: str
    confidence: float | None
    ticket: str | None


class Redacted(TypedDict):
    """The text as it would leave, and how many private values of each kind were found."""

    text: str
    entities: dict[str, int]
    may_leave: bool
    note: str


class Planned(TypedDict):
    decision: str
    why: list[str]
    entities: dict[str, int]


class Status(TypedDict):
    ready: bool
    model: str
    uplink: bool
    link_up: bool
    waiting_answers: int


def build(door: DaemonDoor) -> MCPServer:
    """The server around a door."""
    server = MCPServer("tidegate", instructions=_INSTRUCTIONS, version=__version__, log_level="ERROR")

    @server.tool(annotations=ToolAnnotations(read_only_hint=False, destructive_hint=False))
    async def ask(question: Text, local_only: bool = False, conversation: str = "") -> Asked:
        """Asks Tidegate. With local_only nothing leaves this device. A conversation's name joins questions together."""
        return await _said(lambda: _ask(door, question, conversation, local_only=local_only))

    @server.tool(annotations=_LOOK)
    async def redact(text: Text) -> Redacted:
        """Shows a text as it would leave this device: private values replaced. Nothing is sent."""
        return await _said(lambda: _redact(door, text))

    @server.tool(annotations=_LOOK)
    async def plan(question: Text) -> Planned:
        """Says where a question would be answered, and why. Nothing is generated, nothing is sent."""
        return await _said(lambda: _plan(door, question))

    @server.tool(annotations=_LOOK)
    async def status() -> Status:
        """Says whether this device can answer, by itself or through the cloud."""
        return await _said(lambda: _status(door))

    return server


async def run(door: DaemonDoor) -> None:
    """Serves standard input and output until they end."""
    await build(door).run_stdio_async()


async def _said(work: Callable[[], Awaitable[T]]) -> T:
    """Our errors in words that the client's model may read; they never hold user text."""
    try:
        return await work()
    except TidegateError as error:
        raise ToolError(str(error)) from error


async def _ask(door: DaemonDoor, question: str, conversation: str, *, local_only: bool) -> Asked:
    headers = {"x-tidegate-local-only": "true"} if local_only else {}
    if conversation:
        headers["x-tidegate-conversation"] = conversation[:256]
    found = await door.post("/chat/completions", _question(question), headers)
    told = _object(found.get("tidegate"))
    confidence = told.get("confidence")
    ticket = told.get("ticket")
    return Asked(
        text=_text_of(found),
        source=str(told.get("source", "")),
        state=str(told.get("state", "")),
        why=str(told.get("why", "")),
        confidence=confidence if isinstance(confidence, float) else None,
        ticket=ticket if isinstance(ticket, str) else None,
    )


async def _redact(door: DaemonDoor, text: str) -> Redacted:
    found = await door.post("/tidegate/preview", _question(text))
    messages = found.get("messages")
    first = _object(messages[0]) if isinstance(messages, list) and messages else {}
    leaves = bool(found.get("may_leave"))
    note = "" if first else "nothing leaves this device, so nothing is redacted"
    return Redacted(
        text=str(first.get("content", "")),
        entities=_counts(found.get("entities")),
        may_leave=leaves,
        note=note,
    )


async def _plan(door: DaemonDoor, question: str) -> Planned:
    found = await door.post("/tidegate/plan", _question(question))
    why = found.get("why")
    return Planned(
        decision=str(found.get("decision", "")),
        why=[str(one) for one in why] if isinstance(why, list) else [],
        entities=_counts(found.get("entities")),
    )


async def _status(door: DaemonDoor) -> Status:
    now = await door.get(READY)
    waiting = (await door.get("/tidegate/answers")).get("data")
    return Status(
        ready=bool(now.get("ready")),
        model=str(now.get("model", "")),
        uplink=bool(now.get("uplink")),
        link_up=bool(now.get("link_up")),
        waiting_answers=len(waiting) if isinstance(waiting, list) else 0,
    )


def _question(text: str) -> dict[str, JSON]:
    return {"model": "tidegate", "messages": [{"role": "user", "content": text}]}


def _text_of(found: dict[str, JSON]) -> str:
    choices = found.get("choices")
    first = _object(choices[0]) if isinstance(choices, list) and choices else {}
    content = _object(first.get("message")).get("content")
    return content if isinstance(content, str) else ""


def _object(value: JSON) -> dict[str, JSON]:
    return value if isinstance(value, dict) else {}


def _counts(value: JSON) -> dict[str, int]:
    return {label: count for label, count in _object(value).items() if isinstance(count, int)}
