"""Sealed vaults on disk, one per conversation. What is inside is the screen's business; here it is bytes."""

from __future__ import annotations

from dataclasses import dataclass

from edge.store.schema import Base
from tidegate.ids import ConversationId


@dataclass(frozen=True, slots=True)
class VaultStore:
    base: Base

    def put(self, conversation: ConversationId, sealed: bytes, now: float) -> None:
        """On disk when it returns. Raises Exhausted when the disk is full."""
        with self.base.write() as db:
            db.execute("INSERT OR REPLACE INTO vaults VALUES (?, ?, ?)", (conversation, sealed, now))

    def get(self, conversation: ConversationId) -> bytes | None:
        with self.base.read() as db:
            row = db.execute("SELECT sealed FROM vaults WHERE conversation = ?", (conversation,)).fetchone()
        return bytes(row["sealed"]) if row else None

    def forget(self, before: float) -> int:
        """Deletes vaults not used since that moment, except those an escalation in the spool still needs."""
        with self.base.write() as db:
            return db.execute(
                "DELETE FROM vaults WHERE used_at < ? AND conversation NOT IN (SELECT conversation FROM spool)",
                (before,),
            ).rowcount
