"""The keys of applications, as SHA-256 digests: a stolen database opens no door."""

from __future__ import annotations

from dataclasses import dataclass

from edge.store.schema import Base, Rows
from edge.store.tables import KEYS


@dataclass(frozen=True, slots=True)
class KeyStore:
    base: Base

    def add(self, digest: bytes, application: str, now: float) -> None:
        self._rows.put({"digest": digest, "application": application, "created_at": now})

    def all(self) -> dict[bytes, str]:
        """Digest to application name."""
        return {bytes(row["digest"]): str(row["application"]) for row in self._rows.where()}

    def remove(self, application: str) -> int:
        """Revokes an application's keys. Returns how many there were."""
        return self._rows.delete("application = ?", (application,))

    @property
    def _rows(self) -> Rows:
        return Rows(self.base, KEYS.name)
