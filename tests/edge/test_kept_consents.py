"""A question that waits for consent, and the word about it, outlive the daemon: sealed, for its minutes, under the same rules."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import httpx
import msgspec
import pytest

from edge.config import Door, EdgeConfig, Rules
from edge.consents import Consents, Word
from edge.device_key import DeviceKey
from edge.kept_consents import PURPOSE, KeptConsents, rules_of
from edge.routing.mode import Mode
from edge.stores import Stores, open_stores
from tests.edge.test_consents import ask, asked
from tests.fakes import daemon
from tests.fakes.cloud import FakeCloud, Site, serving
from tests.fakes.daemon import client, plain
from tidegate.chat import JSON
from tidegate.clock import FixedClock

KEY = DeviceKey(b"k" * 32)
QUESTION: dict[str, JSON] = {
    "model": "tidegate",
    "messages": [{"role": "user", "content": "what does eve.adams@example.org want"}],
}


def stores(folder: Path) -> Stores:
    folder.mkdir(exist_ok=True)
    return open_stores(EdgeConfig(state=folder), KEY)


def desk(
    kept: Stores, clock: FixedClock | None = None, *, key: DeviceKey = KEY, rules: str = "", most: int = 64
) -> Consents:
    shelf = KeptConsents(kept.consents, key.derive(PURPOSE))
    return Consents(
        clock or FixedClock(), KEY, lambda _: b"12345", shelf=shelf, rules=lambda: rules, most=most
    )


async def test_what_waits_waits_on_and_the_word_about_it_is_taken(tmp_path: Path) -> None:
    kept = stores(tmp_path)
    one = await asked(desk(kept), ask())
    again = desk(kept)
    assert again.waiting() == (one,)
    assert again.decide(one.id, agree=True, application="desk") is not None
    assert again.agreed(ask())
    assert not again.agreed(ask("something else"))


@pytest.mark.parametrize(("agree", "word"), [(True, Word.AGREED), (False, Word.REFUSED)])
async def test_a_word_that_was_given_stands(tmp_path: Path, agree: bool, word: Word) -> None:
    kept = stores(tmp_path)
    first = desk(kept)
    one = await asked(first, ask())
    first.decide(one.id, agree=agree, application=None)
    again = desk(kept)
    found = again.decide(one.id, agree=not agree, application=None)
    assert found is not None
    assert (found.word, again.agreed(ask())) == (word, agree)


async def test_its_minutes_go_on_while_the_daemon_is_down_and_then_it_is_gone_from_the_disk(
    tmp_path: Path,
) -> None:
    kept, clock = stores(tmp_path), FixedClock()
    one = await asked(desk(kept, clock), ask())
    clock.advance(599)
    assert desk(kept, clock).waiting() == (one,)
    clock.advance(2)
    assert desk(kept, clock).waiting() == ()
    assert kept.consents.all() == []


async def test_what_the_desk_forgets_is_forgotten_on_the_disk_too(tmp_path: Path) -> None:
    kept, clock = stores(tmp_path), FixedClock()
    consents = desk(kept, clock, most=2)
    for text in ("one", "two", "three"):
        await asked(consents, ask(text))
    assert len(kept.consents.all()) == 2
    clock.advance(700)
    assert consents.waiting() == ()
    assert kept.consents.all() == []


async def test_nothing_of_it_lies_on_the_disk_in_clear(tmp_path: Path) -> None:
    kept = stores(tmp_path)
    await asked(desk(kept), ask("the gate code of the blue house"))
    kept.close()
    assert not [name for name, raw in files(tmp_path).items() if b"gate code" in raw]


def files(folder: Path) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in folder.iterdir() if one.is_file()}


async def test_what_was_altered_moved_or_made_by_another_device_is_asked_again(tmp_path: Path) -> None:
    kept = stores(tmp_path)
    for text in ("one", "two"):
        await asked(desk(kept), ask(text))
    (first, raw), (second, _) = kept.consents.all()
    kept.consents.put(second, 2e9, raw)  # a row in another's place
    kept.consents.put(first, 2e9, raw[:-1] + bytes([raw[-1] ^ 1]))
    assert desk(kept).waiting() == ()
    assert kept.consents.all() == []
    await asked(desk(kept), ask())
    assert desk(kept, key=DeviceKey(b"x" * 32)).waiting() == ()


async def test_a_word_given_under_other_rules_of_redaction_lets_nothing_go(tmp_path: Path) -> None:
    kept = stores(tmp_path)
    first = desk(kept, rules="a")
    one = await asked(first, ask())
    first.decide(one.id, agree=True, application=None)
    changed = desk(kept, rules="b")
    assert not changed.agreed(ask())
    assert (await asked(changed, ask())).id != one.id


def test_the_rules_are_those_of_redaction_and_of_nothing_else() -> None:
    usual = EdgeConfig(state=Path("/s"))
    assert rules_of(usual) == rules_of(msgspec.structs.replace(usual, door=Door(port=0)))
    assert rules_of(usual) != rules_of(msgspec.structs.replace(usual, policy=Rules(names=False)))


async def test_the_power_goes_when_it_was_asked_and_when_it_was_agreed_to(tmp_path: Path) -> None:
    site = Site(tmp_path / "site")
    cloud = FakeCloud(site)
    async with serving(cloud) as address:
        config = plain(site, tmp_path / "state", address, Mode.ASK)
        first = await asyncio.to_thread(daemon.start, config, failpoint="edge.consent.asked")
        async with client(first, first.api_key) as opened:
            with pytest.raises(httpx.TransportError):
                await opened.post("/chat/completions", json=QUESTION)
        assert await asyncio.to_thread(first.died_of) == -signal.SIGKILL

        second = await asyncio.to_thread(daemon.start, config, failpoint="edge.consent.word")
        async with client(second, first.api_key) as opened:
            (waits,) = (await opened.get("/tidegate/consents")).json()["data"]
            refused = await opened.post("/chat/completions", json=QUESTION)
            assert refused.json()["tidegate"]["consent"] == waits["id"]  # the same place as before the cut
            with pytest.raises(httpx.TransportError):
                await opened.post(f"/tidegate/consents/{waits['id']}", json={"agree": True})
        assert await asyncio.to_thread(second.died_of) == -signal.SIGKILL
        assert cloud.seen == []

        third = await asyncio.to_thread(daemon.start, config)
        async with client(third, first.api_key) as opened:
            answered = await opened.post("/chat/completions", json=QUESTION)
            other = await opened.post(
                "/chat/completions", json={**QUESTION, "messages": [{"role": "user", "content": "and now"}]}
            )
        assert await asyncio.to_thread(third.stop) == 0
    assert answered.json()["choices"][0]["message"]["content"] == "the cloud's answer"
    assert other.status_code >= 400
    assert len(cloud.seen) == 1
