"""What devices say becomes what is known, and what is known becomes orders. No network here; the store is the port."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import assert_never

from cloud.fleet import rollout as r
from cloud.fleet.registry import Device, FleetStore, Word
from tidegate.errors import BadRequest
from tidegate.health import Health
from tidegate.ids import DeviceId, ReleaseId
from tidegate.signing.manifest import Manifest
from tidegate.updates import Desired, Progress, Reported, Status

EMBEDDED = ReleaseId("embedded")
"""What a device is said to run before it has reported anything."""


def hear(store: FleetStore, device_id: DeviceId, word: Word, now: float) -> tuple[Desired, ...]:
    """Takes a device's word in; returns orders to send now. A revoked device is not heard."""
    with store.transaction():
        device = store.device(device_id) or Device(device_id)
        if device.revoked:
            return ()
        heard = _updated(device, word, now)
        if _worth_saving(device, heard):
            store.save_device(heard)
        orders = _judge(store, device_id, word) if isinstance(word, Reported) else ()
        again = store.device(device_id)
        late = (again.desired,) if again is not None and again.lags and isinstance(word, Reported) else ()
    return (*orders, *(d for d in late if d is not None and d not in orders))


def lagging(store: FleetStore) -> tuple[Desired, ...]:
    """Orders that devices which are there have not heard of: sent by the conductor every so often."""
    return tuple(d.desired for d in store.devices() if d.lags and d.online and d.desired is not None)


def start_rollout(
    store: FleetStore, rollout_id: str, manifest: Manifest, devices: Iterable[DeviceId]
) -> r.Rollout:
    """Plans a rollout over `devices` and gives the canary its order.

    Raises BadRequest: `no_devices`, `unknown_device`, `device_busy` (in another rollout), `rollout_exists`.
    """
    with store.transaction():
        if store.rollout(rollout_id) is not None:
            raise BadRequest(f"a rollout {rollout_id} exists already", code="rollout_exists")
        chosen = {device: _standing(store, device) for device in devices}
        if not chosen:
            raise BadRequest("no device to roll out to", code="no_devices", hint="enrol one first")
        draft = r.plan(rollout_id, manifest.release, manifest.model.sha256, chosen)
        rollout, orders = r.step(draft, r.Start())
        store.save_rollout(rollout)
        _apply(store, rollout, orders)
    return rollout


def command(store: FleetStore, rollout_id: str, event: r.Pause | r.Resume | r.RollBack) -> r.Rollout:
    """An operator's word about a rollout. Raises BadRequest (`unknown_rollout`)."""
    with store.transaction():
        rollout = store.rollout(rollout_id)
        if rollout is None:
            raise BadRequest(
                f"no rollout is called {rollout_id}",
                code="unknown_rollout",
                hint="see `tidegate fleet status`",
            )
        changed, orders = r.step(rollout, event)
        store.save_rollout(changed)
        _apply(store, changed, orders)
    return changed


def revoke(store: FleetStore, device_id: DeviceId) -> None:
    """Stops hearing and ordering a device at once. What it holds on to is settled by the revocation list."""
    with store.transaction():
        device = store.device(device_id) or Device(device_id)
        store.save_device(replace(device, revoked=True, online=False))


def _standing(store: FleetStore, device_id: DeviceId) -> tuple[int, ReleaseId]:
    device = store.device(device_id)
    if device is None or device.revoked:
        raise BadRequest(f"no device is called {device_id}, or it was revoked", code="unknown_device")
    # a paused one may be overtaken: its orders are older, and an older order is never sent again
    busy = next((x for x in store.rollouts() if x.state in r.UNDER_WAY and device_id in x.members), None)
    if busy is not None:
        raise BadRequest(
            f"{device_id} is part of rollout {busy.id}, which is {busy.state.value}",
            code="device_busy",
            hint=f"wait for it, or `tidegate fleet rollback {busy.id}`",
        )
    running = device.reported.running_release if device.reported is not None else EMBEDDED
    return device.revision, ReleaseId(running)


def _judge(store: FleetStore, device_id: DeviceId, reported: Reported) -> tuple[Desired, ...]:
    sent: list[Desired] = []
    for rollout in store.rollouts():
        if device_id in rollout.members:
            changed, orders = r.step(rollout, r.Heard(device_id, reported))
            if changed != rollout:
                store.save_rollout(changed)
            sent.extend(_apply(store, changed, orders))
    return tuple(sent)


def _apply(store: FleetStore, rollout: r.Rollout, orders: Iterable[r.Assign]) -> list[Desired]:
    """Writes orders down. One that is older than what the device already has is left out."""
    sent: list[Desired] = []
    for order in orders:
        device = store.device(order.device) or Device(order.device)
        if device.revoked or order.revision <= device.revision:
            continue
        desired = Desired(order.device, order.revision, order.release, rollout=rollout.id)
        store.save_device(replace(device, desired=desired))
        sent.append(desired)
    return sent


def _updated(device: Device, word: Word, now: float) -> Device:
    match word:
        case Reported():
            return replace(device, reported=word, online=True, seen_at=now)
        case Progress():
            return replace(device, progress=word, online=True, seen_at=now)
        case Status(online):
            return replace(device, online=online, seen_at=now)
        case Health():
            return replace(device, health=word, online=True, seen_at=now)
        case other:
            assert_never(other)


def _worth_saving(before: Device, after: Device) -> bool:
    """Percentages alone are not written to the disk."""
    if before.progress is None or after.progress is None:
        return replace(before, seen_at=0.0) != replace(after, seen_at=0.0)
    level = replace(after.progress, percent=before.progress.percent)
    return replace(before, seen_at=0.0) != replace(after, seen_at=0.0, progress=level)
