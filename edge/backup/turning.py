"""Putting a prepared state in place of the old one: a table of moves that a power cut may stop anywhere.

`.restore/new` holds the prepared state, whole. Until `.restore/commit.json` is on disk nothing has happened; from then on the
moves can only go forward, whoever makes them: the restore itself, or the next `tidegate edge run`. Each move is one rename:

    1. every old entry -> .restore/old      2. every new entry -> its place      3. .restore -> replaced/<moment>
"""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec

from edge.backup.manifest import ASIDE, SNAPSHOT, WORK
from tidegate.errors import Broken
from tidegate.failpoint import failpoint
from tidegate.fs import fsync_dir, write_durably

_COMMIT = "commit.json"


class Moves(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The names at the top of the state folder, and where the old ones go."""

    old: tuple[str, ...]
    new: tuple[str, ...]
    aside: str


def prepare(state: Path) -> Path:
    """An empty folder for the new state."""
    shutil.rmtree(state / WORK, ignore_errors=True)
    fresh = state / WORK / "new"
    fresh.mkdir(parents=True, mode=0o700)
    (state / WORK).chmod(0o700)
    return fresh


def turn(state: Path, *, keep: tuple[str, ...], moment: str) -> Path:
    """Puts the prepared state in place; entries named in `keep` stay. Returns where the old state lies now."""
    work = state / WORK
    moves = Moves(
        old=tuple(sorted(one.name for one in state.iterdir() if one.name not in (*keep, WORK, ASIDE))),
        new=tuple(sorted(one.name for one in (work / "new").iterdir())),
        aside=moment,
    )
    _sync(work / "new")
    failpoint("edge.restore.staged")
    write_durably(work / _COMMIT, msgspec.json.encode(moves))
    failpoint("edge.restore.committed")
    return _forward(state, moves)


def settle(state: Path) -> None:
    """Finishes a restore that was cut off after its commit, and clears away one that never came so far.

    Call it as the folder's sole owner, before anything in it is opened. Raises Broken when the commit cannot be read.
    """
    for left in state.glob(f"{SNAPSHOT}*"):
        shutil.rmtree(left, ignore_errors=True)  # a backup that was cut off
    work = state / WORK
    if not work.exists():
        return
    try:
        moves = msgspec.json.decode((work / _COMMIT).read_bytes(), type=Moves)
    except FileNotFoundError:
        shutil.rmtree(work)
        return
    except (OSError, msgspec.MsgspecError) as error:
        raise Broken(
            "a restore was interrupted and its plan cannot be read",
            code="restore_unfinished",
            hint=f"the old state is in {WORK}/old or in place, the new one in {WORK}/new",
        ) from error
    _forward(state, moves)


def _forward(state: Path, moves: Moves) -> Path:
    """Every step looks first whether it was done already."""
    work = state / WORK
    old, new = work / "old", work / "new"
    old.mkdir(mode=0o700, exist_ok=True)
    for name in moves.old:
        if not _there(old / name) and _there(state / name):
            (state / name).rename(old / name)
    fsync_dir(old)
    fsync_dir(state)
    failpoint("edge.restore.moved")
    for name in moves.new:
        if _there(new / name):
            _remove(state / name)
            (new / name).rename(state / name)
    fsync_dir(state)
    failpoint("edge.restore.placed")
    aside = state / ASIDE / moves.aside
    aside.parent.mkdir(mode=0o700, exist_ok=True)
    work.rename(aside)
    fsync_dir(aside.parent)
    fsync_dir(state)
    return aside / "old"


def _there(path: Path) -> bool:
    return path.is_symlink() or path.exists()


def _remove(path: Path) -> None:
    """Whatever somebody put there in between: the real old entry is in `old`."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """Every folder below; files were synced when they were written."""
    for path in folder.rglob("*"):
        if path.is_dir() and not path.is_symlink():
            fsync_dir(path)
    fsync_dir(folder)
    fsync_dir(folder.parent)
