"""The tools of this device where they can be changed under a running call: `edge.agent.ports.Toolbox`.

A call ends with the tools it began with, its MCP server included; whatever is asked next sees the new ones alone.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from edge.agent.toolbox import Chest
from edge.agent.values import Outcome, Tool
from tidegate.chat import JSON


@dataclass(slots=True)
class _Shelf:
    """One set of tools and how many calls are inside it."""

    chest: Chest
    inside: int = 0
    empty: asyncio.Event = field(default_factory=asyncio.Event)


class Rack:
    """Use from one event loop."""

    def __init__(self, chest: Chest) -> None:
        self._now = _Shelf(chest)
        self._leaving: set[asyncio.Task[None]] = set()

    @property
    def chest(self) -> Chest:
        """The tools in force."""
        return self._now.chest

    async def tools(self) -> Mapping[str, Tool]:
        return await self._now.chest.tools()

    async def call(self, tool: Tool, arguments: dict[str, JSON], key: str) -> Outcome:
        shelf = self._now
        shelf.inside += 1
        try:
            return await shelf.chest.call(tool, arguments, key)
        finally:
            shelf.inside -= 1
            if not shelf.inside:
                shelf.empty.set()

    def turn(self, fresh: Chest) -> None:
        """From now on these tools. A server that is in both sets goes on; one that is not ends when its last call has ended."""
        old, self._now = self._now, _Shelf(fresh)
        stay = {id(server) for server in fresh.servers.values()}
        gone = {name: one for name, one in old.chest.servers.items() if id(one) not in stay}
        if gone:
            task = asyncio.create_task(_retired(old, Chest({}, gone)))
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)

    async def close(self) -> None:
        """Ends what the tools keep running, those that were on their way out as well."""
        for task in tuple(self._leaving):
            task.cancel()
        await asyncio.gather(*self._leaving, return_exceptions=True)
        await self._now.chest.close()


async def _retired(shelf: _Shelf, gone: Chest) -> None:
    """Closes these servers once nobody is inside; at once when the daemon ends."""
    with contextlib.suppress(asyncio.CancelledError):
        while shelf.inside:
            shelf.empty.clear()
            await shelf.empty.wait()
    await gone.close()
