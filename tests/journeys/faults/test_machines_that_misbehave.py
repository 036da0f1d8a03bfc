"""A disk without room, a clock that jumps, a daemon that is told to end in the middle."""

from __future__ import annotations

import contextlib
import json
import resource
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from edge.config import Door as Settings
from edge.config import EdgeConfig
from edge.housekeeping import Housekeeping
from edge.ports import Source, State
from edge.routing.plan import Why
from edge.store.journal import Line
from edge.uplink.spool import Entry, SpoolState
from tests.fakes import spooled
from tests.fakes.clocks import WrongClock
from tests.fakes.edge_clients import http
from tests.fakes.edge_parts import open_door
from tests.journeys.faults.conftest import Patient, begin, chat, until
from tidegate.clock import FixedClock
from tidegate.ids import ConversationId, RequestId, TraceId

DAY = 86_400.0
YEARS = 10 * 365 * DAY


def entry(number: int, now: float, state: SpoolState) -> Entry:
    answered_at = now if state is SpoolState.DONE else 0.0
    return spooled.entry(number, now, 7 * DAY, state=state, answered_at=answered_at)


def line(now: float) -> Line:
    return Line(
        request_id=RequestId("req_00000001"),
        at=now,
        application="tests",
        conversation=ConversationId("conv_00000001"),
        trace=TraceId("1" * 32),
        state=State.ANSWERED,
        source=Source.DEVICE,
        why=Why.UNSURE,
        confidence=0.5,
        latency_ms=1.0,
        model="fake-1",
        ticket=None,
        prompt_tokens=1,
        completion_tokens=1,
    )


@contextmanager
def no_room(patient: Patient) -> Iterator[None]:
    """No file of the daemon may grow: what a full disk does, but for this daemon alone."""
    pid = patient.living.process.pid
    assert pid is not None
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    yield
    resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


def journalled(folder: Path) -> int:
    found = 0
    for file in (folder / "state").glob("*.db"):
        with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as db:
            if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'journal'").fetchone():
                found += int(db.execute("SELECT count(*) FROM journal").fetchone()[0])
    return found


def test_a_full_disk_costs_the_journals_line_and_not_the_answer(tmp_path: Path, model: Path) -> None:
    patient = begin(tmp_path, model)
    patient.answers()
    before = journalled(tmp_path)
    with no_room(patient):
        patient.answers()
        patient.answers()
    patient.answers()  # there is room again
    assert journalled(tmp_path) == before + 1
    assert before == 1
    patient.living.stop()
    again = begin(tmp_path, model)  # what was written is whole, and can be opened
    assert again.living.url
    again.ends()


async def test_a_clock_that_jumps_locks_nobody_out(tmp_path: Path) -> None:
    clock = FixedClock()
    door = open_door(tmp_path, settings=Settings(per_minute=2), clock=clock)
    body = {"model": "tidegate", "messages": [{"role": "user", "content": "hi"}]}
    async with http(door) as client:

        async def ask() -> int:
            return (await client.post("/chat/completions", json=body)).status_code

        assert [await ask(), await ask(), await ask()] == [200, 200, 429]
        clock.advance(-YEARS)
        assert await ask() == 429  # the share is still used up: a jump back is no minute
        clock.advance(60)
        assert await ask() == 200  # and a minute is a minute
        clock.advance(2 * YEARS)
        assert [await ask(), await ask(), await ask()] == [200, 200, 429]


def test_a_clock_that_jumps_a_year_ahead_forgets_nothing(tmp_path: Path) -> None:
    clock = WrongClock()
    door = open_door(tmp_path, clock=clock)
    tidying = Housekeeping(door.stores, lambda: EdgeConfig(state=tmp_path), lambda: door.door.memory, clock)
    for number, state in enumerate((SpoolState.QUEUED, SpoolState.DONE)):
        door.stores.spool.put(entry(number, clock.now(), state))
    door.stores.journal.write(line(clock.now()))
    for wrong in (YEARS / 10, -YEARS / 10, 0.0, YEARS / 10):
        clock.wrong = wrong
        for _ in range(24):
            clock.advance(3600)
            assert tidying.once() == 0
    assert sum(door.stores.spool.counts().values()) == 2
    assert len(door.stores.journal.latest(9)) == 1
    clock.advance(31 * DAY)  # what has really had its time is forgotten, whatever the clock says
    assert tidying.once() == 2
    assert door.stores.spool.counts() == {"queued": 1}  # that one is the courier's to give up


def test_told_to_end_while_it_writes_it_finishes_or_says_so_and_ends(tmp_path: Path, model: Path) -> None:
    patient = begin(tmp_path, model)
    said: list[str] = []

    def listen() -> None:
        body = chat(stream=True, max_tokens=900)
        cut_off = contextlib.suppress(httpx.RemoteProtocolError)  # a client can tell it from an end
        with (
            patient.client() as client,
            client.stream("POST", "/chat/completions", json=body) as got,
            cut_off,
        ):
            for piece in got.iter_lines():
                said.append(piece)  # noqa: PERF402  one by one: what came before the cut counts

    listening = threading.Thread(target=listen, daemon=True)
    listening.start()
    until(lambda: bool(said))
    patient.ends()
    listening.join(20)
    assert not listening.is_alive()
    assert json.loads(said[0].removeprefix("data: "))["object"] == "chat.completion.chunk"
