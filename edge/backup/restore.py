"""Restores a backup: unsealed and checked beside the old state, marked as restored, then put in its place in one turn.

What a restored device knows of itself (docs/backup.md): the ledger goes on from the backup's end with a record that says so,
and answers that the lost state may have told already are told no more by themselves; they can still be asked for.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import msgspec

from edge import device_key
from edge.backup.archive import PIECE, cut_short, opened
from edge.backup.manifest import ASIDE, Manifest, parsed
from edge.backup.turning import prepare, settle, turn
from edge.routing.plan import Why
from edge.store.copying import require_whole
from edge.store.ledger import LedgerStore
from edge.store.lineage import UNKNOWN, LineageStore, Restoration
from edge.store.schema import open_durable
from edge.store.spool import SpoolStore
from edge.store.tables import VERSION
from edge.uplink import ledger
from edge.uplink.ledger import Kind, Record
from tidegate.clock import rfc3339
from tidegate.errors import BadConfig, Broken, TidegateError
from tidegate.fs import disk_full, require_free, sole_owner
from tidegate.ids import RequestId

_MOST_MANIFEST = 16 << 20


class Relation(StrEnum):
    """How the backup stands to the state that it replaces, by the counters of their egress ledgers."""

    FRESH = "fresh"  # there was no state
    SAME = "same"  # nothing has left since
    OLDER = "older"  # the replaced state had gone on from it
    FORKED = "forked"  # both had gone on from a common point
    OTHER_DEVICE = "other_device"  # another device key


@dataclass(frozen=True, slots=True)
class Restored:
    manifest: Manifest
    relation: Relation
    lost: int  # records of the ledger that only the replaced state had; -1: nobody can say
    settled: int  # answers that will not be told by themselves any more
    aside: Path | None  # where the replaced state lies


def restore(source: Path, state: Path, passphrase: str, *, now: float) -> Restored:
    """Puts the backup in place of `state`. Whatever is raised, the old state is as it was.

    Raises BadConfig (`state_in_use` by a daemon), Untrusted (passphrase, altered, not a backup), Exhausted (no room), Broken.
    """
    if not source.is_file():
        why = "is a folder" if source.is_dir() else "is not there, or no file"
        raise BadConfig(f"{source} {why}; nothing was changed", code="backup_unreadable")
    with sole_owner(state):
        settle(state)
        fresh = prepare(state)
        try:
            manifest = _unpacked(source, fresh, passphrase)
            relation, lost = _compared(manifest, fresh, state)
            settled = _marked(fresh, manifest, relation, lost, now)
        except OSError as error:
            settle(state)
            if error.errno in {28, 122}:  # ENOSPC, EDQUOT
                raise disk_full(state) from error
            raise _unreadable(source, error) from error
        except TidegateError:
            settle(state)
            raise
        keep = () if manifest.models else ("models", "update.json")
        stamp = rfc3339(now).replace(":", "")
        aside = turn(state, keep=("owner.lock", *keep), moment=_free(state, stamp))
        return Restored(manifest, relation, lost, settled, aside if any(aside.iterdir()) else None)


def _unpacked(source: Path, fresh: Path, passphrase: str) -> Manifest:
    """Every file of the backup, checked against its manifest, in `fresh`. Raises Untrusted."""
    require_free(fresh, source.stat().st_size)
    with source.open("rb") as file:
        stream = _Stream(opened(file, passphrase))
        length = int.from_bytes(stream.take(8), "big")
        if length > _MOST_MANIFEST:
            raise cut_short()
        manifest = parsed(stream.take(length))
        for one in manifest.files:
            path = fresh / one.path
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if _poured(stream, path, one.size) != one.sha256:
                raise cut_short()
        stream.require_end()
    return manifest


def _poured(stream: _Stream, path: Path, size: int) -> str:
    digest = hashlib.sha256()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        while size:
            some = stream.take(min(size, PIECE))
            digest.update(some)
            out.write(some)
            size -= len(some)
        out.flush()
        os.fsync(out.fileno())
    return digest.hexdigest()


class _Stream:
    """The unsealed bytes, as many at a time as asked."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._held = bytearray()

    def take(self, count: int) -> bytes:
        while len(self._held) < count:
            some = next(self._pieces, None)
            if some is None:
                raise cut_short()
            self._held += some
        taken = bytes(self._held[:count])
        del self._held[:count]
        return taken

    def require_end(self) -> None:
        if self._held or next(self._pieces, None) is not None:
            raise cut_short()


def _compared(manifest: Manifest, fresh: Path, state: Path) -> tuple[Relation, int]:
    """By the device key, and by place and hash of the ledgers' records. Raises Broken when the backup's own state is damaged."""
    if manifest.schema > VERSION:
        raise Broken(
            f"this backup was made by a newer release (format {manifest.schema}, this one knows {VERSION})",
            code="store_newer",
            hint="install that release, then restore",
        )
    for one in fresh.glob("*.db"):
        require_whole(one)
    try:
        replaced = (state / "device.key").read_bytes()
    except FileNotFoundError:
        return Relation.FRESH, UNKNOWN
    if replaced != (fresh / "device.key").read_bytes():
        return Relation.OTHER_DEVICE, UNKNOWN
    try:
        with closing(open_durable(state)) as base:
            book = LedgerStore(base, b"")
            last = next(iter(book.latest(1)), None)
            there = next((one for one in book.records() if one.seq == manifest.seq), None)
    except Broken:  # damaged: the very reason to restore
        return Relation.OLDER, UNKNOWN
    if last is None:
        return (Relation.SAME, 0) if manifest.seq == 0 else (Relation.FORKED, UNKNOWN)
    if manifest.seq and (there is None or there.hash.hex() != manifest.head):
        return Relation.FORKED, UNKNOWN
    lost = last.seq - manifest.seq
    return (Relation.OLDER, lost) if lost else (Relation.SAME, 0)


def _marked(fresh: Path, manifest: Manifest, relation: Relation, lost: int, now: float) -> int:
    """Writes into the prepared state that it was restored. Returns how many answers are settled. Raises Untrusted: its ledger is wrong."""
    key = device_key.load_or_make(fresh).derive("ledger")
    digest = hashlib.sha256(msgspec.json.encode(manifest)).digest()
    with closing(open_durable(fresh)) as base:
        book = LedgerStore(base, key)
        ledger.verify(book.records(), key, book.sealed_end())
        head = bytes.fromhex(manifest.head)
        LineageStore(base).add(Restoration(now, manifest.made_at, manifest.seq, head, lost, digest))
        book.append(
            Record(int(now), Kind.RESTORED, RequestId(""), digest, max(lost, 0), {}, "", Why.LOCAL_ONLY)
        )
        settled = 0 if relation is Relation.SAME else SpoolStore(base).settle_unclaimed(now)
        base.empty_log()
    return settled


def _free(state: Path, stamp: str) -> str:
    """A name under `replaced` that nobody has."""
    taken = {one.name for one in (state / ASIDE).glob("*")}
    return next(name for name in (stamp, *(f"{stamp}.{n}" for n in range(1, 1000))) if name not in taken)


def _unreadable(source: Path, error: OSError) -> BadConfig:
    return BadConfig(f"{source}: {error.strerror or 'cannot be read'}", code="backup_unreadable")
