"""MQTT tools against a real mosquitto on loopback."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from edge.agent.settings import Declared, MqttSetting, ToolSetting
from edge.agent.toolbox import chest
from edge.agent.values import Ended, Outcome
from tidegate.chat import JSON
from tidegate.errors import BadConfig

PARAMETERS = {"type": "object", "properties": {"room": {"type": "string"}, "level": {"type": "integer"}}}


def binary() -> str:
    """mosquitto where the system or `scripts/setup` has it; empty when nowhere."""
    places = [*os.environ.get("PATH", "").split(":"), "/usr/sbin", "/usr/local/sbin"]
    cache = Path(os.environ.get("TIDEGATE_CACHE") or Path.home() / ".cache" / "tidegate")
    found = (Path(place) / "mosquitto" for place in [*places, str(cache / "mosquitto" / "bin")])
    return next((str(one) for one in found if one.is_file()), "")


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    if not binary():
        pytest.skip("mosquitto is not here: run scripts/setup")
    folder = tmp_path_factory.mktemp("broker")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    (folder / "conf").write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    running = subprocess.Popen([binary(), "-c", str(folder / "conf")], stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.02)
        yield port
    finally:
        running.terminate()
        running.wait(5)


async def act(port: int, arguments: dict[str, JSON], **changes: object) -> Outcome:
    setting = MqttSetting(topic="home/{room}/light", broker=f"127.0.0.1:{port}", **changes)  # type: ignore[arg-type]
    tool = ToolSetting(name="t", description="", parameters=PARAMETERS, mqtt=setting, seconds=5.0)
    box = chest(Declared(tools=(tool,)), {})
    return await box.call((await box.tools())["t"], arguments, "k")


async def test_a_message_reaches_the_device_that_listens(broker: int) -> None:
    heard: list[tuple[str, bytes]] = []
    ready, came = threading.Event(), threading.Event()
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.on_connect = lambda *_: client.subscribe("home/#", 1)
    client.on_subscribe = lambda *_: ready.set()

    def message(_client: object, _data: object, got: paho.MQTTMessage) -> None:
        heard.append((got.topic, got.payload))
        came.set()

    client.on_message = message
    client.connect("127.0.0.1", broker)
    client.loop_start()
    assert await asyncio.to_thread(ready.wait, 5)
    assert (await act(broker, {"room": "kitchen", "level": 3})).ended is Ended.OK
    assert await asyncio.to_thread(came.wait, 5)
    assert (await act(broker, {"room": "hall", "level": 3}, payload="set {level}")).ended is Ended.OK
    for _ in range(250):
        if len(heard) == 2:
            break
        await asyncio.sleep(0.02)
    client.loop_stop()
    assert heard == [
        ("home/kitchen/light", b'{"room": "kitchen", "level": 3}'),
        ("home/hall/light", b"set 3"),
    ]


async def test_an_argument_cannot_leave_its_level(broker: int) -> None:
    assert (await act(broker, {"room": "kitchen/../#"})).ended is Ended.BAD_CALL


async def test_a_broker_that_is_not_there_is_an_outcome() -> None:
    assert (await act(1, {"room": "kitchen"})).ended is Ended.UNREACHABLE


@pytest.mark.parametrize("address", ["example.org:1883", "127.0.0.1", "127.0.0.1:x", ":1"])
def test_a_broker_elsewhere_or_nowhere_stops_the_start(address: str) -> None:
    tool = ToolSetting(
        name="t", description="", parameters=PARAMETERS, mqtt=MqttSetting(topic="x", broker=address)
    )
    with pytest.raises(BadConfig):
        chest(Declared(tools=(tool,)), {})
