"""What a backup holds, and which files of a state folder belong into one. Pure.

Inside the sealed file: the length of the manifest, the manifest (JSON), then every file's bytes in its order.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Annotated, Literal

import msgspec

from tidegate.errors import Untrusted

WORK = ".restore"  # where a restore prepares
ASIDE = "replaced"  # where it puts what it replaced
SNAPSHOT = ".backup-"  # where a backup prepares
_NEVER = frozenset({"owner.lock", "daemon.url", WORK, ASIDE})
_MODELS = frozenset({"models", "update.json"})  # fetched anew by the fleet, unless they are asked for
_PASSING = re.compile(r".*(?:-wal|-shm|-journal|\.part|\.sock)")
_SHA256 = r"^[0-9a-f]{64}$"


class Stored(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file. `path` is relative to the state folder, with forward slashes."""

    path: str
    size: Annotated[int, msgspec.Meta(ge=0)]
    sha256: Annotated[str, msgspec.Meta(pattern=_SHA256)]


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`seq` and `head` are the place and the hash (hex) of the egress ledger's last record."""

    made_at: float
    program: str
    schema: int
    seq: int
    head: str
    models: bool
    files: tuple[Stored, ...]
    format: Literal[1] = 1


def belongs(path: PurePosixPath, *, models: bool) -> bool:
    """Whether a file of the state folder is part of a backup."""
    top = path.parts[0]
    if top in _NEVER or top.startswith(SNAPSHOT) or (top in _MODELS and not models):
        return False
    return not _PASSING.fullmatch(path.name) and not any(part.startswith(".") for part in path.parts)


def is_database(path: PurePosixPath) -> bool:
    return path.suffix == ".db"


def parsed(raw: bytes) -> Manifest:
    """Raises Untrusted for a manifest of another release, and for a file that would lie outside the state folder."""
    try:
        found = msgspec.json.decode(raw, type=Manifest)
    except msgspec.MsgspecError as error:
        raise Untrusted(
            "this backup was made by a release that this one does not understand",
            code="backup_format",
            hint="restore it with that release, then update",
        ) from error
    names = [PurePosixPath(one.path) for one in found.files]
    if len(set(names)) != len(names) or not all(_inside(name, found.models) for name in names):
        raise Untrusted("this backup names files outside of a state folder", code="backup_path")
    return found


def _inside(path: PurePosixPath, models: bool) -> bool:
    plain = path.parts and not path.is_absolute() and ".." not in path.parts and "\\" not in str(path)
    return bool(plain) and belongs(path, models=models)
