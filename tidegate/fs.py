"""Files that survive a power cut, and folders that have one owner.

Promise of `write_durably`: after it returns, the new content is on disk; before that, the old content is whole.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from tidegate.errors import BadConfig, Exhausted

_LOCK_NAME = "owner.lock"


def write_durably(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Replace `path` by `content` in one step: temp file, fsync, rename, fsync of the folder. A device or a pipe, such as
    /dev/stdout, is written into and stays what it is.

    Raises Exhausted (code `disk_full`) when there is no room, with the old file untouched; OSError otherwise.
    """
    if passes_on(path):
        _write_into(path, content)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    temp = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        _write_synced(temp, content, mode)
        temp.replace(path)
    except OSError as error:
        temp.unlink(missing_ok=True)
        if error.errno in {28, 122}:  # ENOSPC, EDQUOT
            raise disk_full(path.parent) from error
        raise
    fsync_dir(path.parent)


def passes_on(path: Path) -> bool:
    """Whether it is there and keeps nothing: a device, a pipe, or one of the system's names for an open file."""
    try:
        kind, link = path.stat().st_mode, path.is_symlink()
    except OSError:
        return False
    own = str(path.absolute().parent) in {"/dev", "/dev/fd", "/proc/self/fd"}
    return (link and own) or not (stat.S_ISREG(kind) or stat.S_ISDIR(kind))


def _write_into(path: Path, content: bytes) -> None:
    try:
        with path.open("wb", buffering=0) as file:
            left = memoryview(content)
            while left:
                left = left[file.write(left) or 0 :]
    except OSError as error:
        if error.errno in {28, 122}:
            raise disk_full(path.parent) from error
        raise


def _write_synced(path: Path, content: bytes, mode: int) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def fsync_dir(folder: Path) -> None:
    """Make the names in `folder` durable: a rename is only safe after this."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def free_bytes(folder: Path) -> int:
    """Bytes that an unprivileged writer may still use on the disk of `folder` (or its nearest existing parent)."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def require_free(folder: Path, needed: int) -> None:
    """Raises Exhausted (code `disk_full`) when fewer than `needed` bytes are free."""
    if free_bytes(folder) < needed:
        raise disk_full(folder)


def disk_full(folder: Path) -> Exhausted:
    """The one wording for a full disk."""
    return Exhausted(
        f"no room left on the disk that holds {folder}; nothing was half-written",
        code="disk_full",
        retry_after_s=60,
        hint="free some space, then retry",
    )


@contextlib.contextmanager
def sole_owner(folder: Path) -> Iterator[None]:
    """Hold `folder` (made with mode 0700 when absent) for this process alone until the block ends.

    The lock is the kernel's, so a killed process leaves nothing to clean up. Raises BadConfig (code `state_in_use`)
    naming the other process when the folder is held already.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(folder / _LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise BadConfig(
            f"the state folder {folder} cannot be used: {error.strerror}", code="state_unusable"
        ) from error
    try:
        _lock(handle, folder)
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, folder: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = os.pread(handle, 20, 0).decode("ascii", "replace").strip() or "unknown"
        raise BadConfig(
            f"the state folder {folder} is in use by process {holder}",
            code="state_in_use",
            hint="stop that one, or start this one with another --state",
        ) from error
