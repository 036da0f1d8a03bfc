"""What a device remembers about update metadata so that an older repository never passes for news. Pure.

python-tuf keeps its memory in files it does not fsync: after a power cut a replayed repository can be accepted. So the
device keeps a high-water mark of its own: per role the highest version ever accepted, under the keys that were in force
then, and the latest signed time. New keys for a role reset its mark: that is how a fleet recovers from a stolen key
that signed version 2^31.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from tidegate.errors import Broken
from tidegate.updates import Fault, refusal

ROLES = ("timestamp", "snapshot", "targets")
SIGNED_AT = "x-tidegate-signed-at"  # our field in the timestamp: when it was signed, seconds since 1970 UTC


@dataclass(frozen=True, slots=True)
class RoleMark:
    """A role's version and the digest of the keys and threshold it was signed under."""

    keys: str
    version: int


@dataclass(frozen=True, slots=True)
class HighWater:
    """The durable mark. `time_floor` is the latest signed time (seconds since 1970 UTC) that was accepted."""

    root_version: int = 0
    roles: Mapping[str, RoleMark] = field(default_factory=dict)
    time_floor: int = 0


@dataclass(frozen=True, slots=True)
class Seen:
    """What one verified set of metadata says. `expires` per role, `signed_at` from the timestamp (seconds, UTC)."""

    root_version: int
    roles: Mapping[str, RoleMark]
    expires: Mapping[str, float]
    signed_at: int


def raise_mark(mark: HighWater, seen: Seen, now: float) -> HighWater:
    """The new mark, if `seen` is news or the same again. Raises Untrusted: `replayed`, `expired`.

    A clock set back does not revive expired metadata: time is never before the latest signed time.
    """
    if seen.root_version < mark.root_version:
        raise refusal(
            Fault.REPLAYED, "the update metadata has an older root than this device already accepted"
        )
    for role in ROLES:
        known, new = mark.roles.get(role), seen.roles[role]
        if known is not None and known.keys == new.keys and new.version < known.version:
            raise refusal(
                Fault.REPLAYED, f"the update metadata is older than what this device accepted ({role})"
            )
    floor = _floor(mark, seen)
    reference = max(now, floor)
    for role, expires in seen.expires.items():
        if expires <= reference:
            raise refusal(Fault.EXPIRED, f"the update metadata has expired ({role})")
    return HighWater(seen.root_version, dict(seen.roles), max(floor, seen.signed_at))


def _floor(mark: HighWater, seen: Seen) -> int:
    """The time floor holds as long as the keys that signed it do."""
    known = mark.roles.get("timestamp")
    return mark.time_floor if known is not None and known.keys == seen.roles["timestamp"].keys else 0


def mark_bytes(mark: HighWater) -> bytes:
    body = {
        "root_version": mark.root_version,
        "roles": {role: {"keys": m.keys, "version": m.version} for role, m in mark.roles.items()},
        "time_floor": mark.time_floor,
    }
    return json.dumps(body, sort_keys=True).encode()


def parse_mark(content: bytes) -> HighWater:
    """Raises Broken (`trust_state_damaged`): without its memory the device must not judge updates."""
    try:
        body = json.loads(content)
        roles = {str(r): RoleMark(str(m["keys"]), int(m["version"])) for r, m in dict(body["roles"]).items()}
        return HighWater(int(body["root_version"]), roles, int(body["time_floor"]))
    except (ValueError, KeyError, TypeError) as e:
        raise Broken(
            "the device's memory of update metadata is damaged; updates are refused, the running model is not touched",
            code="trust_state_damaged",
            hint="enrol the device again to start from a fresh root of trust",
        ) from e
