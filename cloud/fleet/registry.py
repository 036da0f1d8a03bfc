"""Which devices there are, what each is meant to run, and what it says it runs. Values and the store's port."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from cloud.fleet.rollout import Rollout
from tidegate.health import Health
from tidegate.ids import DeviceId
from tidegate.updates import Desired, Progress, Reported, Status


@dataclass(frozen=True, slots=True)
class Device:
    """One device. `seen_at` is when it last said anything (seconds since 1970 UTC)."""

    id: DeviceId
    desired: Desired | None = None
    reported: Reported | None = None
    progress: Progress | None = None
    online: bool = False
    seen_at: float = 0.0
    revoked: bool = False
    health: Health | None = None  # as it told last; None: it never did

    @property
    def revision(self) -> int:
        """The highest revision ever given to or reported by this device."""
        wanted = self.desired.revision if self.desired is not None else 0
        return max(wanted, self.reported.revision if self.reported is not None else 0)

    @property
    def lags(self) -> bool:
        """Whether the device has not heard of its newest assignment."""
        if self.desired is None or self.revoked:
            return False
        return self.reported is None or self.reported.revision < self.desired.revision


Word = Reported | Progress | Status | Health


class FleetStore(Protocol):
    """Keeps devices and rollouts. Reading, changing and saving inside one `transaction` is atomic across processes."""

    def transaction(self) -> AbstractContextManager[None]: ...

    def device(self, device: DeviceId) -> Device | None: ...

    def devices(self) -> tuple[Device, ...]: ...

    def save_device(self, device: Device) -> None: ...

    def rollout(self, rollout: str) -> Rollout | None: ...

    def rollouts(self) -> tuple[Rollout, ...]:
        """In the order in which they were first saved."""
        ...

    def save_rollout(self, rollout: Rollout) -> None: ...


@dataclass
class MemoryStore:
    """A FleetStore for one process and one thread."""

    _devices: dict[DeviceId, Device] = field(default_factory=dict)
    _rollouts: dict[str, Rollout] = field(default_factory=dict)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        yield

    def device(self, device: DeviceId) -> Device | None:
        return self._devices.get(device)

    def devices(self) -> tuple[Device, ...]:
        return tuple(self._devices[key] for key in sorted(self._devices))

    def save_device(self, device: Device) -> None:
        self._devices[device.id] = device

    def rollout(self, rollout: str) -> Rollout | None:
        return self._rollouts.get(rollout)

    def rollouts(self) -> tuple[Rollout, ...]:
        return tuple(self._rollouts.values())

    def save_rollout(self, rollout: Rollout) -> None:
        self._rollouts[rollout.id] = rollout
