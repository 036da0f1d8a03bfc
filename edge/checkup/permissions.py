"""Who else on this machine could read or change what the device keeps. Looks at file modes, changes none."""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from edge.checkup.found import Check, Finding
from edge.config import EdgeConfig

_READABLE_BY_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH
_PUBLIC = frozenset({"ca.pem", "cert.pem", "receipt.pub", "root.json", "chain.pem"})  # of an identity folder
_SECRET = (".key", "key.pem", ".db", ".db-wal", ".db-shm", ".sock")
_MOST = 2000  # files looked at


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder by its name under the state folder, its mode bits and its owner."""

    name: str
    mode: int
    owner: int


def judge(part: str, entries: Iterable[Entry], me: int, folder: str = "the state folder") -> Check:
    """Pure. `me`: the user that looks."""
    found = list(entries)
    if not found:
        return Check(part, Finding.NOT_USED, "there is no state folder yet")
    strangers = sorted({one.owner for one in found} - {found[0].owner})
    if strangers:
        return Check(
            part,
            Finding.BROKEN,
            f"files of other users lie in the state folder ({_named(one for one in found if one.owner in strangers)})",
            "chown them to the daemon's user, or move them away",
        )
    closed = not found[0].mode & _READABLE_BY_OTHERS
    open_ones = [one for one in found if _too_open(one, closed=closed)]
    if open_ones:
        return Check(
            part,
            Finding.BROKEN,
            f"others on this machine can read or change {_named(open_ones)}",
            f"`chmod -R go-rwx {folder}`, then run this again",
        )
    if me not in (0, found[0].owner):
        return Check(
            part,
            Finding.ATTENTION,
            f"the state folder belongs to user {found[0].owner}, and you are {me}",
            "run the doctor as that user",
        )
    return Check(part, Finding.OK, f"{len(found)} files and folders are for their owner alone")


def look(part: str, config: EdgeConfig) -> Check:
    entries = [*_under(config.state)]
    if config.identity != config.state / "identity":
        entries += _under(config.identity)
    if config.door.socket is not None and config.door.socket.exists():
        entries.append(_entry(config.door.socket, config.door.socket.name))
    return judge(part, entries, os.geteuid(), shlex.quote(str(config.state)))


def _too_open(one: Entry, *, closed: bool) -> bool:
    """Secrets are for their owner alone. What lies in a closed folder is out of reach; else public things may be read only."""
    name = one.name.rpartition("/")[2]
    if one.name == "." or name.endswith(_SECRET):
        return bool(one.mode & _READABLE_BY_OTHERS)
    if closed:
        return False
    public = name in _PUBLIC or one.name.startswith(("models/", "trust/"))
    return bool(one.mode & (_WRITABLE_BY_OTHERS if public else _READABLE_BY_OTHERS))


def _under(folder: Path) -> Iterator[Entry]:
    if not folder.exists():
        return
    yield _entry(folder, ".")
    for count, path in enumerate(sorted(folder.rglob("*"))):
        if count >= _MOST:
            return
        if not path.is_symlink():
            try:
                yield _entry(path, str(path.relative_to(folder)))
            except FileNotFoundError:
                continue  # a daemon works beside us


def _entry(path: Path, name: str) -> Entry:
    seen = path.stat()
    return Entry(name, seen.st_mode, seen.st_uid)


def _named(entries: Iterable[Entry]) -> str:
    names = ["the folder itself" if one.name == "." else one.name for one in entries]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
