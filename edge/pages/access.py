"""Who may look: the owner by a link that works once, an application's user by its key. Sessions live in memory and end with it.

A cookie alone would not do on loopback: browsers send it to every port of a host, so another user's web server on this machine
would get it. So each session has a room, a random part of the path: the cookie is sent only below it (cookie attribute Path),
and neither the path without the cookie nor the cookie without the path opens anything.
"""

from __future__ import annotations

import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from tidegate.clock import Clock
from tidegate.errors import BadRequest

COOKIE = "tidegate_status"
LINK_S = 60.0
IDLE_S = 12 * 3600.0
MOST = 64

Secret = Callable[[], str]


@dataclass(slots=True)
class Session:
    """`application` None: the owner of the device, who sees and decides for all."""

    room: str
    application: str | None
    secret: str = field(repr=False)
    csrf: str = field(repr=False)
    last: float = 0.0

    @property
    def owner(self) -> bool:
        return self.application is None


class Access:
    """One-time links and sessions. Use from one event loop. Bounded: the oldest goes first."""

    def __init__(self, clock: Clock, *, make: Secret = lambda: secrets.token_urlsafe(24)) -> None:
        self._clock = clock
        self._make = make
        self._links: OrderedDict[str, float] = OrderedDict()
        self._sessions: OrderedDict[str, Session] = OrderedDict()

    def link(self) -> str:
        """The secret part of a link that opens the owner's session once, within a minute."""
        token = self._make()
        self._links[token] = self._clock.mono() + LINK_S
        _bound(self._links)
        return token

    def enter(self, token: str) -> Session:
        """The owner's session for a link. Raises BadRequest (403) when it was used, is too old, or never was."""
        until = self._links.pop(token, None)
        if until is None or self._clock.mono() > until:
            raise BadRequest(
                "this link has been used or is too old",
                code="link_ended",
                status=403,
                hint="run `tidegate edge status --open` again",
            )
        return self.open(None)

    def open(self, application: str | None) -> Session:
        made = Session(self._make(), application, self._make(), self._make(), self._clock.mono())
        self._sessions[made.room] = made
        _bound(self._sessions)
        return made

    def find(self, room: str, cookie: str) -> Session | None:
        """The session of this room, for whoever brings its cookie."""
        found = self._sessions.get(room)
        if found is None or not hmac.compare_digest(found.secret.encode(), cookie.encode()):
            return None
        now = self._clock.mono()
        if now - found.last > IDLE_S:
            del self._sessions[room]
            return None
        found.last = now
        self._sessions.move_to_end(room)
        return found

    def close(self, session: Session) -> None:
        self._sessions.pop(session.room, None)


def _bound(items: OrderedDict[str, Session] | OrderedDict[str, float]) -> None:
    while len(items) > MOST:
        items.popitem(last=False)


def require_csrf(session: Session, given: str) -> None:
    """Raises BadRequest (403)."""
    if not hmac.compare_digest(session.csrf.encode(), given.encode()):
        raise BadRequest("this form is out of date; open the page again", code="bad_csrf", status=403)


def require_same_origin(host: str, origin: str | None, fetched: str | None) -> None:
    """Refuses a form that another page posts; browsers always say where a POST comes from. Raises BadRequest (403).

    The port is part of an origin: a page of another server on this machine is another site.
    """
    if (origin is not None and origin != f"http://{host}") or fetched not in (None, "same-origin", "none"):
        raise BadRequest("this form was sent from another site", code="bad_origin", status=403)
