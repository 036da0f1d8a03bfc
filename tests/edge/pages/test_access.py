"""Who gets to see the pages: one link once, one room per session, no other site."""

from __future__ import annotations

import itertools

import pytest

from edge.pages.access import IDLE_S, LINK_S, MOST, Access, require_csrf, require_same_origin
from tidegate.clock import FixedClock
from tidegate.errors import BadRequest


def access(clock: FixedClock | None = None) -> Access:
    numbers = itertools.count()
    return Access(clock or FixedClock(), make=lambda: f"secret{next(numbers)}")


def test_a_link_opens_the_owners_session_once() -> None:
    doors = access()
    token = doors.link()
    session = doors.enter(token)
    assert session.owner
    with pytest.raises(BadRequest, match="used or is too old") as again:
        doors.enter(token)
    assert again.value.status == 403
    with pytest.raises(BadRequest):
        doors.enter("never-made")


@pytest.mark.parametrize(("waits", "opens"), [(LINK_S - 1, True), (LINK_S + 1, False)])
def test_a_link_lasts_a_minute(waits: float, opens: bool) -> None:
    clock = FixedClock()
    doors = access(clock)
    token = doors.link()
    clock.advance(waits)
    if opens:
        assert doors.enter(token).owner
    else:
        with pytest.raises(BadRequest):
            doors.enter(token)


def test_a_session_needs_its_room_and_its_cookie() -> None:
    doors = access()
    one, other = doors.open("desk"), doors.open(None)
    assert doors.find(one.room, one.secret) is one
    assert doors.find(one.room, other.secret) is None
    assert doors.find(other.room, one.secret) is None
    assert doors.find("nowhere", one.secret) is None
    assert doors.find(one.room, "") is None
    assert (one.owner, one.application) == (False, "desk")


def test_a_session_ends_when_nobody_looks_and_when_it_is_left() -> None:
    clock = FixedClock()
    doors = access(clock)
    idle, left = doors.open(None), doors.open(None)
    clock.advance(IDLE_S - 1)
    assert doors.find(idle.room, idle.secret) is idle
    clock.advance(IDLE_S - 1)
    assert doors.find(idle.room, idle.secret) is idle
    clock.advance(IDLE_S + 1)
    assert doors.find(idle.room, idle.secret) is None
    doors.close(left)
    assert doors.find(left.room, left.secret) is None


def test_sessions_are_bounded() -> None:
    doors = access()
    first = doors.open(None)
    for _ in range(MOST):
        doors.open(None)
    assert doors.find(first.room, first.secret) is None


@pytest.mark.parametrize(
    ("origin", "fetched", "fine"),
    [
        ("http://127.0.0.1:8642", "same-origin", True),
        (None, None, True),
        ("http://127.0.0.1:8642", None, True),
        ("http://127.0.0.1:9999", "same-site", False),
        ("http://127.0.0.1:9999", None, False),
        ("https://127.0.0.1:8642", None, False),
        ("http://evil.example", "cross-site", False),
        ("null", None, False),
        (None, "cross-site", False),
    ],
)
def test_a_form_comes_from_our_own_origin_port_and_all(
    origin: str | None, fetched: str | None, fine: bool
) -> None:
    if fine:
        require_same_origin("127.0.0.1:8642", origin, fetched)
    else:
        with pytest.raises(BadRequest, match="another site"):
            require_same_origin("127.0.0.1:8642", origin, fetched)


def test_a_form_needs_its_token() -> None:
    session = access().open(None)
    require_csrf(session, session.csrf)
    with pytest.raises(BadRequest, match="out of date"):
        require_csrf(session, "")
