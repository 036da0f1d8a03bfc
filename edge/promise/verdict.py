"""Whether another answer says the same as the device's own: how an outcome is learned without keeping either. Pure.

Only digests are kept on disk, keyed by the device, so that no answer can be guessed back out of them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from enum import StrEnum

from edge.device_key import DeviceKey
from tidegate.chat import JSON, ToolCall


class Found(StrEnum):
    """What a check came to."""

    RIGHT = "right"
    WRONG = "wrong"
    UNDECIDED = "undecided"  # two texts that differ may both be right: nobody has compared their meaning


def claims(key: DeviceKey, text: str, calls: Sequence[ToolCall]) -> bytes:
    """A keyed digest of what an answer says: its calls, or else its text; without case and white space. The first byte
    tells calls from text."""
    if calls:
        return b"c" + key.mac("claims", json.dumps([[call.name, _plain(_parsed(call))] for call in calls]))
    return b"t" + key.mac("claims", "".join(text.casefold().split()))


def compared(own: bytes, other: bytes) -> Found:
    """What the other answer, taken for right, says about the device's own."""
    if own == other:
        return Found.RIGHT
    return Found.UNDECIDED if own[:1] == b"t" and other[:1] == b"t" else Found.WRONG


def _parsed(call: ToolCall) -> JSON:
    try:
        value: JSON = json.loads(call.arguments or "{}")
    except ValueError:
        return call.arguments
    return value


def _plain(value: JSON) -> JSON:
    """A value as it is compared: keys in order, text without case and white space, 21 and 21.0 and "21" alike."""
    match value:
        case dict():
            return {key: _plain(value[key]) for key in sorted(value) if value[key] is not None}
        case list():
            return [_plain(item) for item in value]
        case bool() | None:
            return str(value).casefold()
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return "".join(str(value).casefold().split())
