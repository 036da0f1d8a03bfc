"""Reads the settings again, decides, applies, tells. One at a time; the old settings stand until everything new is ready."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from edge.config import EdgeConfig
from edge.reload.rules import Change, settle
from tidegate.chat import JSON
from tidegate.errors import TidegateError
from tidegate.logs import Log

Read = Callable[[], EdgeConfig]
Apply = Callable[[Change], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What came of it."""

    applied: tuple[str, ...]
    needs_restart: tuple[str, ...]
    policy_before: str
    policy: str

    def told(self) -> dict[str, JSON]:
        return {
            "object": "tidegate.reload",
            "applied": list(self.applied),
            "needs_restart": list(self.needs_restart),
            "policy_before": self.policy_before,
            "policy": self.policy,
        }


class Reloader:
    """`read` gives the settings as they are now and raises BadConfig; `apply` makes a change real, or raises with nothing changed."""

    def __init__(self, settings: EdgeConfig, read: Read, apply: Apply) -> None:
        self.settings = settings
        self._read = read
        self._apply = apply
        self._one = asyncio.Lock()
        self._log = Log("edge.reload")

    async def reload(self) -> Reloaded:
        """Raises BadConfig and Broken, with every old setting still in force."""
        async with self._one:
            try:
                change = settle(self.settings, await asyncio.to_thread(self._read))
                await self._apply(change)
            except TidegateError as error:
                self._log.error("settings_refused", error, policy=self.settings.policy.version)
                raise
            before, self.settings = self.settings, change.settings
            self._log.info(
                "settings_reloaded",
                count=len(change.applied),
                left_out=len(change.needs_restart),
                policy_before=before.policy.version,
                policy=change.settings.policy.version,
            )
            return Reloaded(
                change.applied,
                change.needs_restart,
                before.policy.version,
                change.settings.policy.version,
            )

    async def whenever(self, rung: asyncio.Event) -> None:
        """Reloads each time the bell is rung (SIGHUP). What is wrong is logged; the daemon goes on as it was."""
        while True:
            await rung.wait()
            rung.clear()
            try:
                await self.reload()
            except TidegateError:
                continue  # logged above
