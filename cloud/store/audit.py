"""The audit log in the database. Append only: this module has no update and no delete."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, Engine, Row, func, insert, select

from cloud.audit.log import EMPTY_HEAD, Entry, Head, chain, encode
from cloud.ports import Released
from cloud.store.db import reading
from cloud.store.schema import audit, outcomes
from cloud.store.values import unpack

_PAGE = 1000


def append(connection: Connection, facts: dict[str, str | int | bool | list[str]]) -> Entry:
    """Adds an entry inside the caller's write transaction, so that it stands exactly when its cause stands."""
    before = head_in(connection)
    body = encode(facts)
    entry = Entry(before.size, body, chain(before.value, body))
    connection.execute(insert(audit).values(number=entry.index, body=entry.body, head=entry.head))
    return entry


def head_in(connection: Connection) -> Head:
    row = connection.execute(
        select(audit.c.number, audit.c.head).order_by(audit.c.number.desc()).limit(1)
    ).first()
    return Head(0, EMPTY_HEAD) if row is None else Head(row.number + 1, row.head)


class SqlAuditLog:
    """Reading side of the log."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def head(self) -> Head:
        with reading(self._engine) as connection:
            return head_in(connection)

    def entries(self) -> Iterator[Entry]:
        """All entries, oldest first, a page at a time. A gap in the numbers shows as a gap."""
        after = -1
        while True:
            with reading(self._engine) as connection:
                rows = connection.execute(
                    select(audit).where(audit.c.number > after).order_by(audit.c.number).limit(_PAGE)
                ).all()
            yield from (_entry(row) for row in rows)
            if len(rows) < _PAGE:
                return
            after = rows[-1].number

    def latest(self, most: int) -> tuple[Entry, ...]:
        with reading(self._engine) as connection:
            rows = connection.execute(select(audit).order_by(audit.c.number.desc()).limit(most)).all()
        return tuple(_entry(row) for row in rows)

    def receipt_heads(self) -> tuple[Head, ...]:
        """The heads that stored receipts vouch for: each is a copy of the log's state that a device holds too."""
        with reading(self._engine) as connection:
            rows = connection.execute(
                select(outcomes.c.released_json).where(outcomes.c.released_json.is_not(None))
            ).scalars()
            receipts = [unpack(raw, Released).receipt for raw in rows]
        return tuple(Head(receipt.audit_index + 1, receipt.audit_head) for receipt in receipts)

    def size(self) -> int:
        with reading(self._engine) as connection:
            return connection.execute(select(func.count()).select_from(audit)).scalar_one()


def _entry(row: Row[tuple[int, bytes, bytes]]) -> Entry:
    """A row as an entry; whoever edits SQLite by hand may leave text where bytes were, which is only another damage."""
    return Entry(row.number, _bytes(row.body), _bytes(row.head))


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()
