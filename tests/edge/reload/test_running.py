"""A change in a running daemon: all of it or none, and requests that are inside end as they began."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edge.config import Door, EdgeConfig, Journal, Model, Privacy, Rules
from edge.gateway.keys import Keyring
from edge.gateway.server import Parts
from edge.health import Health, Now
from edge.reload.running import Current, Running
from tests.fakes.edge_clients import http
from tests.fakes.edge_parts import FakeEmbedder, FakeModel, OpenDoor, house, open_door
from tidegate.errors import Broken


@dataclass
class Hands:
    """What was put to work, in order."""

    broken: str = ""
    done: list[str] = field(default_factory=list)

    async def switch(self, settings: EdgeConfig) -> None:
        if self.broken == "model":
            raise Broken("it does not load", code="load_failed")
        self.done.append(f"model {settings.model.path}")

    def refit(self, settings: EdgeConfig) -> Callable[[], None]:
        if self.broken == "detectors":
            raise Broken("they do not load", code="detector_broken")
        return lambda: self.done.append("detectors")


def running(opened: OpenDoor, hands: Hands, files: list[EdgeConfig]) -> Running:
    now = Now(local_model=True, model="", uplink=False, link_up=False, barred=False, spool={})
    parts = Parts(
        opened.door,
        Keyring(opened.stores.keys),
        Health(lambda: now),
        lambda: b"",
        opened.stores.ledger.latest,
        FakeEmbedder(present=False),
    )
    return Running.around(Current(files[0]), parts, lambda: files[-1], switch=hands.switch, refit=hands.refit)


BODY = {"model": "tidegate", "messages": [{"role": "user", "content": "hi"}]}


@pytest.mark.parametrize("broken", ["model", "detectors"])
async def test_when_a_part_cannot_be_made_every_old_setting_stands(tmp_path: Path, broken: str) -> None:
    old = EdgeConfig(state=tmp_path)
    new = EdgeConfig(
        state=tmp_path,
        model=Model(path=Path("m")),
        privacy=Privacy(hide=("Aurelia",)),
        journal=Journal(keep_text=True),
        door=Door(per_minute=1),
    )
    hands = Hands(broken)
    made = running(open_door(tmp_path), hands, [old, new])
    door = made.parts.door
    with pytest.raises(Broken):
        await made.reloader.reload()
    assert made.current.settings == made.reloader.settings == old
    assert made.parts.door is door
    assert hands.done == []


async def test_the_model_is_proven_before_anything_turns(tmp_path: Path) -> None:
    old = EdgeConfig(state=tmp_path)
    new = EdgeConfig(state=tmp_path, model=Model(path=Path("m")), policy=Rules(public_words=("Aurelia",)))
    hands = Hands()
    found = await running(open_door(tmp_path), hands, [old, new]).reloader.reload()
    assert hands.done == ["model m", "detectors"]
    assert found.applied == ("model.path", "policy.public_words")


async def test_a_request_that_is_inside_ends_as_it_began_and_the_next_is_new(tmp_path: Path) -> None:
    model = FakeModel(pause_s=0.5)
    opened = open_door(tmp_path, house(model))
    old = EdgeConfig(state=tmp_path)
    made = running(opened, Hands(), [old, EdgeConfig(state=tmp_path, door=Door(max_body_bytes=10))])
    opened.app = made.front
    async with http(opened) as client:
        inside = asyncio.create_task(client.post("/chat/completions", json=BODY))
        while not model.asked:  # noqa: ASYNC110  the fake says no event
            await asyncio.sleep(0.01)
        assert (await made.reloader.reload()).applied == ("door.max_body_bytes",)
        assert (await client.post("/chat/completions", json=BODY)).status_code == 413
        assert (await inside).status_code == 200


async def test_limits_move_with_who_is_inside(tmp_path: Path) -> None:
    old, new = EdgeConfig(state=tmp_path), EdgeConfig(state=tmp_path, door=Door(per_minute=1))
    opened = open_door(tmp_path)
    made = running(opened, Hands(), [old, new])
    opened.app = made.front
    async with http(opened) as client:
        for _ in range(3):
            assert (await client.post("/chat/completions", json=BODY)).status_code == 200
        await made.reloader.reload()
        got = [(await client.post("/chat/completions", json=BODY)).status_code for _ in range(2)]
    assert got == [200, 429]
