"""Fleet messages between bytes and values, the device's half. Pure; anything malformed is refused whole."""

from __future__ import annotations

from google.protobuf.message import DecodeError

from tidegate.errors import BadRequest
from tidegate.ids import device_id, release_id
from tidegate.updates import Block, Desired, Fetch, FetchStatus, Progress, Reported, Status
from tidegate.wire.v1 import fleet_pb2 as wire

_FETCH = {
    wire.FETCH_STATUS_OK: FetchStatus.OK,
    wire.FETCH_STATUS_NOT_FOUND: FetchStatus.NOT_FOUND,
    wire.FETCH_STATUS_REFUSED: FetchStatus.REFUSED,
}


def read_desired(content: bytes) -> Desired:
    """Raises BadRequest."""
    try:
        message = wire.Desired.FromString(content)
    except DecodeError as e:
        raise _malformed() from e
    return Desired(
        device_id(message.device_id),
        message.revision,
        release_id(message.release_id),
        message.digest.hex(),
        message.rollout_id,
    )


def read_block(content: bytes) -> Block:
    """Raises BadRequest."""
    try:
        message = wire.Block.FromString(content)
    except DecodeError as e:
        raise _malformed() from e
    status = _FETCH.get(message.status)
    if status is None:
        raise _malformed()
    return Block(
        message.name, message.offset, message.total, message.correlation, status, message.data, message.sha256
    )


def reported_bytes(reported: Reported) -> bytes:
    return wire.Reported(
        revision=reported.revision,
        running_release=reported.running_release,
        running_digest=bytes.fromhex(reported.running_digest),
        state=f"UPDATE_STATE_{reported.state.name}",
        last_error=_error(reported.last_fault.name),
        at=reported.at,
        event_id=reported.event_id,
    ).SerializeToString()


def progress_bytes(progress: Progress) -> bytes:
    return wire.Progress(
        revision=progress.revision,
        release_id=progress.release,
        state=f"UPDATE_STATE_{progress.state.name}",
        percent=progress.percent,
        error=_error(progress.fault.name),
        event_id=progress.event_id,
    ).SerializeToString()


def fetch_bytes(fetch: Fetch) -> bytes:
    return wire.Fetch(
        name=fetch.name, offset=fetch.offset, length=fetch.length, correlation=fetch.correlation
    ).SerializeToString()


def status_bytes(status: Status) -> bytes:
    return wire.Status(online=status.online, session=status.session).SerializeToString()


def _error(name: str) -> str:
    return f"UPDATE_ERROR_{'UNSPECIFIED' if name == 'NONE' else name}"


def _malformed() -> BadRequest:
    return BadRequest("a fleet message cannot be read", code="bad_fleet_message")
