"""How much one device may ask for at once. Values in, decisions out; the server asks before it works."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from tidegate.errors import Exhausted
from tidegate.ids import DeviceId

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class DoorLimits:
    """Sizes in bytes, times in seconds."""

    most_bytes: int = 1_048_576
    most_in_flight: int = 8  # escalations of one device at once
    most_waiting: int = 64  # collects of one device at once
    longest_s: float = 30.0  # for one escalation, whatever the device's deadline
    longest_wait_s: float = 25.0  # for one collect


@dataclass
class Turnstile:
    """Counts what each device has open. Raises Exhausted (429) beyond `most`."""

    most: int
    _open: Counter[DeviceId] = field(default_factory=Counter)

    @contextmanager
    def through(self, device: DeviceId) -> Iterator[None]:
        if self._open[device] >= self.most:
            raise Exhausted(
                "this device has too many requests open; nothing was taken", code="too_many_open", status=429
            )
        self._open[device] += 1
        try:
            yield
        finally:
            self._open[device] -= 1
            if not self._open[device]:
                del self._open[device]


@dataclass
class Once(Generic[K]):
    """True the first time it sees a key, and again only after `most` others: keeps logs short without growing."""

    most: int = 1000
    _seen: OrderedDict[K, None] = field(default_factory=OrderedDict)

    def first(self, key: K) -> bool:
        if key in self._seen:
            self._seen.move_to_end(key)
            return False
        self._seen[key] = None
        if len(self._seen) > self.most:
            self._seen.popitem(last=False)
        return True
