"""Tells the fleet how this device does: after each connect, when something changed, and every two minutes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from tidegate.clock import Clock
from tidegate.errors import TidegateError
from tidegate.health import Health
from tidegate.logs import Log

LOOK_S = 15.0
AGAIN_S = 120.0


class Connection(Protocol):
    """The management session, as far as it is told this."""

    def is_connected(self) -> bool: ...

    def health(self, health: Health) -> None:
        """Sends it when connected; else it is lost, and said again after the next connect."""
        ...


@dataclass(slots=True)
class Telling:
    """`look` reads what is there. One loop at a time."""

    session: Connection
    look: Callable[[], Health]
    clock: Clock
    _said: Health | None = None
    _said_at: float = float("-inf")
    _log: Log = field(default_factory=lambda: Log("edge.fleet"))

    async def run(self) -> None:
        """Until it is cancelled. A state folder that cannot be read costs the word, not the daemon."""
        while True:
            try:
                self.once()
            except TidegateError as error:
                self._log.error("health_not_told", error)
            await asyncio.sleep(LOOK_S)

    def once(self) -> bool:
        """Looks, and tells where there is somebody to tell and something to say. Whether it told."""
        if not self.session.is_connected():
            self._said = None
            return False
        now, found = self.clock.mono(), self.look()
        if not due(self._said, found, now - self._said_at):
            return False
        self.session.health(found)
        self._said, self._said_at = found, now
        return True


def due(said: Health | None, found: Health, since_s: float) -> bool:
    """Whether `found` is worth a message: never told, long ago, or a promise stands otherwise. Counts alone wait a minute."""
    if said is None or since_s >= AGAIN_S:
        return True
    if _states(said) != _states(found):
        return True
    return since_s >= 60.0 and replace(said, at=0) != replace(found, at=0)


def _states(health: Health) -> list[tuple[str, str, str, int, int]]:
    return [(line.scope, line.task, line.state, line.alarms, line.wrong) for line in health.lines]
