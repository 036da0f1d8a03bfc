"""The egress ledger as a file that somebody else can check: one JSON line a record, oldest first, and a last line that seals the end.

Whoever has the file can walk its chain without this device; the seal can be checked with the device's key alone.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final

from edge.routing.plan import Why
from edge.uplink.ledger import CHANGED, CUT, GENESIS, Kind, Record, chained, seal, told
from tidegate.chat import JSON
from tidegate.errors import Untrusted
from tidegate.ids import RequestId
from tidegate.privacy.spans import Label

_LONGEST_LINE: Final = 64 * 1024


def exported(records: Iterable[Record], key: bytes) -> Iterator[str]:
    """The lines of the file; the chain is walked on the way. Raises Untrusted at the first record that does not stand."""
    last: Record | None = None
    for record in records:
        _require(record, last)
        last = record
        yield json.dumps(told(record))
    yield json.dumps(
        {
            "end": last.seq if last else 0,
            "hash": (last.hash if last else GENESIS).hex(),
            "seal": seal(key, last).hex(),
        }
    )


def checked(lines: Iterable[str], key: bytes | None = None) -> int:
    """How many records an exported file holds, all of them in their chain. With the device's key its end is proved too.

    Raises Untrusted naming the first record that does not stand, for a file without its end, and for one that is no export.
    """
    last: Record | None = None
    for line in lines:
        found = _object(line, last)
        if "end" in found:
            return _end(found, last, key)
        record = _record(found, last)
        _require(record, last)
        last = record
    raise _wrong("the exported ledger has no end line: it was cut off", "ledger_truncated")


def _end(found: Mapping[str, JSON], last: Record | None, key: bytes | None) -> int:
    known = last.hash if last else GENESIS
    whole = found.get("end") == (last.seq if last else 0) and found.get("hash") == known.hex()
    if not whole or (
        key is not None and not hmac.compare_digest(seal(key, last).hex(), str(found.get("seal")))
    ):
        raise _wrong(
            f"the exported ledger ends at record {last.seq if last else 0}, which is not its sealed end",
            "ledger_truncated",
        )
    return last.seq if last else 0


def _require(record: Record, last: Record | None) -> None:
    if chained(record, last) != record:
        raise _wrong(f"the ledger was changed at record {last.seq + 1 if last else 1}", "ledger_tampered")


def _object(line: str, last: Record | None) -> Mapping[str, JSON]:
    try:
        found: JSON = json.loads(line[:_LONGEST_LINE])
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise _unreadable(last)
    return found


def _record(found: Mapping[str, JSON], last: Record | None) -> Record:
    """The record that `told` wrote."""
    entities = found.get("entities")
    try:
        if not isinstance(entities, dict):
            raise ValueError("entities")
        return Record(
            at=int(datetime.fromisoformat(str(found["at"])).timestamp()),
            kind=Kind(str(found["kind"])),
            request_id=RequestId(str(found["request"])),
            digest=bytes.fromhex(str(found["sha256"])),
            size=int(str(found["bytes"])),
            entities={Label(label): int(str(count)) for label, count in entities.items()},
            policy=str(found["policy"]),
            why=Why(str(found["why"])),
            receipt=bytes.fromhex(str(found["receipt"] or "")),
            seq=int(str(found["seq"])),
            hash=bytes.fromhex(str(found["hash"])),
        )
    except (KeyError, ValueError, OverflowError) as error:
        raise _unreadable(last) from error


def _unreadable(last: Record | None) -> Untrusted:
    return _wrong(
        f"line {last.seq + 1 if last else 1} of the file is no record of a ledger", "ledger_tampered"
    )


def _wrong(message: str, code: str) -> Untrusted:
    return Untrusted(message, code=code, hint=CUT if code == "ledger_truncated" else CHANGED)
