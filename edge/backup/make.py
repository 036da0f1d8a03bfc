"""Makes a backup: a consistent copy of everything beside the running daemon, sealed into one file in one step."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path, PurePosixPath

import msgspec

from edge.backup.archive import LEAST_PASSPHRASE, PIECE, seal
from edge.backup.manifest import SNAPSHOT, Manifest, Stored, belongs, is_database
from edge.store.copying import copy
from edge.store.ledger import LedgerStore
from edge.store.schema import open_durable
from edge.store.tables import VERSION
from edge.uplink.ledger import GENESIS
from tidegate import __version__
from tidegate.errors import BadConfig, BadRequest, Broken
from tidegate.failpoint import failpoint
from tidegate.fs import disk_full, fsync_dir, passes_on


def make(state: Path, target: Path, passphrase: str, *, models: bool, now: float) -> Manifest:
    """Writes `target` (0600), whole or not at all, over an older one. The daemon may run meanwhile.

    Raises BadConfig (`no_state`), BadRequest (short passphrase; no place for a file), Exhausted (disk full), Broken (a damaged database).
    """
    _require_place(target)
    if not (state / "durable.db").exists():
        raise BadConfig(f"{state} holds no state of a daemon", code="no_state")
    if len(passphrase) < LEAST_PASSPHRASE:
        raise BadRequest(
            f"a passphrase of a backup has at least {LEAST_PASSPHRASE} characters", code="short_passphrase"
        )
    try:
        with _snapshot(state, models=models) as folder:
            failpoint("edge.backup.snapped")
            manifest = _described(folder, models=models, now=now)
            _write(target, folder, manifest, passphrase)
    except OSError as error:
        if error.errno in {28, 122}:  # ENOSPC, EDQUOT
            raise disk_full(target.parent) from error
        raise Broken(
            f"the backup could not be written: {_where(error, target, state)}{error.strerror or type(error).__name__}; an older one is as it was",
            code="backup_failed",
            hint="name another file; where the state folder itself may not be written to, copy it elsewhere and name the copy with --state",
        ) from error
    return manifest


def _require_place(target: Path) -> None:
    """Raises BadRequest: a backup appears in one step over what was there, so a device or a folder is no place for it."""
    what = (
        "a folder"
        if target.is_dir()
        else "a device or a pipe, and would be replaced"
        if passes_on(target)
        else ""
    )
    if what:
        raise BadRequest(
            f"{target} is {what}: nothing was written", code="no_place", param="file", hint="name a file"
        )
    if not target.absolute().parent.is_dir():
        raise BadRequest(
            f"{target.absolute().parent} is no folder: nothing was written",
            code="no_place",
            param="file",
            hint="make it first",
        )


def _where(error: OSError, target: Path, state: Path) -> str:
    """Which of the two places an error is about."""
    name = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else ""
    if not name:
        return ""
    return f"{state}: " if Path(name).is_relative_to(state) else f"{target}: "


@contextmanager
def _snapshot(state: Path, *, models: bool) -> Iterator[Path]:
    """A copy of the state as it is now, in a folder that is gone afterwards. Databases last: nothing older refers to newer."""
    folder = state / f"{SNAPSHOT}{secrets.token_hex(4)}"
    folder.mkdir(mode=0o700)
    try:
        names = sorted(_names(state, models=models), key=is_database)
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if is_database(name):
                copy(state / name, folder / name)
            elif models and name.parts[0] == "models":
                os.link(state / name, folder / name)  # never changed once it is there
            else:
                shutil.copyfile(state / name, folder / name)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _names(state: Path, *, models: bool) -> Iterator[PurePosixPath]:
    for path in state.rglob("*"):
        name = PurePosixPath(path.relative_to(state).as_posix())
        if path.is_file() and not path.is_symlink() and belongs(name, models=models):
            yield name


def _described(folder: Path, *, models: bool, now: float) -> Manifest:
    seq, head = _ledger_end(folder)
    files = tuple(
        Stored(path.relative_to(folder).as_posix(), path.stat().st_size, _digest(path))
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    )
    return Manifest(now, __version__, VERSION, seq, head.hex(), models, files)


def _ledger_end(folder: Path) -> tuple[int, bytes]:
    """Looked up in the copy, so that it is the end that the copy has."""
    probe = folder / ".probe"
    probe.mkdir()
    copy(folder / "durable.db", probe / "durable.db")
    try:
        with closing(open_durable(probe)) as base:
            last = LedgerStore(base, b"").latest(1)
    finally:
        shutil.rmtree(probe)
    return (last[0].seq, last[0].hash) if last else (0, GENESIS)


def _write(target: Path, folder: Path, manifest: Manifest, passphrase: str) -> None:
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            seal(_content(folder, manifest), passphrase, out)
            out.flush()
            os.fsync(out.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    fsync_dir(target.absolute().parent)


def _content(folder: Path, manifest: Manifest) -> Iterator[bytes]:
    head = msgspec.json.encode(manifest)
    yield len(head).to_bytes(8, "big") + head
    for one in manifest.files:
        with (folder / one.path).open("rb") as source:
            while some := source.read(PIECE):
                yield some


def _digest(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
