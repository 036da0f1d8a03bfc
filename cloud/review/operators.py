"""People who look at held cases: names, roles, what each role may do, passwords and sessions."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Protocol

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from tidegate.errors import BadRequest
from tidegate.ids import OperatorId

_NAME = re.compile(r"[a-z][a-z0-9._-]{1,39}")
SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 256
_HASHER = PasswordHasher()  # argon2id with the library's current defaults (RFC 9106, low-memory profile)


class Role(StrEnum):
    VIEWER = "viewer"
    REVIEWER = "reviewer"
    ADMIN = "admin"


class Right(StrEnum):
    SEE = "see"
    DECIDE = "decide"
    AUDIT = "audit"


_RIGHTS = {
    Role.VIEWER: frozenset({Right.SEE}),
    Role.REVIEWER: frozenset({Right.SEE, Right.DECIDE}),
    Role.ADMIN: frozenset(Right),
}


@dataclass(frozen=True, slots=True)
class Operator:
    name: OperatorId
    role: Role
    password_hash: str = field(repr=False)
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Session:
    """A login. `csrf` must come back with every POST."""

    operator: Operator
    csrf: str = field(repr=False)
    expires_at: float


class Operators(Protocol):
    def find(self, name: OperatorId) -> Operator | None: ...

    def put(self, operator: Operator, *, by: str) -> None:
        """Adds or replaces; one audit entry."""
        ...

    def all(self) -> tuple[Operator, ...]: ...


def may(operator: Operator, right: Right) -> bool:
    return not operator.disabled and right in _RIGHTS[operator.role]


def operator_id(text: str) -> OperatorId:
    """A login name: `[a-z][a-z0-9._-]{1,39}`. Raises BadRequest."""
    if not _NAME.fullmatch(text):
        raise BadRequest(
            "a user name is 2 to 40 of a-z, 0-9, '.', '_' and '-'", code="bad_user_name", param="name"
        )
    return OperatorId(text)


def hash_password(password: str) -> str:
    """An argon2id hash with its own salt. Raises BadRequest for a password that is too short or too long."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise BadRequest(
            f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters",
            code="bad_password",
            param="password",
        )
    return _HASHER.hash(password)


def is_right(operator: Operator | None, password: str) -> bool:
    """Whether the password is this operator's. Takes as long for an unknown name as for a known one."""
    stored = operator.password_hash if operator is not None and not operator.disabled else _nobodys_hash()
    try:
        _HASHER.verify(stored, password[: LONGEST_PASSWORD + 1])
    except (VerificationError, InvalidHashError):
        return False
    return operator is not None and not operator.disabled


@cache
def _nobodys_hash() -> str:
    """What the password of an unknown name is compared with."""
    return _HASHER.hash("nobody has this password")
