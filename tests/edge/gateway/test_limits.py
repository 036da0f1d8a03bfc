"""What one application may take of the door, and what it is told when it has taken it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from starlette.types import Message, Receive, Scope, Send

from edge.config import Door as Settings
from edge.gateway.keys import make_key
from edge.gateway.limits import ImpatientWriter, Shares, until
from tests.fakes.edge_clients import http
from tests.fakes.edge_parts import FakeModel, house, open_door
from tidegate.chat import JSON
from tidegate.clock import FixedClock
from tidegate.errors import Exhausted

ASKED: dict[str, JSON] = {"model": "tidegate", "messages": [{"role": "user", "content": "hi"}]}


def begin(shares: Shares, application: str = "a") -> int:
    """0 when one more request fits, else the seconds to wait."""
    try:
        with shares.taken(application):
            return 0
    except Exhausted as told:
        assert told.status == 429
        return told.retry_after_s


def test_a_minute_holds_so_many_requests_and_fills_evenly() -> None:
    clock = FixedClock(1_790_000_000.0)
    shares = Shares(clock, at_once=9, per_minute=3)
    assert [begin(shares) for _ in range(4)] == [0, 0, 0, 20]
    clock.advance(12)
    assert begin(shares) == 8
    clock.advance(8)
    assert [begin(shares), begin(shares)] == [0, 20]
    clock.advance(3600)
    assert [begin(shares) for _ in range(4)] == [0, 0, 0, 20]


def test_one_application_does_not_use_up_anothers_share() -> None:
    shares = Shares(FixedClock(1_790_000_000.0), at_once=1, per_minute=1)
    assert [begin(shares, "a"), begin(shares, "b")] == [0, 0]
    assert [begin(shares, "a"), begin(shares, "b")] == [60, 60]


def test_without_a_number_there_is_no_minute() -> None:
    shares = Shares(FixedClock(1_790_000_000.0), at_once=1)
    assert {begin(shares) for _ in range(1000)} == {0}


def test_requests_at_work_are_counted_until_they_end() -> None:
    shares = Shares(FixedClock(1_790_000_000.0), at_once=2)
    with shares.taken("a"), shares.taken("a"):
        assert (begin(shares, "a"), begin(shares, "b")) == (1, 0)
    with pytest.raises(ZeroDivisionError), shares.taken("a"):
        raise ZeroDivisionError
    with shares.taken("a"), shares.taken("a"):
        pass


@pytest.mark.parametrize(
    ("path", "body", "kind"),
    [
        ("/chat/completions", ASKED, "rate_limit_error"),
        ("/messages", {**ASKED, "max_tokens": 5}, "rate_limit_error"),
        ("/responses", {"model": "tidegate", "input": "hi"}, "rate_limit_error"),
        ("/embeddings", {"model": "embedding", "input": "hi"}, "rate_limit_error"),
        ("/tidegate/plan", ASKED, "rate_limit_error"),
    ],
)
async def test_beyond_its_minute_an_application_is_told_when_to_come_back(
    tmp_path: Path, path: str, body: dict[str, JSON], kind: str
) -> None:
    model = FakeModel()
    door = open_door(
        tmp_path, house(model), settings=Settings(per_minute=1), clock=FixedClock(1_790_000_000.0)
    )
    other = make_key(door.stores.keys, "other", 0.0)
    async with http(door) as client:
        assert (await client.post("/chat/completions", json=ASKED)).status_code == 200
        got = await client.post(path, json=body)
        listed = await client.get("/models")
        theirs = await client.post(
            "/chat/completions", json=ASKED, headers={"authorization": f"Bearer {other}"}
        )
    assert (got.status_code, got.headers["retry-after"]) == (429, "60")
    assert (got.json()["error"]["code"], got.json()["error"]["type"]) == ("rate_limit_exceeded", kind)
    assert (listed.status_code, theirs.status_code) == (200, 200)
    assert len(model.asked) == 2


class Writes:
    """An application that sends so many chunks."""

    def __init__(self, chunks: int) -> None:
        self.chunks, self.sent, self.ended = chunks, 0, False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            for _ in range(self.chunks):
                await send({"type": "http.response.body", "body": b"x", "more_body": True})
                self.sent += 1
        finally:
            self.ended = True


async def _nothing() -> Message:
    return {"type": "http.request"}


async def test_a_client_that_stops_reading_loses_its_stream() -> None:
    app = Writes(5)
    stuck = asyncio.Event()

    async def send(_message: Message) -> None:
        if app.sent == 2:
            await stuck.wait()

    async with asyncio.timeout(10):
        await ImpatientWriter(app, 0.05)({"type": "http"}, _nothing, send)
    assert app.ended
    assert app.sent == 2


async def test_a_client_that_reads_slowly_keeps_its_stream() -> None:
    app = Writes(60)  # each within its time, all of them beyond it

    async def send(_message: Message) -> None:
        await asyncio.sleep(0.02)

    await ImpatientWriter(app, 1.0)({"type": "http"}, _nothing, send)
    assert app.sent == 60


async def test_what_an_application_waits_for_before_it_writes_is_no_fault_of_the_client() -> None:
    class Thinks(Writes):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await super().__call__(scope, receive, send)
            await asyncio.sleep(0.2)
            await super().__call__(scope, receive, send)

    app = Thinks(1)

    async def send(_message: Message) -> None:
        await asyncio.sleep(0)

    await ImpatientWriter(app, 0.05)({"type": "http"}, _nothing, send)
    assert app.sent == 2


async def test_work_ends_with_whoever_waits_for_it() -> None:
    leaving = asyncio.get_running_loop().create_future()
    ended = asyncio.Event()

    async def work() -> None:
        try:
            leaving.set_result(None)
            await asyncio.sleep(60)
        finally:
            ended.set()

    await until(leaving, work())
    assert ended.is_set()
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0, "nobody else was told to end"


async def test_work_that_is_done_first_is_done() -> None:
    leaving = asyncio.get_running_loop().create_future()
    done = asyncio.Event()

    async def work() -> None:
        await asyncio.sleep(0)
        done.set()

    await until(leaving, work())
    assert done.is_set()
    leaving.set_result(None)
    await asyncio.sleep(0)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0, "who leaves afterwards cancels nothing"


async def test_a_cancellation_of_somebody_elses_is_passed_on() -> None:
    leaving = asyncio.get_running_loop().create_future()
    task = asyncio.ensure_future(until(leaving, asyncio.sleep(60)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_time_limit_around_it_is_told_from_a_client_that_left() -> None:
    leaving = asyncio.get_running_loop().create_future()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await until(leaving, asyncio.sleep(60))
