"""Sealed vaults on disk, one per conversation. What is inside is the screen's business; here it is bytes."""

from __future__ import annotations

from dataclasses import dataclass

from edge.store.schema import Base, Rows
from edge.store.tables import VAULTS
from tidegate.ids import ConversationId


@dataclass(frozen=True, slots=True)
class VaultStore:
    base: Base

    def put(self, conversation: ConversationId, sealed: bytes, now: float) -> None:
        """On disk when it returns. Raises Exhausted when the disk is full."""
        self._rows.put({"conversation": conversation, "sealed": sealed, "used_at": now})

    def get(self, conversation: ConversationId) -> bytes | None:
        found = self._rows.where("conversation = ?", (conversation,))
        return bytes(found[0]["sealed"]) if found else None

    def drop(self, conversation: ConversationId) -> int:
        """Deletes the vault of a conversation: its placeholders come back no more. Returns how many there were."""
        return self._rows.delete("conversation = ?", (conversation,))

    def forget(self, before: float) -> int:
        """Deletes vaults not used since that moment, except those an escalation in the spool still needs."""
        return self._rows.delete(
            "used_at < ? AND conversation NOT IN (SELECT conversation FROM spool)", (before,)
        )

    @property
    def _rows(self) -> Rows:
        return Rows(self.base, VAULTS.name)
