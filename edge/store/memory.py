"""Remembered turns on disk: where they stand in clear, what they say sealed (edge.memory.seal)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from edge.memory.rules import Conversation, Turn, TurnId
from edge.memory.seal import NONCE_BYTES, seal, unseal
from edge.store.schema import Base, Row, Rows
from edge.store.tables import TURNS
from tidegate.ids import ConversationId, Ticket

_CONVERSATIONS = (
    "SELECT conversation, application, count(*) AS turns, min(at) AS began, max(at) AS last FROM turns"
    " {where} GROUP BY application, conversation ORDER BY last DESC"
)


@dataclass(frozen=True, slots=True)
class MemoryStore:
    """`edge.memory.desk.Shelf` on SQLite. An empty application stands for whoever owns the device: all of them."""

    base: Base
    key: bytes = field(repr=False)

    def put(self, turn: Turn) -> None:
        """On disk when it returns. Raises Exhausted when the disk is full."""
        self._rows.put(
            {
                "id": turn.id,
                "application": turn.application,
                "conversation": turn.conversation,
                "parent": turn.parent,
                "at": turn.at,
                "ticket": turn.ticket,
                "sealed": seal(turn, self.key, secrets.token_bytes(NONCE_BYTES)),
            }
        )

    def get(self, application: str, turn: TurnId) -> Turn | None:
        """A turn of this application. Raises Untrusted when it was altered."""
        found = self._rows.where("id = ? AND (? = '' OR application = ?)", (turn, application, application))
        return self._turn(found[0]) if found else None

    def turns(self, application: str, conversation: ConversationId) -> tuple[Turn, ...]:
        """Oldest first. Raises Untrusted when one was altered."""
        where = "conversation = ? AND (? = '' OR application = ?)"
        rows = self._rows.where(where, (conversation, application, application), order="at, rowid")
        return tuple(map(self._turn, rows))

    def conversations(self, application: str = "") -> tuple[Conversation, ...]:
        """The newest first."""
        where = "WHERE application = :application" if application else ""
        with self.base.read() as db:
            rows = list(db.query(_CONVERSATIONS.format(where=where), {"application": application}))
        return tuple(
            Conversation(
                ConversationId(row["conversation"]),
                row["application"],
                row["turns"],
                row["began"],
                row["last"],
            )
            for row in rows
        )

    def drop_turn(self, application: str, turn: TurnId) -> int:
        """Deletes one. Returns how many there were."""
        return self._gone("id = ? AND (? = '' OR application = ?)", (turn, application, application))

    def drop(self, application: str, conversation: ConversationId) -> int:
        """Deletes a conversation, and what the disk still holds of it. Returns how many turns there were."""
        where = "conversation = ? AND (? = '' OR application = ?)"
        return self._gone(where, (conversation, application, application))

    def trim(self, application: str, conversation: ConversationId, most: int) -> int:
        """Deletes all but the newest turns. Returns how many."""
        newest = "SELECT id FROM turns WHERE application = ? AND conversation = ? ORDER BY at DESC LIMIT ?"
        where = f"application = ? AND conversation = ? AND id NOT IN ({newest})"
        return self._rows.delete(where, (application, conversation, application, conversation, most))

    def _gone(self, where: str, args: tuple[str | bytes | float, ...]) -> int:
        """Freed pages are overwritten (secure_delete), and so is the log that still held the old ones."""
        found = self._rows.delete(where, args)
        if found:
            self.base.empty_log()
        return found

    def _turn(self, row: Row) -> Turn:
        place = Turn(
            id=TurnId(row["id"]),
            application=row["application"],
            conversation=ConversationId(row["conversation"]),
            parent=TurnId(row["parent"]),
            at=row["at"],
            sent=(),
            ticket=Ticket(row["ticket"]) if row["ticket"] else None,
        )
        return unseal(place, bytes(row["sealed"]), self.key)

    @property
    def _rows(self) -> Rows:
        return Rows(self.base, TURNS.name)
