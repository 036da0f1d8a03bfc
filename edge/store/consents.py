"""Requests that wait for consent, on disk for the minutes that they wait: sealed, and overwritten when they go."""

from __future__ import annotations

from dataclasses import dataclass

from edge.store.agent_tables import CONSENTS
from edge.store.schema import Base, Rows


@dataclass(frozen=True, slots=True)
class ConsentStore:
    """`edge.consents.Shelf` on SQLite: on disk when a write returns. Raises Exhausted when the disk is full."""

    base: Base

    def put(self, request: str, expires_at: float, sealed: bytes) -> None:
        self._rows.put({"request": request, "expires_at": expires_at, "sealed": sealed})

    def all(self) -> list[tuple[str, bytes]]:
        """The keyed digest of each request and what is sealed about it, oldest first."""
        return [(str(row["request"]), bytes(row["sealed"])) for row in self._rows.where(order="expires_at")]

    def drop(self, request: str) -> None:
        self._rows.delete("request = ?", (request,))

    def forget(self, before: float) -> int:
        """Deletes what has expired. Returns how many."""
        return self._rows.delete("expires_at <= ?", (before,))

    @property
    def _rows(self) -> Rows:
        return Rows(self.base, CONSENTS.name)
