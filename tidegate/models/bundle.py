"""Bundles: models carried to a machine that has no network, as a tar, a zip or a folder with a manifest of hashes.

Reading trusts nothing: only plain files that the manifest names are read, by their exact name, up to their stated size;
links, devices, folders and everything else in an archive are never touched, and nothing is unpacked by the archive's own code.
"""

from __future__ import annotations

import hashlib
import io
import os
import secrets
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol

from tidegate.errors import BadRequest, TidegateError, Untrusted
from tidegate.fs import disk_full, fsync_dir
from tidegate.models.download import require_room
from tidegate.models.progress import Progress
from tidegate.models.record import Bundle, Record, StoredFile, encode, parse_bundle
from tidegate.models.store import Kept

MANIFEST = "bundle.json"
_MOST_MANIFEST = 4 * 1024 * 1024
_MOST_MEMBERS = 10_000
_PIECE = 1024 * 1024
_EPOCH = (1980, 1, 1, 0, 0, 0)


class Container(Protocol):
    """An opened bundle. `size` is None when there is no plain file of that name; `open` reads it once, forward."""

    def size(self, name: str) -> int | None: ...

    def open(self, name: str) -> IO[bytes]: ...


class _Tar:
    def __init__(self, archive: tarfile.TarFile) -> None:
        self._archive = archive
        self._members: dict[str, tarfile.TarInfo] = {}
        for count, member in enumerate(archive):
            _require(count < _MOST_MEMBERS, "it holds too many entries")
            if member.isreg() and not member.issparse():
                _require(member.name not in self._members, "it holds a name twice")
                self._members[member.name] = member

    def size(self, name: str) -> int | None:
        return self._members[name].size if name in self._members else None

    def open(self, name: str) -> IO[bytes]:
        stream = self._archive.extractfile(self._members[name])
        _require(stream is not None, "an entry cannot be read")
        return stream or io.BytesIO()


class _Zip:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        names = archive.namelist()
        _require(
            len(names) <= _MOST_MEMBERS and len(set(names)) == len(names),
            "it holds too many entries, or a name twice",
        )

    def size(self, name: str) -> int | None:
        try:
            found = self._archive.getinfo(name)
        except KeyError:
            return None
        link = (found.external_attr >> 16) & 0o170000 == 0o120000
        return None if found.is_dir() or link or found.flag_bits & 1 else found.file_size

    def open(self, name: str) -> IO[bytes]:
        return self._archive.open(name)


class _Folder:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def size(self, name: str) -> int | None:
        path = self._folder / name
        plain = path.is_file() and not path.is_symlink() and not path.parent.is_symlink()
        return path.stat().st_size if plain else None

    def open(self, name: str) -> IO[bytes]:
        return os.fdopen(os.open(self._folder / name, os.O_RDONLY | os.O_NOFOLLOW), "rb")


@contextmanager
def opened(path: Path) -> Iterator[Container]:
    """Raises BadRequest (no_such_file) and Untrusted (bad_bundle: damaged, cut off, or not a bundle)."""
    if not path.exists():
        raise BadRequest("there is no bundle at that place", code="no_such_file", param="source")
    try:
        if path.is_dir():
            yield _Folder(path)
        elif zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                yield _Zip(archive)
        else:
            with tarfile.open(path, "r:*") as archive:
                yield _Tar(archive)
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise _bad("it is damaged or cut off") from error
    except OSError as error:
        if error.errno is None:  # what gzip and friends raise for damaged data
            raise _bad("it is damaged or cut off") from error
        raise


def manifest(bundle: Container) -> Bundle:
    """Raises Untrusted (bad_bundle, bad_record)."""
    size = bundle.size(MANIFEST)
    if size is None:
        raise _bad(f"it has no {MANIFEST}")
    _require(size <= _MOST_MANIFEST, "its manifest is too long")
    with bundle.open(MANIFEST) as stream:
        return parse_bundle(stream.read(_MOST_MANIFEST))


def take(
    bundle: Container, record: Record, into: Path, free: Callable[[Path], int], progress: Progress
) -> None:
    """Copies the files of one model into a folder and checks each. Raises Untrusted (wrong_hash, short_file), Exhausted."""
    require_room(into, record.size, free)
    for file in record.files:
        size = bundle.size(f"{record.name}/{file.name}")
        if size is None:
            raise _bad(f"{file.name}, which its manifest names, is not in it as a plain file")
        if size != file.size:
            raise _bad(f"{file.name} has {size} bytes and should have {file.size}", code="short_file")
        with bundle.open(f"{record.name}/{file.name}") as stream:
            copy(stream, into / file.name, file, progress)


def copy(stream: IO[bytes], path: Path, file: StoredFile, progress: Progress) -> None:
    """At most `file.size` bytes of `stream` under the name `path`, fsynced and hashed before it gets it. Raises like `take`."""
    part = path.with_name(f"{path.name}.part")
    digest, left = hashlib.sha256(), file.size
    progress.begin(file.name, 0, file.size)
    try:
        with part.open("wb") as out:
            while left and (piece := stream.read(min(_PIECE, left))):
                digest.update(piece)
                left -= len(piece)
                out.write(piece)
                progress.advance(len(piece))
            out.flush()
            os.fsync(out.fileno())
        if left:
            raise _bad(f"{file.name} ends {left} bytes early", code="short_file")
        if digest.hexdigest() != file.sha256:
            raise _bad(f"{file.name} is not the file its manifest describes", code="wrong_hash")
    except TidegateError:
        part.unlink(missing_ok=True)
        raise
    except OSError as error:
        part.unlink(missing_ok=True)
        if error.errno in {28, 122}:  # ENOSPC, EDQUOT
            raise disk_full(path.parent) from error
        raise
    part.rename(path)
    fsync_dir(path.parent)
    progress.end()


def make(models: tuple[Kept, ...], to: Path) -> str:
    """Writes a bundle (by the ending: .tar, .tar.gz, .tgz, .zip; none: a folder) in one step; the same models give the same
    bytes. Returns the SHA-256 of the archive, or of the manifest of a folder. Raises BadRequest (exists, bad_source)."""
    if to.exists():
        raise BadRequest(
            "something is at that place already", code="exists", param="to", hint="choose another name"
        )
    to.parent.mkdir(parents=True, exist_ok=True)
    content = encode(Bundle(1, tuple(model.record for model in models)))
    files = [(f"{m.record.name}/{f.name}", m.folder / f.name) for m in models for f in m.record.files]
    part = to.with_name(f".{to.name}.{secrets.token_hex(4)}.part")
    try:
        _write(part, to.name.lower(), content, files)
        part.rename(to)
    except BaseException as error:
        shutil.rmtree(part) if part.is_dir() else part.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno in {28, 122}:
            raise disk_full(to.parent) from error
        raise
    fsync_dir(to.parent)
    proof = to / MANIFEST if to.is_dir() else to
    with proof.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _write(part: Path, name: str, content: bytes, files: list[tuple[str, Path]]) -> None:
    if name.endswith(".zip"):
        with zipfile.ZipFile(part, "x", zipfile.ZIP_STORED) as archive:
            archive.writestr(zipfile.ZipInfo(MANIFEST, _EPOCH), content)
            for inside, path in files:
                entry = zipfile.ZipInfo(inside, _EPOCH)
                entry.file_size = path.stat().st_size
                with archive.open(entry, "w") as out, path.open("rb") as stream:
                    shutil.copyfileobj(stream, out, _PIECE)
    elif name.endswith((".tar", ".tar.gz", ".tgz")):
        _write_tar(part, content, files, packed=not name.endswith(".tar"))
    elif "." in name.rpartition("/")[2]:
        raise BadRequest(
            "a bundle ends in .tar, .tar.gz, .tgz or .zip, or has no ending and is a folder",
            code="bad_source",
            param="to",
        )
    else:
        part.mkdir()
        (part / MANIFEST).write_bytes(content)
        for inside, path in files:
            (part / inside).parent.mkdir(exist_ok=True)
            shutil.copyfile(path, part / inside)


def _write_tar(part: Path, content: bytes, files: list[tuple[str, Path]], *, packed: bool) -> None:
    import gzip

    with part.open("xb") as raw:
        out: IO[bytes] = gzip.GzipFile("", "wb", 6, raw, mtime=0) if packed else raw  # type: ignore[assignment]
        with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
            archive.addfile(_entry(MANIFEST, len(content)), io.BytesIO(content))
            for inside, path in files:
                with path.open("rb") as stream:
                    archive.addfile(_entry(inside, path.stat().st_size), stream)
        if out is not raw:
            out.close()
        raw.flush()
        os.fsync(raw.fileno())


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o644
    return entry


def _require(good: bool, reason: str) -> None:
    if not good:
        raise _bad(reason)


def _bad(reason: str, code: str = "bad_bundle") -> Untrusted:
    return Untrusted(
        f"the bundle was not taken in: {reason}; nothing changed", code=code, hint="make or copy it again"
    )
