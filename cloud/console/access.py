"""Who may use the console: logins with a limit on guesses, signed session cookies, CSRF tokens, roles."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Protocol

from itsdangerous import BadSignature, Signer
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from cloud.review.operators import Operators, Right, Session, is_right, may, operator_id
from tidegate.clock import Clock
from tidegate.errors import BadRequest
from tidegate.ids import OperatorId

COOKIE = "tidegate_session"
MOST_TRIES = 5
WINDOW_S = 300.0
_REMEMBERED = 10_000


class Sessions(Protocol):
    def open(self, operator: OperatorId, *, secret: str, csrf: str) -> None: ...

    def find(self, secret: str) -> Session | None: ...

    def close(self, secret: str) -> None: ...


@dataclass
class Guesses:
    """Failed logins by key (a name, an address) within a window. Old keys are forgotten, so it cannot grow."""

    most: int = MOST_TRIES
    window_s: float = WINDOW_S
    _failed: OrderedDict[str, list[float]] = field(default_factory=OrderedDict)

    def allowed(self, keys: tuple[str, ...], now: float) -> bool:
        return all(len(self._recent(key, now)) < self.most for key in keys)

    def failed(self, keys: tuple[str, ...], now: float) -> None:
        for key in keys:
            self._failed[key] = [*self._recent(key, now), now]
            self._failed.move_to_end(key)
        while len(self._failed) > _REMEMBERED:
            self._failed.popitem(last=False)

    def forget(self, key: str) -> None:
        self._failed.pop(key, None)

    def _recent(self, key: str, now: float) -> list[float]:
        return [at for at in self._failed.get(key, []) if now - at < self.window_s]


@dataclass
class Access:
    """`key` signs the cookie; `secure` adds the Secure attribute (behind TLS)."""

    operators: Operators
    sessions: Sessions
    clock: Clock
    key: bytes
    secure: bool = False
    guesses: Guesses = field(default_factory=Guesses)

    def log_in(self, name: str, password: str, address: str) -> str:
        """The cookie's value. Raises BadRequest: 401 for a wrong name or password (never which), 429 after too many."""
        keys = (f"name:{name[:64]}", f"address:{address}")
        now = self.clock.mono()
        if not self.guesses.allowed(keys, now):
            raise BadRequest("too many failed logins; wait five minutes", code="too_many_logins", status=429)
        try:
            operator = self.operators.find(operator_id(name))
        except BadRequest:
            operator = None
        if not is_right(operator, password) or operator is None:
            self.guesses.failed(keys, now)
            raise BadRequest("the name or the password is wrong", code="bad_login", status=401)
        self.guesses.forget(keys[0])
        secret = secrets.token_urlsafe(32)
        self.sessions.open(operator.name, secret=secret, csrf=secrets.token_urlsafe(32))
        return self._signer().sign(secret).decode()

    def log_out(self, request: HTTPConnection) -> None:
        secret = self._secret(request)
        if secret:
            self.sessions.close(secret)

    def session(self, request: HTTPConnection) -> Session | None:
        secret = self._secret(request)
        return self.sessions.find(secret) if secret else None

    def set_cookie(self, response: Response, value: str) -> None:
        response.set_cookie(COOKIE, value, path="/", httponly=True, samesite="strict", secure=self.secure)

    def _secret(self, request: HTTPConnection) -> str:
        """The session's secret, or nothing when the cookie is absent or not signed by us."""
        try:
            return self._signer().unsign(request.cookies.get(COOKIE, "")).decode()
        except (BadSignature, UnicodeDecodeError):
            return ""

    def _signer(self) -> Signer:
        return Signer(self.key, salt="tidegate console session", digest_method=hashlib.sha256)


def require(session: Session, right: Right) -> None:
    """Raises BadRequest (403)."""
    if not may(session.operator, right):
        raise BadRequest("your role does not allow this", code="forbidden", status=403)


def require_csrf(session: Session, given: str) -> None:
    """Raises BadRequest (403)."""
    if not hmac.compare_digest(session.csrf.encode(), given.encode()):
        raise BadRequest("this form is out of date; open the page again", code="bad_csrf", status=403)


def require_same_origin(request: Request) -> None:
    """Refuses a form posted from another site. Browsers always say where a POST comes from. Raises BadRequest (403)."""
    origin = request.headers.get("origin")
    host = request.headers.get("host", "")
    if origin is not None and origin.partition("://")[2] != host:
        raise BadRequest("this form was sent from another site", code="bad_origin", status=403)
