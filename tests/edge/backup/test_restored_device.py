"""A restored device against a real cloud on the wire: what was on its way is answered once, and told once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from edge.backup.make import make
from edge.backup.restore import Relation, restore
from edge.config import Door, EdgeConfig, Model, Rules, Uplink
from tests.fakes import daemon
from tests.fakes.cloud import FakeCloud, Site, serving
from tidegate.chat import JSON
from tidegate.clock import SystemClock

WORDS = "correct horse battery staple"
QUESTION, ANSWER = "what does eve.adams@example.org want", "she wants the answer"


def settings(site: Site, state: Path, address: str) -> EdgeConfig:
    return EdgeConfig(
        state=state,
        door=Door(port=0, deadline_s=0.5),
        model=Model(enabled=False),
        policy=Rules(names=False),
        uplink=Uplink(address=address, identity=site.folder / "device", probe_s=0.2),
    )


def asked(*turns: str) -> dict[str, JSON]:
    roles = ("user", "assistant")
    messages: list[JSON] = [{"role": roles[at % 2], "content": text} for at, text in enumerate(turns)]
    return {"model": "tidegate", "messages": messages}


async def ask(client: httpx.AsyncClient, *turns: str) -> dict[str, JSON]:
    got = await client.post("/chat/completions", json=asked(*turns))
    found: dict[str, JSON] = got.json()
    assert got.status_code == 200, got.text
    return found


@pytest.mark.parametrize(("signed_later", "told"), [(False, 0), (True, 1)])
async def test_an_escalation_of_the_backup_is_replayed_and_told_only_if_it_was_not_told_before(
    tmp_path: Path, signed_later: bool, told: int
) -> None:
    site, clock = Site(tmp_path / "site"), SystemClock()
    cloud = FakeCloud(site, say=lambda _: ANSWER, unavailable=True)
    async with serving(cloud) as address:
        config = settings(site, tmp_path / "state", address)
        first = await asyncio.to_thread(daemon.start, config)
        headers = {"authorization": f"Bearer {first.api_key}"}
        async with httpx.AsyncClient(
            base_url=first.url, headers=headers, trust_env=False, timeout=20
        ) as client:
            queued = await ask(client, QUESTION)
            tidegate = queued["tidegate"]
            assert isinstance(tidegate, dict)
            ticket = tidegate["ticket"]
            file = tmp_path / "b.tgb"
            await asyncio.to_thread(lambda: make(config.state, file, WORDS, models=False, now=clock.now()))
            if not signed_later:
                cloud.unavailable = False
                await _final(client, str(ticket))  # the first life is told the answer
        assert await asyncio.to_thread(first.stop) == 0
        cloud.unavailable = False
        done = await asyncio.to_thread(lambda: restore(file, config.state, WORDS, now=clock.now()))
        assert done.relation is not Relation.FRESH
        if signed_later:
            cloud.issued_at = int(clock.now()) + 60
        second = await asyncio.to_thread(daemon.start, config)
        async with httpx.AsyncClient(
            base_url=second.url, headers=headers, trust_env=False, timeout=20
        ) as client:
            await _final(client, str(ticket), wait="0")
            after = await ask(client, QUESTION, "...", "and what else")
            late = after["tidegate"].get("late", []) if isinstance(after["tidegate"], dict) else []
            assert isinstance(late, list)
            assert len(late) == (told if signed_later else 0)
        assert await asyncio.to_thread(second.stop) == 0
    assert (
        len({raw for raw in cloud.seen if b"want" in raw and b"what else" not in raw}) == 1
    )  # the same bytes


async def _final(client: httpx.AsyncClient, ticket: str, wait: str = "1") -> None:
    """Until the ticket has its answer. Asking for it counts as telling it; looking at the list does not."""
    for _ in range(200):
        if wait == "0":
            rows = (await client.get("/tidegate/answers")).json()["data"]
            states = {row["ticket"]: row["state"] for row in rows}
            if states.get(ticket) == "answered":
                return
        else:
            got = (await client.get(f"/tidegate/answers/{ticket}", params={"wait": wait})).json()
            if got["state"] == "answered":
                return
        await asyncio.sleep(0.05)
    raise AssertionError("the answer never came")
