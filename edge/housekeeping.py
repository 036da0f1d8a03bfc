"""Forgets what is past its time, hourly. A clock that jumps ahead makes nothing past its time (`edge.ageing`)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from edge.ageing import Ageing
from edge.config import EdgeConfig
from edge.memory.desk import Memory
from edge.stores import Stores
from tidegate.clock import Clock
from tidegate.errors import TidegateError
from tidegate.logs import Log

EVERY_S = 3600.0
DAY_S = 86_400.0


@dataclass(slots=True)
class Housekeeping:
    """`config` and `memory` are asked each time: both may change while the daemon runs."""

    stores: Stores
    config: Callable[[], EdgeConfig]
    memory: Callable[[], Memory]
    clock: Clock = field(repr=False)
    log: Log = field(default_factory=lambda: Log("edge.app"), repr=False)
    _ageing: Ageing = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._ageing = Ageing(self.clock, self.log)

    def once(self) -> int:
        """Returns how many things were forgotten. Raises Exhausted when the disk is full."""
        config, memory = self.config(), self.memory()
        journal_s, spool_s = config.journal.keep_days * DAY_S, config.uplink.expiry_s
        now = self._ageing.now(max(journal_s, spool_s, memory.keeping.keep_s))
        gone = self.stores.forget(journal_before=now - journal_s, spool_before=now - spool_s)
        return gone + self.stores.consents.forget(self.clock.now()) + memory.tidy(now)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                self.log.debug("housekeeping", count=self.once())
            except TidegateError as error:
                self.log.error("housekeeping_failed", error)
            await asyncio.sleep(EVERY_S)
