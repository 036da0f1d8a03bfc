"""The pages beside the cases: the fleet with its alarms, quality, and an audit log that people can read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from cloud.audit.log import Entry, encode
from cloud.console import history
from cloud.console.access import Access
from cloud.console.app import build
from cloud.console.fleet import FleetSeen, FleetWatch, fleet_seen
from cloud.fleet.registry import Device, FleetStore, MemoryStore
from cloud.fleet.rollout import Member, Rollout, RolloutState
from tests.fakes.cloud_parts import (
    ASKS_REFUND,
    DEVICE,
    PASSWORD,
    ZOE,
    CloudHouse,
    cloud_house,
    console_parts,
    wire,
)
from tidegate.clock import FixedClock
from tidegate.errors import BadConfig
from tidegate.health import Health, PromiseLine, Scope
from tidegate.ids import DeviceId, ReleaseId
from tidegate.risk.monitor import State
from tidegate.risk.task import Task
from tidegate.telemetry import new_traceparent
from tidegate.updates import Fault, Reported, UpdateState

CALM = PromiseLine(Scope.DEVICE, Task.CALLS, State.KEEPING, True, 0.02, kept=120, right=6)
ALARM = PromiseLine(
    Scope.APPLICATION, Task.CALLS, State.STOPPED, True, 0.05, kept=80, right=5, wrong=4, alarms=2, alarm_at=1_800_000_000
)  # fmt: skip
PROSE = PromiseLine(Scope.DEVICE, Task.PROSE, State.STOPPED, False, 0.02)


def device(name: str, *lines: PromiseLine) -> Device:
    reported = Reported(1, "edge-1.2", "f4" * 32, UpdateState.COMMITTED)
    health = Health(100, here=7, there=2, nobody=1, spooled=3, lines=lines)
    return Device(DeviceId(name), reported=reported, online=True, seen_at=90.0, health=health)


@dataclass
class World:
    house: CloudHouse
    browser: httpx.AsyncClient
    store: MemoryStore | None = field(default_factory=MemoryStore)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    house = cloud_house(tmp_path, clock=FixedClock())
    house.operators.put(ZOE, by="test")
    access = Access(house.operators, house.sessions, house.clock, key=b"k" * 32)

    def look() -> FleetSeen | None:
        return None if made.store is None else fleet_seen(made.store, 100.0)

    app = build(console_parts(house, access, look))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://console.test"
    ) as client:
        made = World(house, client)
        await client.post("/login", data={"name": "zoe", "password": PASSWORD})
        yield made


async def test_a_broken_promise_is_on_every_page_and_first_on_the_fleets(world: World) -> None:
    assert world.store is not None
    world.store.save_device(device("boiler-01", CALM, PROSE))
    world.store.save_device(device("pump-room-01", ALARM))
    page = (await world.browser.get("/fleet")).text
    assert 'data-alarm="pump-room-01"' in page
    assert 'data-alarm="boiler-01"' not in page
    assert "4 of 9 checked were wrong" in page
    assert page.index("pump-room-01</code>") < page.index("boiler-01</code>")
    assert "1 alarm</span>" in (await world.browser.get("/cases")).text


async def test_without_an_alarm_no_page_speaks_of_one(world: World) -> None:
    assert world.store is not None
    world.store.save_device(device("boiler-01", CALM, PROSE))
    page = (await world.browser.get("/fleet")).text
    assert "alarm" not in page
    assert "7 of 10" in page
    assert "badge" not in page


async def test_a_rollout_shows_how_far_it_is_and_whose_device_failed_how(world: World) -> None:
    assert world.store is not None
    done = Member(0, 1, ReleaseId("edge-1.1"), assigned=True, done=True)
    members = {
        DeviceId("a-01"): done,
        DeviceId("b-01"): Member(1, 1, ReleaseId("edge-1.1"), fault=Fault.LOAD_HUNG),
    }
    world.store.save_rollout(
        Rollout("rollout_1", ReleaseId("edge-1.2"), "a" * 64, members, state=RolloutState.ROLLED_BACK)
    )
    page = (await world.browser.get("/fleet")).text
    assert "1 of 2" in page
    assert "load hung" in page
    assert "rolled back" in page


async def test_empty_pages_say_what_fills_them(world: World) -> None:
    assert "tidegate fleet token" in (await world.browser.get("/fleet")).text
    world.store = None
    assert "tidegate fleet init" in (await world.browser.get("/fleet")).text
    assert "Nothing has been escalated" in (await world.browser.get("/quality")).text


async def test_what_was_escalated_is_on_the_quality_page_and_in_the_log_in_words(world: World) -> None:
    await world.house.desk.escalate(wire(ASKS_REFUND), DEVICE, new_traceparent())
    case = world.house.review.waiting()[0].case
    quality = (await world.browser.get("/quality")).text
    assert "escalations in two weeks" in quality
    assert 'class="waiting"' in quality
    audit = (await world.browser.get("/audit")).text
    assert "held for a person" in audit
    assert "policy asks for a person" in audit
    assert f"/cases/{case}" in audit


async def test_released_answers_are_counted_by_model(world: World) -> None:
    await world.house.desk.escalate(wire("what does E42 mean?"), DEVICE, new_traceparent())
    (cost,) = world.house.insight.costs(0.0)
    assert (cost.model, cost.answers) == ("tidegate-quotes", 1)
    assert "tidegate-quotes" in (await world.browser.get("/quality")).text


def test_a_registry_that_cannot_be_read_is_said_and_looked_at_again_later() -> None:
    clock, opened = FixedClock(), [0]

    def broken() -> FleetStore:
        opened[0] += 1
        raise BadConfig("devices/x.json: not what the fleet store wrote there", code="bad_fleet_file")

    watch = FleetWatch(broken, clock)
    for _ in range(3):
        seen = watch.look()
        assert seen is not None
        assert "x.json" in seen.failed
    assert opened == [1]
    clock.advance(6.0)
    watch.look()
    assert opened == [2]


@pytest.mark.parametrize(
    ("facts", "what", "why"),
    [
        ({"kind": "held", "reason": "unsure"}, "held for a person", "the model is unsure of its answer"),
        ({"kind": "rejected", "reason": "not_redacted"}, "rejected", "private text stood in it"),
        ({"kind": "decided", "operator": "ada", "decision": "edit"}, "decided by a person", "ada: edit"),
        ({"kind": "released"}, "answered without a person", ""),
        ({"kind": "some_later_kind", "reason": "some_reason"}, "some later kind", "some reason"),
    ],
)
def test_an_entry_is_told_in_words(
    facts: dict[str, str | int | bool | list[str]], what: str, why: str
) -> None:
    told = history.told(Entry(3, encode({"at": 1_800_000_000, **facts}), b"h" * 32))
    assert (told.what, told.why) == (what, why)
    assert told.at == "2027-01-15T08:00:00Z"


def test_bytes_that_are_no_entry_are_shown_and_break_nothing() -> None:
    assert history.told(Entry(0, b"\xff{", b"h" * 32)).what == "cannot be read"
