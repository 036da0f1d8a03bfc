"""Every MQTT topic, built and parsed here alone. Pure.

`tidegate/v1/dev/<id>/down/...` is read by the device, `.../up/...` is written by it; the broker's access list is made
from the same two halves.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tidegate.errors import BadRequest
from tidegate.ids import DeviceId, device_id

_PREFIX = "tidegate/v1/dev"


class Up(StrEnum):
    """What a device writes."""

    REPORTED = "reported"
    PROGRESS = "progress"
    FETCH = "fetch"
    STATUS = "status"
    HEALTH = "health"


class Down(StrEnum):
    """What a device reads."""

    DESIRED = "desired"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Topic:
    """A parsed topic: whose it is, and which of its channels."""

    device: DeviceId
    channel: Up | Down


def up(device: DeviceId, channel: Up) -> str:
    return f"{_PREFIX}/{device}/up/{channel}"


def down(device: DeviceId, channel: Down) -> str:
    return f"{_PREFIX}/{device}/down/{channel}"


def every_device_up() -> str:
    """The conductor's subscription."""
    return f"{_PREFIX}/+/up/#"


def own_down(device: DeviceId) -> str:
    """A device's subscription: one filter, because overlapping ones are delivered twice."""
    return f"{_PREFIX}/{device}/down/#"


def acl_read_pattern() -> str:
    """What a device may read; `%u` is its certificate's common name."""
    return f"{_PREFIX}/%u/down/#"


def acl_write_pattern() -> str:
    return f"{_PREFIX}/%u/up/#"


def acl_every_down() -> str:
    return f"{_PREFIX}/+/down/#"


def parse(topic: str) -> Topic:
    """The device and channel of a topic. Raises BadRequest (`bad_topic`) for anything not built here."""
    match topic.removeprefix(_PREFIX + "/").split("/"):
        case [device, "up", channel] if topic.startswith(_PREFIX) and channel in set(Up):
            return Topic(_device(device), Up(channel))
        case [device, "down", channel] if topic.startswith(_PREFIX) and channel in set(Down):
            return Topic(_device(device), Down(channel))
        case _:
            raise _bad()


def _device(text: str) -> DeviceId:
    try:
        return device_id(text)
    except BadRequest as e:
        raise _bad() from e


def _bad() -> BadRequest:
    return BadRequest("not a Tidegate topic", code="bad_topic")
