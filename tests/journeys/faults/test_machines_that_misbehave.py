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
from tests.fakes.edge_clients import http
from tests.fakes.edge_parts import open_door
from tests.journeys.faults.conftest import Patient, begin, chat, until
from tidegate.clock import FixedClock

YEARS = 10 * 365 * 86_400.0


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
