"""The device's power is cut where only a following turn can tell what the application already has: told once, or never again.

That no cut loses or doubles a request is shown at every place on the real cloud, in tests/journeys/test_power_cuts.py.
"""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import httpx
import pytest

from edge import app
from edge.config import EdgeConfig
from tests.fakes import daemon
from tests.fakes.cloud import FakeCloud, Site, serving
from tests.fakes.daemon import client, plain
from tidegate import failpoint
from tidegate.chat import JSON
from tidegate.errors import BadConfig

QUESTION = "what does eve.adams@example.org want"
ANSWER = "she wants the first answer"
SECOND = "and what else"


def body(*turns: str) -> dict[str, JSON]:
    roles = ("user", "assistant")
    messages: list[JSON] = [{"role": roles[at % 2], "content": text} for at, text in enumerate(turns)]
    return {"model": "tidegate", "messages": messages}


def say(message: object) -> str:
    contents = [one.content for one in getattr(message, "messages")]  # noqa: B009
    return ANSWER if contents[-1] != SECOND else "the second answer"


@pytest.mark.parametrize(
    ("name", "times"),
    [
        ("edge.spool.put.after", 1),  # written, not sent
        ("edge.door.claimed", 0),  # the response may have been written: told at most once, pulled any time
    ],
)
async def test_after_a_cut_the_next_turn_tells_the_answer_once_or_never_again(
    name: str, times: int, tmp_path: Path
) -> None:
    site = Site(tmp_path / "site")
    cloud = FakeCloud(site, say=say)
    async with serving(cloud) as address:
        config = plain(site, tmp_path / "state", address)
        first = await asyncio.to_thread(daemon.start, config, failpoint=name)
        async with client(first, first.api_key) as opened:
            with pytest.raises(httpx.TransportError):
                await opened.post(
                    "/chat/completions", json=body(QUESTION), headers={"idempotency-key": "one"}
                )
        assert await asyncio.to_thread(first.died_of) == -signal.SIGKILL

        second = await asyncio.to_thread(daemon.start, config)
        async with client(second, first.api_key) as opened:
            told = await _next_turn(opened)
            repeated = await opened.post(
                "/chat/completions", json=body(QUESTION), headers={"idempotency-key": "one"}
            )
            told_again = await _next_turn(opened)
        assert await asyncio.to_thread(second.stop) == 0

    assert (told, told_again) == (times, 0)
    assert repeated.json()["choices"][0]["message"]["content"] == ANSWER
    assert len({raw for raw in cloud.seen if b"want" in raw and SECOND.encode() not in raw}) == 1


async def _next_turn(opened: httpx.AsyncClient) -> int:
    """How often the first answer is told in the next turn of the conversation, once nothing is on its way any more."""
    for _ in range(200):
        if not any(one["state"] in ("waiting", "held") for one in await _pending(opened)):
            break
        await asyncio.sleep(0.05)
    got = await opened.post("/chat/completions", json=body(QUESTION, "...", SECOND))
    text = got.json()["choices"][0]["message"]["content"]
    assert text.endswith("the second answer")
    return int(text.count(ANSWER))


async def _collect_for_long(opened: httpx.AsyncClient, ticket: str) -> None:
    for _ in range(50):
        await opened.get(f"/tidegate/answers/{ticket}?wait=5")


async def _pending(opened: httpx.AsyncClient) -> list[dict[str, str]]:
    found: list[dict[str, str]] = (await opened.get("/tidegate/answers")).json()["data"]
    return found


async def test_a_cut_while_a_persons_answer_is_handed_over_loses_nothing(tmp_path: Path) -> None:
    site = Site(tmp_path / "site")
    cloud = FakeCloud(site, say=say, hold=True)
    async with serving(cloud) as address:
        config = plain(site, tmp_path / "state", address)
        first = await asyncio.to_thread(daemon.start, config, failpoint="edge.late.claimed")
        async with client(first, first.api_key) as opened:
            held = await opened.post("/chat/completions", json=body(QUESTION))
            ticket = held.headers["x-tidegate-ticket"]
            cloud.decided.set()
            with pytest.raises(httpx.TransportError):
                await _collect_for_long(opened, ticket)
        assert await asyncio.to_thread(first.died_of) == -signal.SIGKILL
        second = await asyncio.to_thread(daemon.start, config)
        async with client(second, first.api_key) as opened:
            late = (await opened.get(f"/tidegate/answers/{ticket}?wait=15")).json()
            again = (await opened.get(f"/tidegate/answers/{ticket}")).json()
            told = await _next_turn(opened)
        assert await asyncio.to_thread(second.stop) == 0
    assert late["completion"]["choices"][0]["message"]["content"] == ANSWER
    assert again["completion"]["id"] == late["completion"]["id"]
    assert told == 0
    assert len({raw for raw in cloud.seen if SECOND.encode() not in raw}) == 1


def test_a_misspelt_failpoint_stops_the_daemon_at_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(failpoint.VARIABLE, "edge.no.such")
    try:
        with pytest.raises(BadConfig) as refused:
            app.main(EdgeConfig(state=tmp_path / "state"), lambda ready: None)
    finally:
        failpoint.check({})
    assert refused.value.code == "bad_failpoint"
    assert not (tmp_path / "state").exists()
