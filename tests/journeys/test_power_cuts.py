"""`kill -9` at every named place of the device's path and of the cloud's: nothing is lost, nothing is answered twice.

One world lives through all cuts. For each place: the daemon starts with that place armed, a request with an idempotency
key arrives, the daemon dies there; it starts again, the application repeats its request as HTTP clients do. Then the
request has exactly one case and one outcome in the cloud, one entry in the audit log, one receipt in the device's
ledger, and the application has its answer.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping

import pytest

from tidegate import failpoint
from tidegate.assets import model_dir
from tidegate.demo.client import Heard
from tidegate.demo.world import World
from tidegate.errors import Broken

QUESTION = "What does error E42 on the heat pump mean? My card is 4556 7375 8689 9855."
HELD_ONLY = {"edge.collect.before", "edge.collect.after", "edge.late.claimed"}
EDGE = [name for name in failpoint.NAMES if name.startswith("edge.") and name not in HELD_ONLY]
CLOUD = [name for name in failpoint.CLOUD_NAMES if not name.startswith(("cloud.review", "cloud.decide"))]
pytestmark = pytest.mark.timeout(400)  # one world, many processes
SETTLE_S = 30.0
_numbers = itertools.count()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    if not (model_dir("sentry") / "sentry.json").exists():
        pytest.skip("models/sentry is not built")
    world = World(tmp_path_factory.mktemp("cuts"), with_fleet=False, edge_toml="[model]\nenabled = false\n")
    try:
        world.prepare()
        yield world
    finally:
        world.close()


def test_there_are_ten_places_on_each_side() -> None:
    assert len(EDGE) >= 10
    assert len(CLOUD) >= 10


@pytest.mark.parametrize("place", EDGE)
def test_the_device_dies_and_the_request_is_answered_once(world: World, place: str) -> None:
    key = _key(place)
    world.process("edge").stop()
    _start_armed(world.start_edge, place)
    with contextlib.suppress(Exception):  # the connection breaks when the daemon dies
        _ask(world, key)
    died = _gone(world, "edge")
    if not died:
        world.process("edge").kill()
    world.start_edge()
    heard = _ask_until_answered(world, key)
    assert died, f"the daemon never came to {place}"
    assert "E42" in heard.text
    assert _counts(world, key) == (1, 1, 1)


@pytest.mark.parametrize("place", CLOUD)
def test_the_cloud_dies_and_the_request_is_answered_once(world: World, place: str) -> None:
    key = _key(place)
    world.process("cloud").stop()
    _start_armed(world.start_cloud, place)
    with contextlib.suppress(Exception):
        _ask(world, key)
    died = _gone(world, "cloud")
    if not died:
        world.process("cloud").kill()
    world.start_cloud()
    heard = _ask_until_answered(world, key)
    assert died, f"the cloud never came to {place}"
    assert "E42" in heard.text
    assert _counts(world, key) == (1, 1, 1)


def test_the_device_dies_while_it_fetches_a_persons_answer(world: World) -> None:
    """Both places of the late path: cut while collecting, cut while handing over; the answer is told exactly once."""
    from tidegate.demo.desk import Desk

    key = _key("held")
    first = _ask(world, key, "A customer wants a refund because of error E42. What do we answer?")
    assert first.state == "held"
    for place in ("edge.collect.before", "edge.collect.after"):
        world.process("edge").stop()
        _start_armed(world.start_edge, place)
        if place.endswith("after"):
            desk = Desk(world.console_url, world.operator, world.password)
            desk.log_in()
            desk.edit(desk.newest_case(), "We refund the visit.")
        assert _gone(world, "edge", wait_s=30.0), place
        world.start_edge()
    late = _await_ticket(world, first.ticket)
    assert "We refund the visit." in json.dumps(late)
    again = world.door.get(f"answers/{first.ticket}")
    assert again["completion"] == late["completion"]
    assert _counts(world, key)[0] == 1


def _start_armed(start: Callable[[Mapping[str, str]], None], place: str) -> None:
    """Starts a daemon that will die at `place`; some places lie on the way to the ready line."""
    with contextlib.suppress(Broken):
        start({failpoint.VARIABLE: place})


def _key(place: str) -> str:
    return f"cut-{next(_numbers)}-{place.replace('.', '-')}"


def _ask(world: World, key: str, text: str = QUESTION) -> Heard:
    return world.door.ask(text, headers={"idempotency-key": key})


def _gone(world: World, name: str, wait_s: float = 15.0) -> bool:
    until = time.monotonic() + wait_s
    while time.monotonic() < until:
        if not world.process(name).running:
            return True
        time.sleep(0.05)
    return False


def _ask_until_answered(world: World, key: str) -> Heard:
    """Repeats the request with its key, as a client does after a broken connection, until the answer is there."""
    until = time.monotonic() + SETTLE_S
    while True:
        heard = _ask(world, key)
        if heard.state == "answered" or time.monotonic() > until:
            return heard
        if heard.ticket:
            _await_ticket(world, heard.ticket)


def _await_ticket(world: World, ticket: str) -> dict[str, object]:
    until = time.monotonic() + SETTLE_S
    while time.monotonic() < until:
        with contextlib.suppress(Broken):
            late = world.door.get(f"answers/{ticket}?wait=5")
            if late.get("state") not in ("waiting", "held"):
                return dict(late)
    raise AssertionError(f"no answer for {ticket} within {SETTLE_S} s")


def _counts(world: World, key: str) -> tuple[int, int, int]:
    """(cases, outcomes, receipts in the device's ledger) of the newest request the device made under `key`."""
    request = world.last_sent()["request"]
    with sqlite3.connect(f"file:{world.cloud_state / 'cloud.db'}?mode=ro", uri=True) as db:
        cases = db.execute("SELECT case_id FROM cases WHERE request_id = ?", (request,)).fetchall()
        outcomes = db.execute(
            "SELECT count(*) FROM outcomes JOIN cases USING (case_id) WHERE request_id = ?", (request,)
        ).fetchone()[0]
    receipts = [one for one in world.ledger() if one["kind"] == "receipt" and one["request"] == request]
    return len(cases), int(outcomes), len(receipts)
