"""Orders and reports over both stores; one contract for the two."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cloud.fleet import desk
from cloud.fleet import rollout as r
from cloud.fleet.folder import FolderStore
from cloud.fleet.registry import Device, FleetStore, MemoryStore
from tests.fakes.published import release
from tidegate.errors import BadConfig, BadRequest
from tidegate.health import Health, PromiseLine, Scope
from tidegate.ids import DeviceId, ReleaseId
from tidegate.risk.monitor import State
from tidegate.risk.task import Task
from tidegate.updates import Desired, Fault, Progress, Reported, Status, UpdateState

ONE, TWO = DeviceId("pump-room-01"), DeviceId("pump-room-02")
NEW = release("edge-1.1", b"GGUF new")
OLD = "b" * 64


@pytest.fixture(params=["memory", "folder"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> FleetStore:
    return MemoryStore() if request.param == "memory" else FolderStore(tmp_path / "registry")


def says(
    digest: str, revision: int, state: UpdateState = UpdateState.IDLE, fault: Fault = Fault.NONE
) -> Reported:
    return Reported(revision, "edge-1.0" if digest == OLD else "edge-1.1", digest, state, fault)


def test_what_is_saved_is_what_is_read(store: FleetStore) -> None:
    device = Device(
        ONE, Desired(ONE, 3, ReleaseId("edge-1.1"), "c" * 64, "rollout_1"), says(OLD, 2), online=True
    )
    member = r.Member(0, 2, ReleaseId("edge-1.0"), assigned=True, fault=Fault.LOAD_HUNG)
    rollout = r.Rollout(
        "rollout_1", ReleaseId("edge-1.1"), "d" * 64, {ONE: member}, state=r.RolloutState.PAUSED
    )
    with store.transaction(), store.transaction():
        store.save_device(device)
        store.save_rollout(replace(rollout, stage=4))
        store.save_rollout(rollout)
        store.save_rollout(replace(rollout, id="rollout_0"))
    assert store.device(ONE) == device
    assert store.device(TWO) is None
    assert store.devices() == (device,)
    assert [item.id for item in store.rollouts()] == ["rollout_1", "rollout_0"]
    assert store.rollout("rollout_1") == rollout
    assert store.rollout("rollout_9") is None


def test_a_rollout_from_order_to_complete(store: FleetStore) -> None:
    for device in (ONE, TWO):
        assert desk.hear(store, device, says(OLD, 0), 1.0) == ()
    desk.start_rollout(store, "rollout_1", NEW, [ONE, TWO])
    assert [desired.device for desired in desk.lagging(store)] == [ONE]
    again = desk.hear(store, ONE, says(OLD, 0), 2.0)
    assert [desired.revision for desired in again] == [1], (
        "a device that has not heard is told when it speaks"
    )
    sent = desk.hear(store, ONE, says(NEW.model.sha256, 1, UpdateState.COMMITTED), 3.0)
    assert [(desired.device, desired.release) for desired in sent] == [(TWO, NEW.release)]
    desk.hear(store, TWO, says(NEW.model.sha256, 1, UpdateState.COMMITTED), 4.0)
    found = store.rollout("rollout_1")
    assert found is not None
    assert found.state is r.RolloutState.COMPLETE
    assert desk.lagging(store) == ()


def test_a_failed_canary_is_ordered_back_to_what_it_ran(store: FleetStore) -> None:
    desk.hear(store, ONE, says(OLD, 0), 1.0)
    desk.start_rollout(store, "rollout_1", NEW, [ONE])
    sent = desk.hear(store, ONE, says(OLD, 1, UpdateState.FAILED, Fault.LOAD_CRASHED), 2.0)
    assert [(d.release, d.revision) for d in sent] == [("edge-1.0", 2)]
    assert desk.hear(store, ONE, says(OLD, 1, UpdateState.FAILED, Fault.LOAD_CRASHED), 3.0) == sent, (
        "until it is heard"
    )


def test_a_paused_rollout_may_be_overtaken_and_its_way_back_then_orders_nothing(store: FleetStore) -> None:
    desk.hear(store, ONE, says(OLD, 0), 1.0)
    desk.start_rollout(store, "rollout_1", NEW, [ONE])
    desk.hear(store, ONE, says(OLD, 1, UpdateState.FAILED, Fault.HASH_MISMATCH), 2.0)
    found = store.rollout("rollout_1")
    assert found is not None
    assert found.state is r.RolloutState.PAUSED
    desk.start_rollout(store, "rollout_2", NEW, [ONE])
    desk.command(store, "rollout_1", r.RollBack())
    known = store.device(ONE)
    assert known is not None
    assert known.desired is not None
    assert (known.desired.revision, known.desired.rollout) == (2, "rollout_2")


def test_a_revoked_device_is_neither_heard_nor_ordered(store: FleetStore) -> None:
    desk.hear(store, ONE, says(OLD, 0), 1.0)
    desk.start_rollout(store, "rollout_1", NEW, [ONE])
    desk.revoke(store, ONE)
    assert desk.hear(store, ONE, says(NEW.model.sha256, 1, UpdateState.COMMITTED), 2.0) == ()
    assert desk.lagging(store) == ()
    found = store.rollout("rollout_1")
    assert found is not None
    assert not found.members[ONE].done


@pytest.mark.parametrize(
    ("devices", "code"),
    [
        ([], "no_devices"),
        ([DeviceId("never-seen-1")], "unknown_device"),
        ([TWO], "unknown_device"),
        ([ONE], "device_busy"),
    ],
)
def test_a_rollout_that_makes_no_sense_is_refused_and_nothing_is_ordered(
    store: FleetStore, devices: list[DeviceId], code: str
) -> None:
    desk.hear(store, ONE, says(OLD, 0), 1.0)
    desk.hear(store, TWO, says(OLD, 0), 1.0)
    desk.revoke(store, TWO)
    desk.start_rollout(store, "rollout_1", NEW, [ONE])
    with pytest.raises(BadRequest) as caught:
        desk.start_rollout(store, "rollout_2", NEW, devices)
    assert caught.value.code == code
    assert len(store.rollouts()) == 1
    with pytest.raises(BadRequest):
        desk.command(store, "rollout_9", r.Pause())


def test_presence_and_progress_are_noted(store: FleetStore) -> None:
    desk.hear(store, ONE, Status(online=True), 1.0)
    desk.hear(store, ONE, Progress(1, ReleaseId("edge-1.1"), UpdateState.FETCHING, 10), 2.0)
    desk.hear(store, ONE, Progress(1, ReleaseId("edge-1.1"), UpdateState.FETCHING, 90), 3.0)
    known = store.device(ONE)
    assert known is not None
    assert (known.online, known.seen_at) == (True, 2.0), "a percentage alone is not written down"
    desk.hear(store, ONE, Status(online=False), 4.0)
    known = store.device(ONE)
    assert known is not None
    assert not known.online


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    store.save_device(Device(ONE))
    (tmp_path / "devices" / f"{ONE}.json").write_bytes(b'{"id": 5}')
    with pytest.raises(BadConfig, match=r"pump-room-01\.json"):
        store.device(ONE)


def test_how_a_device_does_is_kept_and_a_revoked_device_is_not_heard(store: FleetStore) -> None:
    line = PromiseLine(
        Scope.DEVICE, Task.CALLS, State.TIGHTENED, True, 0.02, kept=90, right=8, wrong=1, alarms=1
    )
    health = Health(100, here=9, there=1, lines=(line,))
    assert desk.hear(store, ONE, health, 100.0) == ()
    known = store.device(ONE)
    assert known is not None
    assert known.health == health
    assert known.online
    desk.revoke(store, ONE)
    desk.hear(store, ONE, replace(health, at=200), 200.0)
    after = store.device(ONE)
    assert after is not None
    assert after.health == health
