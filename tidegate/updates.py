"""What device and conductor tell each other about model updates. Values only: ids, digests, counts and closed words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from tidegate.errors import Unreachable, Untrusted
from tidegate.ids import DeviceId, ReleaseId

BLOCK_BYTES = 128 * 1024
"""Size of one block on the wire and of one hash in a manifest (81 MiB/s through one broker with mTLS, measured)."""


class UpdateState(StrEnum):
    """Where a device's update stands."""

    IDLE = "idle"
    ASSIGNED = "assigned"
    CHECKED = "checked"
    FETCHING = "fetching"
    STAGED = "staged"
    LOADTEST = "loadtest"
    SWITCHING = "switching"
    PROBATION = "probation"
    COMMITTED = "committed"
    ROLLBACK = "rollback"
    FAILED = "failed"


class Fault(StrEnum):
    """Why an update was refused or undone. Closed: nothing free crosses the wire."""

    NONE = "none"
    UNSIGNED = "unsigned"
    BAD_SIGNATURE = "bad_signature"
    EXPIRED = "expired"
    REPLAYED = "replayed"
    HASH_MISMATCH = "hash_mismatch"
    TRUNCATED = "truncated"
    WRONG_HARDWARE = "wrong_hardware"
    NO_SPACE = "no_space"
    LOAD_CRASHED = "load_crashed"
    LOAD_HUNG = "load_hung"
    LOAD_GARBAGE = "load_garbage"
    SWITCH_FAILED = "switch_failed"
    PROBATION_FAILED = "probation_failed"
    KNOWN_BAD = "known_bad"
    TRANSPORT = "transport"
    WRONG_DEVICE = "wrong_device"
    NOT_PUBLISHED = "not_published"
    MALFORMED = "malformed"
    CLOCK = "clock"
    INTERRUPTED = "interrupted"

    @property
    def is_trust(self) -> bool:
        """A failed proof: an alarm, and no reason to think less of the model."""
        return self in _TRUST

    @property
    def blames_the_release(self) -> bool:
        """The release itself would fail again here: it is remembered as known bad."""
        return self in _RELEASE


_TRUST = frozenset(
    {
        Fault.UNSIGNED,
        Fault.BAD_SIGNATURE,
        Fault.EXPIRED,
        Fault.REPLAYED,
        Fault.HASH_MISMATCH,
        Fault.TRUNCATED,
        Fault.WRONG_DEVICE,
        Fault.NOT_PUBLISHED,
        Fault.MALFORMED,
    }
)
_RELEASE = frozenset(
    {
        Fault.LOAD_CRASHED,
        Fault.LOAD_HUNG,
        Fault.LOAD_GARBAGE,
        Fault.SWITCH_FAILED,
        Fault.PROBATION_FAILED,
        Fault.INTERRUPTED,
    }
)


def refusal(fault: Fault, message: str) -> Untrusted:
    """The error for signed data that does not prove itself; `code` is the fault's word."""
    return Untrusted(message, code=fault.value, hint="the running model was not touched")


def fault_of(code: str) -> Fault:
    """The fault an error's code names; TRANSPORT for codes that are no fault."""
    return Fault(code) if code in set(Fault) else Fault.TRANSPORT


@dataclass(frozen=True, slots=True)
class Desired:
    """What the conductor wants a device to run. A hint: only signed metadata decides what may run."""

    device: DeviceId
    revision: int
    release: ReleaseId
    digest: str = ""  # SHA-256 of the release's manifest, hex
    rollout: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    revision: int
    release: ReleaseId
    state: UpdateState
    percent: int = 0
    fault: Fault = Fault.NONE
    event_id: int = 0


@dataclass(frozen=True, slots=True)
class Reported:
    """What a device runs now. `running_digest` is the SHA-256 (hex) of the weights that answer."""

    revision: int
    running_release: str
    running_digest: str
    state: UpdateState
    last_fault: Fault = Fault.NONE
    at: int = 0
    event_id: int = 0


@dataclass(frozen=True, slots=True)
class Status:
    online: bool
    session: int = 0


@dataclass(frozen=True, slots=True)
class Fetch:
    """A device asks for bytes of a published file."""

    name: str
    offset: int
    length: int
    correlation: int


class FetchStatus(StrEnum):
    OK = "ok"
    NOT_FOUND = "not_found"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Block:
    """The conductor's answer. `sha256` only detects a torn message early; trust comes from signed metadata."""

    name: str
    offset: int
    total: int
    correlation: int
    status: FetchStatus
    data: bytes = field(default=b"", repr=False)
    sha256: bytes = field(default=b"", repr=False)


class BlobMissing(Unreachable):
    """The source answered: it has no such file."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the update source has no file {name}", code=Fault.NOT_PUBLISHED.value)


class Blobs(Protocol):
    """Where published files come from. Never trusted: every byte is checked against signed metadata."""

    def read(self, name: str, offset: int = 0) -> Iterator[bytes]:
        """The file's bytes from `offset` on, in pieces of at most BLOCK_BYTES. Raises BlobMissing and Unreachable."""
        ...
