"""The MCP reference client, with Tidegate as its server over standard input and output."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.journeys.clients.conftest import ROOT
from tests.journeys.clients.said import why

if TYPE_CHECKING:
    from tests.journeys.clients.conftest import Door

mcp = pytest.importorskip("mcp", reason=why("mcp"))
PACKAGE = "mcp"


@asynccontextmanager
async def served(python: str, door: Door, state: Path) -> AsyncIterator[Any]:
    """A client whose server is `tidegate mcp serve` beside the running daemon."""
    server = mcp.StdioServerParameters(
        command=python,
        args=["-m", "tidegate", "mcp", "serve", "--state", str(state)],
        env={"TIDEGATE_API_KEY": door.key},
        cwd=ROOT,
    )
    async with mcp.Client(server) as client:
        yield client


async def test_its_tools_are_listed_with_what_they_do(python: str, door: Door, state: Path) -> None:
    async with served(python, door, state) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert {"ask", "redact", "plan", "status"} <= tools.keys()
    assert tools["redact"].annotations.read_only_hint is True
    assert all(tool.description and tool.output_schema for tool in tools.values())


async def test_a_question_is_asked_and_planned(python: str, door: Door, state: Path) -> None:
    async with served(python, door, state) as client:
        asked = await client.call_tool("ask", {"question": "turn on the light", "local_only": True})
        planned = await client.call_tool("plan", {"question": "turn on the light"})
        status = await client.call_tool("status", {})
    assert not asked.is_error
    assert asked.structured_content["text"]
    assert planned.structured_content["decision"]
    assert status.structured_content["ready"] is True


async def test_wrong_arguments_are_an_error_that_says_so(python: str, door: Door, state: Path) -> None:
    async with served(python, door, state) as client:
        wrong = await client.call_tool("ask", {"question": ""})
        unknown = await client.call_tool("ask", {})
    assert wrong.is_error
    assert unknown.is_error
