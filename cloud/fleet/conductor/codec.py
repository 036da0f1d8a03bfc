"""Fleet messages between bytes and values, the conductor's half. Pure; anything malformed is refused whole."""

from __future__ import annotations

from typing import assert_never

from google.protobuf.message import DecodeError

from cloud.fleet.conductor.health_codec import read_health
from cloud.fleet.registry import Word
from tidegate.errors import BadRequest
from tidegate.ids import release_id
from tidegate.topics import Up
from tidegate.updates import Block, Desired, Fault, Fetch, Progress, Reported, Status, UpdateState
from tidegate.wire.v1 import fleet_pb2 as wire

MAX_BYTES = 4096
"""No message from a device is larger."""


def read(channel: Up, content: bytes) -> Word | Fetch:
    """A device's message. Raises BadRequest (`bad_fleet_message`)."""
    if len(content) > MAX_BYTES:
        raise _malformed()
    try:
        return _read(channel, content)
    except (DecodeError, ValueError, KeyError) as e:
        raise _malformed() from e


def _read(channel: Up, content: bytes) -> Word | Fetch:
    match channel:
        case Up.REPORTED:
            return _reported(wire.Reported.FromString(content))
        case Up.PROGRESS:
            return _progress(wire.Progress.FromString(content))
        case Up.STATUS:
            status = wire.Status.FromString(content)
            return Status(status.online, status.session)
        case Up.HEALTH:
            return read_health(content)
        case Up.FETCH:
            fetch = wire.Fetch.FromString(content)
            return Fetch(fetch.name, fetch.offset, fetch.length, fetch.correlation)
        case other:
            assert_never(other)


def _reported(message: wire.Reported) -> Reported:
    digest = message.running_digest.hex()
    if len(digest) not in {0, 64}:
        raise ValueError("digest")
    return Reported(
        message.revision,
        release_id(message.running_release),
        digest,
        _state(message.state),
        _fault(message.last_error),
        message.at,
        message.event_id,
    )


def _progress(message: wire.Progress) -> Progress:
    return Progress(
        message.revision,
        release_id(message.release_id),
        _state(message.state),
        min(message.percent, 100),
        _fault(message.error),
        message.event_id,
    )


def _state(number: int) -> UpdateState:
    return UpdateState[wire.UpdateState.Name(number).removeprefix("UPDATE_STATE_")]


def _fault(number: int) -> Fault:
    name = wire.UpdateError.Name(number).removeprefix("UPDATE_ERROR_")
    return Fault.NONE if name == "UNSPECIFIED" else Fault[name]


def desired_bytes(desired: Desired) -> bytes:
    return wire.Desired(
        revision=desired.revision,
        release_id=desired.release,
        digest=bytes.fromhex(desired.digest),
        rollout_id=desired.rollout,
        device_id=desired.device,
    ).SerializeToString()


def block_bytes(block: Block) -> bytes:
    return wire.Block(
        name=block.name,
        offset=block.offset,
        total=block.total,
        correlation=block.correlation,
        status=f"FETCH_STATUS_{block.status.name}",
        data=block.data,
        sha256=block.sha256,
    ).SerializeToString()


def _malformed() -> BadRequest:
    return BadRequest("a device's message cannot be read", code="bad_fleet_message")
