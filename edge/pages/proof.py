"""The egress ledger, walked while the daemon runs: in pieces, off the event loop, at most every few minutes."""

from __future__ import annotations

import asyncio
import hmac
from typing import Protocol

from edge.pages.seen import Proof
from edge.uplink.ledger import Record, chained, seal
from tidegate.clock import Clock
from tidegate.errors import TidegateError

EVERY_S = 300.0
_PIECE = 500


class Chain(Protocol):
    """What a walk needs of the ledger."""

    @property
    def key(self) -> bytes: ...

    def after(self, seq: int, most: int) -> list[Record]: ...

    def sealed_end(self) -> bytes: ...


def walk(chain: Chain, now: float) -> Proof:
    """From the first record to the sealed end. Never raises: what is wrong is what it says.

    The end is read last; records that came meanwhile are walked too, so that a busy ledger is no broken one.
    """
    last: Record | None = None
    try:
        while True:
            piece = chain.after(last.seq if last else 0, _PIECE)
            for record in piece:
                if chained(record, last) != record:
                    at = last.seq + 1 if last else 1
                    return Proof(at - 1, now, f"changed at record {at}")
                last = record
            sealed = chain.sealed_end()
            if hmac.compare_digest(seal(chain.key, last), sealed):
                return Proof(last.seq if last else 0, now)
            if not chain.after(last.seq if last else 0, 1):
                return Proof(last.seq if last else 0, now, "its end is not the sealed one")
    except TidegateError as error:
        return Proof(last.seq if last else 0, now, error.message)


class Walker:
    """Remembers the last walk; begins another in the background when that is old."""

    def __init__(self, chain: Chain, clock: Clock, *, every_s: float = EVERY_S) -> None:
        self._chain = chain
        self._clock = clock
        self._every_s = every_s
        self._proof = Proof()
        self._walking: asyncio.Task[None] | None = None

    def proof(self) -> Proof:
        """What the last walk found. Call on the event loop."""
        old = self._clock.now() - self._proof.verified_at > self._every_s
        if old and (self._walking is None or self._walking.done()):
            self._walking = asyncio.get_running_loop().create_task(self._walk())
        return self._proof

    async def settle(self) -> None:
        """Waits for the walk that is under way."""
        if self._walking is not None:
            await self._walking

    async def _walk(self) -> None:
        self._proof = await asyncio.to_thread(walk, self._chain, self._clock.now())
