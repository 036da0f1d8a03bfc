"""Brings one file into a folder: resumes what an interruption left, checks room first, hashes before it gets its name.

On disk: `FILE.part` grows; `FILE.part.json` says what it is a part of; `FILE` appears by rename, after fsync and hash.
"""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

import msgspec

from tidegate.errors import Exhausted, TidegateError, Unreachable, Untrusted
from tidegate.fs import fsync_dir, write_durably
from tidegate.models.memory import mebibytes
from tidegate.models.progress import Progress
from tidegate.models.ranges import Anew, Later, Refused, Take, Whole, asking, meaning, validator_of
from tidegate.models.record import StoredFile
from tidegate.models.source import is_here

if TYPE_CHECKING:
    import httpx

RESERVE = 200 * 1024 * 1024
"""Bytes that stay free: a full disk would stop escalations and updates (the same figure as in `edge doctor`)."""
TRIES = 4
_PAUSES = (1.0, 3.0, 9.0)
_HEADWAY = 1024 * 1024  # bytes after which a try counts as a good one that broke off
_REDIRECTS = 5


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file and how to know it. `blob` is git's own hash, which the hub has for small files; `headers` may hold a token."""

    url: str = field(repr=False)
    name: str
    size: int | None = None
    sha256: str = ""
    blob: str = ""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @property
    def hash_known(self) -> bool:
        return bool(self.sha256 or self.blob)


@dataclass(frozen=True, slots=True)
class Means:
    """What a download works with. `client` makes one when it is first needed: that reads the machine's certificates."""

    client: Callable[[], httpx.Client]
    progress: Progress
    free: Callable[[Path], int]
    sleep: Callable[[float], None]


class _Part(msgspec.Struct, frozen=True):
    """What a `.part` is a part of."""

    sha256: str
    blob: str
    validator: str


class _Again(Exception):
    """An interruption that another try may get over. `reason` is ours."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def fetch(wanted: Wanted, folder: Path, means: Means) -> StoredFile:
    """The file, whole and checked, as `folder/wanted.name`; given up after four tries in a row that brought next to nothing.

    Raises Unreachable (hub_unreachable: what came is kept), Exhausted (disk_full: the part is removed), Untrusted (wrong_hash,
    short_file, wrong_size: the part is removed), BadRequest and Broken when the server refuses.
    """
    part, place = folder / f"{wanted.name}.part", folder / wanted.name
    if place.exists():
        return _named(wanted, place, place)
    failures = 0
    while True:
        before = _size(part)
        try:
            _receive(wanted, part, means)
            break
        except _Again as interruption:
            failures = 0 if _size(part) >= before + _HEADWAY else failures + 1
            if failures == TRIES:
                raise _gave_up(interruption.reason, part) from interruption
            means.sleep(_PAUSES[max(0, failures - 1)])
        except TidegateError:
            _drop(part)
            raise
    _sync(part)
    return _named(wanted, part, place)


def client(*, timeout_s: float = 30.0) -> httpx.Client:
    """Follows a few redirects, never from TLS to none; a token stays with the host it was meant for (httpx's rule)."""
    import httpx

    def only_tls(request: httpx.Request) -> None:
        if request.url.scheme != "https" and not is_here(request.url.host):
            raise Untrusted(
                "the server sends this download on to an address without TLS; nothing was fetched",
                code="not_https",
                hint="try another source",
            )

    return httpx.Client(
        follow_redirects=True,
        max_redirects=_REDIRECTS,
        timeout=httpx.Timeout(timeout_s, connect=10.0),
        event_hooks={"request": [only_tls]},
    )


def sha256_of(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def require_room(folder: Path, needed: int, free: Callable[[Path], int]) -> None:
    """Raises Exhausted (disk_full) unless `needed` bytes and the reserve fit."""
    there = free(folder)
    if there < needed + RESERVE:
        raise Exhausted(
            f"{mebibytes(needed)} are needed and {mebibytes(max(0, there - RESERVE))} are to spare on the disk that holds the "
            f"model store ({mebibytes(RESERVE)} stay free for the device's own work); nothing was half-written",
            code="disk_full",
            hint="free some space, remove a model, or name another place with --store",
        )


def _receive(wanted: Wanted, part: Path, means: Means) -> None:
    """Asks once for what is missing and appends it. Raises _Again when that broke off."""
    import httpx

    have, validator = _left_over(wanted, part)
    headers = [*wanted.headers, *asking(have, validator, hash_known=wanted.hash_known).items()]
    try:
        with means.client().stream("GET", wanted.url, headers=headers) as answer:
            said = {name.lower(): value for name, value in answer.headers.items()}
            match meaning(answer.status_code, said, have=have, expected=wanted.size):
                case Take(start, total):
                    require_room(part.parent, total - start, means.free)
                    write_durably(_note(part), _note_of(wanted, validator_of(said)))
                    means.progress.begin(wanted.name, start, total)
                    _append(answer, part, start, total, means.progress)
                case Whole():
                    return
                case Anew():
                    _drop(part)
                    raise _Again("the server has another file now than the one whose part was here")
                case Later(status):
                    raise _Again(f"the server is busy (HTTP {status})")
                case Refused(error):
                    raise error
                case other:
                    assert_never(other)
    except httpx.TooManyRedirects as error:
        raise Untrusted("the server sends this download round in circles", code="bad_answer") from error
    except httpx.TransportError as error:
        raise _Again(f"the connection failed ({type(error).__name__})") from error
    except OSError as error:
        raise (_no_room(error) or error) from error


def _append(answer: httpx.Response, part: Path, start: int, total: int, progress: Progress) -> None:
    done = start
    with part.open("r+b" if part.exists() else "wb") as file:
        file.truncate(start)
        file.seek(start)
        for piece in answer.iter_raw():  # as they come: a piece held back would be lost with the connection
            done += len(piece)
            if done > total:
                raise Untrusted(
                    "the server sends more than it said", code="wrong_size", hint="nothing was kept"
                )
            file.write(piece)
            progress.advance(len(piece))
    if done < total:
        raise _Again(f"the connection ended {total - done} bytes early")
    progress.end()


def _no_room(error: OSError) -> TidegateError | None:
    if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
        return None
    return Exhausted(
        "the disk filled up while the model arrived; what had come was removed again",
        code="disk_full",
        hint="free some space, then pull again",
    )


def _left_over(wanted: Wanted, part: Path) -> tuple[int, str]:
    """How many bytes of exactly this file are here, and the validator to resume them by."""
    try:
        note = msgspec.json.decode(_note(part).read_bytes(), type=_Part)
        have = part.stat().st_size
    except (OSError, msgspec.MsgspecError):
        return 0, ""
    same = (note.sha256, note.blob) == (wanted.sha256, wanted.blob)
    if not same or not (wanted.hash_known or note.validator):
        return 0, ""
    return have, note.validator


def _note_of(wanted: Wanted, validator: str) -> bytes:
    return msgspec.json.encode(_Part(wanted.sha256, wanted.blob, validator))


def _note(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _drop(part: Path) -> None:
    part.unlink(missing_ok=True)
    _note(part).unlink(missing_ok=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _named(wanted: Wanted, path: Path, place: Path) -> StoredFile:
    """Checks the whole file at `path` and gives it its name. Raises Untrusted and removes it when it is another."""
    size, found = path.stat().st_size, sha256_of(path)
    right = (wanted.size is None or size == wanted.size) and (not wanted.sha256 or found == wanted.sha256)
    if right and wanted.blob:
        right = _git_blob(path, size) == wanted.blob
    if not right:
        path.unlink()
        _drop(place.with_name(place.name + ".part"))
        raise Untrusted(
            f"the file {wanted.name} is not the one that was promised: its hash is {found[:16]}…, not "
            f"{(wanted.sha256 or wanted.blob)[:16]}…; it was removed, nothing else changed",
            code="wrong_hash",
            hint="pull again; if it stays so, do not use this source",
        )
    if path != place:
        path.rename(place)
        _note(path).unlink(missing_ok=True)
        fsync_dir(place.parent)
    return StoredFile(wanted.name, size, found)


def _git_blob(path: Path, size: int) -> str:
    """Git's name of the content: SHA-1 over a short head and the bytes. Says that it arrived whole, not who wrote it."""
    whole = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    with path.open("rb") as stream:
        while piece := stream.read(1 << 20):
            whole.update(piece)
    return whole.hexdigest()


def _gave_up(reason: str, part: Path) -> Unreachable:
    have = _size(part)
    kept = (
        f"{mebibytes(have)} are kept, and the same command goes on from there" if have else "nothing was kept"
    )
    return Unreachable(
        f"{reason}, {TRIES} times; {kept}; what serves is untouched",
        code="hub_unreachable",
        hint="check the network, or use a bundle",
    )
