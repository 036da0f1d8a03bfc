"""What was spent, by scope and day, and the day itself. Amounts, names of applications and ids of conversations; no text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from edge.routing.budget import Day, Scope, Spent
from edge.store.schema import Base, Row, Rows
from edge.store.tables import SPEND, SPEND_DAY

_ONLY = 1  # the one row of the table of days


@dataclass(frozen=True, slots=True)
class Account:
    """Whose spending: a conversation's for its whole life (`date` empty), else of one calendar day."""

    scope: Scope
    name: str
    date: str

    @property
    def key(self) -> str:
        return f"{self.scope}\x1f{self.name}\x1f{self.date}"


@dataclass(frozen=True, slots=True)
class SpendStore:
    base: Base

    def get(self, account: Account) -> Spent:
        """Nothing where nothing was written."""
        rows = self._rows.where("id = ?", (account.key,))
        return _spent(rows[0]) if rows else Spent()

    def put(self, totals: Iterable[tuple[Account, Spent]], day: Day) -> None:
        """Writes totals over older ones, and the day they are of, all or none. Raises Exhausted when the disk is full."""
        with self.base.write():
            for account, spent in totals:
                row = {
                    "id": account.key,
                    "scope": str(account.scope),
                    "name": account.name,
                    "date": account.date,
                    "money": spent.money,
                    "tokens": spent.tokens,
                    "joules": spent.joules,
                    "bytes": spent.bytes,
                    "at": day.wall,
                }
                self.base.tables[SPEND.name].insert(row, replace=True)
            row = {"id": _ONLY, "date": day.date, "wall": day.wall}
            self.base.tables[SPEND_DAY.name].insert(row, replace=True)

    def day(self) -> Day | None:
        """The day that was last spent from; its `mono` means nothing."""
        rows = Rows(self.base, SPEND_DAY.name).where("id = ?", (_ONLY,))
        return Day(rows[0]["date"], rows[0]["wall"], 0.0) if rows else None

    def of(self, date: str) -> list[tuple[Account, Spent]]:
        """Everything spent on a day, by device and by application."""
        rows = self._rows.where("date = ?", (date,), order="id")
        return [(Account(Scope(row["scope"]), row["name"], row["date"]), _spent(row)) for row in rows]

    def forget(self, before: float) -> int:
        """Deletes what was last written before that. Returns how many rows."""
        return self._rows.delete("at < ?", (before,))

    def drop_conversation(self, conversation: str) -> int:
        return self._rows.delete("scope = ? AND name = ?", (str(Scope.CONVERSATION), conversation))

    @property
    def _rows(self) -> Rows:
        return Rows(self.base, SPEND.name)


def _spent(row: Row) -> Spent:
    return Spent(row["money"], row["tokens"], row["joules"], row["bytes"])
