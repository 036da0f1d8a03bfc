"""The agent's own database: runs sealed with the device's key, verdicts and grants that the daemon and the CLI both write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edge.agent.grants import Grant, Scope
from edge.agent.ports import Sealed, Verdict
from edge.store.agent_tables import GRANTS, RUNS, VERDICTS
from edge.store.schema import Base, Row, Rows
from tidegate.ids import ConversationId

_LIVE = "state IN ('running', 'waiting_person', 'waiting_ticket')"


@dataclass(frozen=True, slots=True)
class RunStore:
    """`edge.agent.ports.RunShelf` on SQLite: on disk when a write returns."""

    base: Base

    def put(self, run: Sealed) -> None:
        self._rows.put({column: getattr(run, column) for column in RUNS.columns})

    def get(self, run: str) -> Sealed | None:
        found = self._rows.where("id = ?", (run,))
        return _sealed(found[0]) if found else None

    def live(self) -> Sequence[Sealed]:
        return [_sealed(row) for row in self._rows.where(_LIVE, order="created_at")]

    def latest(self, application: str, most: int) -> Sequence[Sealed]:
        where, args = ("application = ?", (application,)) if application else ("1", ())
        return [_sealed(row) for row in self._rows.where(where, args, order="created_at DESC", most=most)]

    def drop(self, conversation: ConversationId) -> int:
        """Deletes the ended runs of a conversation; one that still runs goes by its age. Returns how many."""
        return self._rows.delete(f"conversation = ? AND NOT ({_LIVE})", (conversation,))

    def forget(self, before: float) -> int:
        """Deletes runs that ended before that moment. Returns how many."""
        return self._rows.delete(f"updated_at < ? AND NOT ({_LIVE})", (before,))

    @property
    def _rows(self) -> Rows:
        return Rows(self.base, RUNS.name)


@dataclass(frozen=True, slots=True)
class VerdictStore:
    """`edge.agent.ports.VerdictShelf`: what a person said about a call, until the run takes it."""

    base: Base

    def put(self, verdict: Verdict) -> None:
        row = {column: getattr(verdict, column) for column in VERDICTS.columns if column != "taken"}
        self._rows.put({**row, "approved": int(verdict.approved), "taken": 0})

    def take(self, run: str) -> Verdict | None:
        """The oldest verdict on this run that nobody has taken. Taken exactly once."""
        with self.base.write() as db:
            found = self._rows.where("run = ? AND taken = 0", (run,), order="at", most=1)
            if not found:
                return None
            db.execute("UPDATE agent_verdicts SET taken = 1 WHERE id = ?", (found[0]["id"],))
        row = found[0]
        return Verdict(
            row["id"], row["run"], row["question"], row["digest"], bool(row["approved"]), row["by"], row["at"]
        )

    @property
    def _rows(self) -> Rows:
        return Rows(self.base, VERDICTS.name)


@dataclass(frozen=True, slots=True)
class GrantStore:
    """`edge.agent.ports.GrantShelf`."""

    base: Base

    def add(self, grant: Grant) -> None:
        self._rows.put(
            {**{column: getattr(grant, column) for column in GRANTS.columns}, "scope": str(grant.scope)}
        )

    def all(self, application: str = "") -> Sequence[Grant]:
        where, args = ("application = ?", (application,)) if application else ("1", ())
        return [_grant(row) for row in self._rows.where(where, args, order="created_at")]

    def use(self, grant: str, run: str, now: float) -> bool:
        """Uses a grant that holds once. True exactly once, and again for the run that used it."""
        with self.base.write() as db:
            cursor = db.execute(
                "UPDATE agent_grants SET used_at = ?, used_by = ? WHERE id = ? AND (used_at = 0 OR used_by = ?)",
                (now, run, grant, run),
            )
            return cursor.rowcount == 1

    def revoke(self, grant: str) -> bool:
        return self._rows.delete("id = ?", (grant,)) == 1

    @property
    def _rows(self) -> Rows:
        return Rows(self.base, GRANTS.name)


def _sealed(row: Row) -> Sealed:
    return Sealed(
        id=row["id"],
        application=row["application"],
        conversation=row["conversation"],
        state=row["state"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        sealed=bytes(row["sealed"]),
    )


def _grant(row: Row) -> Grant:
    return Grant(
        id=row["id"],
        scope=Scope(row["scope"]),
        application=row["application"],
        tool=row["tool"],
        conversation=ConversationId(row["conversation"]),
        digest=row["digest"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        used_at=row["used_at"],
        used_by=row["used_by"],
    )
