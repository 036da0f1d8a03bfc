"""The keys of applications, as SHA-256 digests: a stolen database opens no door."""

from __future__ import annotations

from dataclasses import dataclass

from edge.store.schema import Base


@dataclass(frozen=True, slots=True)
class KeyStore:
    base: Base

    def add(self, digest: bytes, application: str, now: float) -> None:
        with self.base.write() as db:
            db.execute("INSERT OR REPLACE INTO keys VALUES (?, ?, ?)", (digest, application, now))

    def all(self) -> dict[bytes, str]:
        """Digest to application name."""
        with self.base.read() as db:
            return {bytes(row["digest"]): str(row["application"]) for row in db.execute("SELECT * FROM keys")}

    def remove(self, application: str) -> int:
        """Revokes an application's keys. Returns how many there were."""
        with self.base.write() as db:
            return db.execute("DELETE FROM keys WHERE application = ?", (application,)).rowcount
