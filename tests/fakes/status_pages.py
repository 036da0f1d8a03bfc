"""A whole daemon with a cloud of ours behind it, served from a thread of its own, for whoever looks at its pages."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from edge import app, device_key
from edge.app import Ready
from edge.config import Door, EdgeConfig, Model, Rules, Uplink
from edge.owner import owner_key
from edge.routing.mode import Mode
from tests.fakes.cloud import FakeCloud, Site, serving

LIGHT = {
    "type": "function",
    "function": {
        "name": "TurnOnLight",
        "description": "Turns on a light.",
        "parameters": {"type": "object", "properties": {"room": {"type": "string"}}, "required": ["room"]},
    },
}


@dataclass
class House:
    """`url` ends in /v1; `api_key` is the first application's."""

    config: EdgeConfig
    cloud: FakeCloud
    url: str = ""
    api_key: str = field(default="", repr=False)

    @property
    def base(self) -> str:
        return self.url.removesuffix("/v1")

    def ask(self, text: str, *, tools: bool = False, key: str = "", **headers: str) -> httpx.Response:
        body: dict[str, object] = {"model": "tidegate", "messages": [{"role": "user", "content": text}]}
        if tools:
            body["tools"] = [LIGHT]
        given = {"authorization": f"Bearer {key or self.api_key}", **headers}
        return httpx.post(
            self.url + "/chat/completions", json=body, headers=given, timeout=60, trust_env=False
        )

    def owner_link(self) -> str:
        """A link that opens the owner's page once."""
        key = owner_key(device_key.load_or_make(self.config.state))
        got = httpx.post(
            self.url + "/tidegate/status/link", headers={"authorization": f"Bearer {key}"}, trust_env=False
        )
        return self.base + str(got.raise_for_status().json()["path"])


@contextlib.contextmanager
def living(
    folder: Path,
    *,
    mode: Mode = Mode.PREFER_LOCAL,
    mode_for: dict[str, Mode] | None = None,
    model: bool = False,
    names: bool = False,
) -> Iterator[House]:
    """A daemon that has said that it is ready. `model` loads the embedded one, `names` the encoder."""
    cloud = FakeCloud(Site(folder / "site"))
    config = EdgeConfig(
        state=folder / "state",
        mode=mode,
        mode_for=mode_for or {},
        door=Door(port=0),
        model=Model(enabled=model),
        policy=Rules(names=names),
        uplink=Uplink(identity=folder / "site" / "device"),
    )
    house = House(config, cloud)
    ready, loop, stop = threading.Event(), asyncio.new_event_loop(), asyncio.Event()

    def announce(said: Ready) -> None:
        house.url, house.api_key = said.url, said.api_key
        ready.set()

    async def run() -> None:
        async with serving(cloud) as address:
            placed = EdgeConfig(
                state=config.state,
                mode=config.mode,
                mode_for=config.mode_for,
                door=config.door,
                model=config.model,
                policy=config.policy,
                uplink=Uplink(address=address, identity=config.uplink.identity),
            )
            await app.run(placed, announce, stop=stop)

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()))
    thread.start()
    try:
        while not ready.wait(0.2):
            assert thread.is_alive(), "the daemon did not start"
        yield house
    finally:
        if thread.is_alive():
            loop.call_soon_threadsafe(stop.set)
        thread.join(20)
        loop.close()
