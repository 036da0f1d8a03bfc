"""What a change of settings reaches in a running daemon. Everything that can fail comes first; then all of it turns at once.

A request that is inside keeps the door, the house and the model that it began with.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from edge.config import EdgeConfig
from edge.gateway.agent_rooms import AgentDesk
from edge.gateway.server import Parts, build
from edge.memory.desk import keeping_of
from edge.promise.settings import stance_of
from edge.reload.desk import Reloader
from edge.reload.front import Front
from edge.reload.rules import Change

Switch = Callable[[EdgeConfig], Awaitable[None]]
"""Swaps the model for the one that settings name. Raises Broken, with the old one still serving."""
Refit = Callable[[EdgeConfig], Callable[[], None]]
"""Makes detectors as the settings want them; what it gives puts them to work. Raises Broken."""

Rearm = Callable[[AgentDesk, EdgeConfig], Callable[[], AgentDesk]]
"""Makes the agent's tools as the settings want them; what it gives puts them to work. Raises BadConfig and Broken."""


@dataclass(slots=True)
class Current:
    """The settings in force."""

    settings: EdgeConfig


@dataclass(frozen=True, slots=True)
class Again:
    """How the settings are read once more (raises BadConfig), and the bell that asks for it."""

    read: Callable[[], EdgeConfig]
    rung: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class Running:
    """`refit` None: nothing leaves, so nothing is looked for. `rearm` None: there is no agent."""

    current: Current
    parts: Parts
    front: Front
    reloader: Reloader
    switch: Switch
    refit: Refit | None
    rearm: Rearm | None = None

    @classmethod
    def around(
        cls,
        current: Current,
        parts: Parts,
        read: Callable[[], EdgeConfig],
        *,
        switch: Switch,
        refit: Refit | None,
        rearm: Rearm | None = None,
    ) -> Running:
        """A door that reads its settings again when its owner asks."""

        async def apply(change: Change) -> None:
            await made.apply(change)

        reloader = Reloader(current.settings, read, apply)
        parts = replace(parts, reload=reloader.reload)
        made = cls(current, parts, Front(build(parts)), reloader, switch, refit, rearm)
        return made

    async def apply(self, change: Change) -> None:
        """Raises Broken or BadConfig, with nothing changed, when a detector, a tool or the model cannot be made."""
        if not change.applied:
            return
        fresh = change.settings
        turn = None
        if change.detectors and self.refit is not None:
            turn = await asyncio.to_thread(self.refit, fresh)
        agent, armed = self.parts.agent, None
        if change.agent and self.rearm is not None and agent is not None:
            armed = await asyncio.to_thread(self.rearm, agent, fresh)
        if change.model:
            await self.switch(fresh)
        if turn is not None:
            turn()
        if armed is not None:
            self.parts = replace(self.parts, agent=armed())
        self._turn_door(fresh)
        logging.getLogger("tidegate").setLevel(fresh.logs.level.upper())
        self.current.settings = fresh

    def _turn_door(self, fresh: EdgeConfig) -> None:
        door, settings = self.parts.door, fresh.door
        door.gate.resize(settings.max_in_flight + settings.max_waiting)
        door.shares.resize(at_once=settings.max_per_application, per_minute=settings.per_minute)
        if door.promise is not None:
            door.promise.keeper.restate(stance_of(fresh))
        memory = door.memory and replace(door.memory, keeping=keeping_of(fresh.memory))
        self.parts = replace(
            self.parts,
            door=replace(door, settings=settings, keep_text=fresh.journal.keep_text, memory=memory),
        )
        self.front.app = build(self.parts)
