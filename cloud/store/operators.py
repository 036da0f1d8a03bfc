"""Operators and their sessions on SQL. Of a session only a digest of the cookie's value is kept."""

from __future__ import annotations

import hashlib

from sqlalchemy import Engine, delete, insert, select, update

from cloud.audit.log import Kind
from cloud.review.operators import Operator, Role, Session
from cloud.store import audit
from cloud.store.db import reading, writing
from cloud.store.schema import operators, sessions
from tidegate.clock import Clock
from tidegate.ids import OperatorId


class SqlOperators:
    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def find(self, name: OperatorId) -> Operator | None:
        with reading(self._engine) as connection:
            row = connection.execute(select(operators).where(operators.c.name == name)).first()
        if row is None:
            return None
        return Operator(OperatorId(row.name), Role(row.role), row.password_hash, row.disabled)

    def all(self) -> tuple[Operator, ...]:
        with reading(self._engine) as connection:
            rows = connection.execute(select(operators).order_by(operators.c.name)).all()
        return tuple(Operator(OperatorId(r.name), Role(r.role), r.password_hash, r.disabled) for r in rows)

    def put(self, operator: Operator, *, by: str) -> None:
        """Adds or replaces an account and ends its sessions: a changed password or role asks for a new login."""
        now = self._clock.now()
        values = {
            "role": operator.role,
            "password_hash": operator.password_hash,
            "disabled": operator.disabled,
        }
        with writing(self._engine) as connection:
            connection.execute(delete(sessions).where(sessions.c.operator == operator.name))
            changed = connection.execute(
                update(operators).where(operators.c.name == operator.name).values(**values)
            )
            if not changed.rowcount:
                connection.execute(insert(operators).values(name=operator.name, created_at=now, **values))
            audit.append(
                connection,
                {
                    "kind": Kind.OPERATOR.value,
                    "at": int(now),
                    "operator": operator.name,
                    "role": operator.role.value,
                    "disabled": operator.disabled,
                    "by": by,
                },
            )


class SqlSessions:
    def __init__(self, engine: Engine, clock: Clock, *, life_s: float) -> None:
        self._engine = engine
        self._clock = clock
        self._life_s = life_s

    def open(self, operator: OperatorId, *, secret: str, csrf: str) -> None:
        """Remembers a login under the digest of `secret`; forgets the ones that ran out."""
        now = self._clock.now()
        with writing(self._engine) as connection:
            connection.execute(delete(sessions).where(sessions.c.expires_at <= now))
            connection.execute(
                insert(sessions).values(
                    id_hash=_digest(secret), operator=operator, csrf=csrf, expires_at=now + self._life_s
                )
            )

    def find(self, secret: str) -> Session | None:
        """The live login of an operator who still exists and is not disabled."""
        with reading(self._engine) as connection:
            row = connection.execute(
                select(sessions.c.csrf, sessions.c.expires_at, operators)
                .join(operators, operators.c.name == sessions.c.operator)
                .where(sessions.c.id_hash == _digest(secret), sessions.c.expires_at > self._clock.now())
            ).first()
        if row is None or row.disabled:
            return None
        operator = Operator(OperatorId(row.name), Role(row.role), row.password_hash)
        return Session(operator, row.csrf, row.expires_at)

    def close(self, secret: str) -> None:
        with writing(self._engine) as connection:
            connection.execute(delete(sessions).where(sessions.c.id_hash == _digest(secret)))


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
