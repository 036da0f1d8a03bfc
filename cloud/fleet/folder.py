"""A FleetStore in a folder: one JSON file per device and rollout, replaced durably, under one lock for all processes.

It serves a fleet of hundreds. `tidegate fleet` and the conductor share it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import msgspec

from cloud.fleet.registry import Device
from cloud.fleet.rollout import Rollout
from tidegate.errors import BadConfig
from tidegate.fs import write_durably
from tidegate.ids import DeviceId

T = TypeVar("T")


@dataclass
class FolderStore:
    """See FleetStore. One thread per instance."""

    folder: Path
    _depth: int = field(default=0, init=False)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        if self._depth:
            yield
            return
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(self.folder / "store.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            self._depth += 1
            yield
        finally:
            self._depth = 0
            os.close(handle)

    def device(self, device: DeviceId) -> Device | None:
        return _read(self._device(device), Device)

    def devices(self) -> tuple[Device, ...]:
        found = (_read(path, Device) for path in sorted(self.folder.glob("devices/*.json")))
        return tuple(device for device in found if device is not None)

    def save_device(self, device: Device) -> None:
        write_durably(self._device(device.id), msgspec.json.encode(device))

    def rollout(self, rollout: str) -> Rollout | None:
        return next((r for r in self.rollouts() if r.id == rollout), None)

    def rollouts(self) -> tuple[Rollout, ...]:
        found = (_read(path, Rollout) for path in sorted(self.folder.glob("rollouts/*.json")))
        return tuple(rollout for rollout in found if rollout is not None)

    def save_rollout(self, rollout: Rollout) -> None:
        taken = sorted(self.folder.glob("rollouts/*.json"))
        place = next((path for path in taken if path.name[7:] == f"{rollout.id}.json"), None)
        name = place or self.folder / "rollouts" / f"{len(taken):06d}-{rollout.id}.json"
        write_durably(name, msgspec.json.encode(rollout))

    def _device(self, device: DeviceId) -> Path:
        return self.folder / "devices" / f"{device}.json"


def _read(path: Path, kind: type[T]) -> T | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except FileNotFoundError:
        return None
    except (msgspec.ValidationError, msgspec.DecodeError) as e:
        raise BadConfig(f"{path}: not what the fleet store wrote there", code="bad_fleet_file") from e
