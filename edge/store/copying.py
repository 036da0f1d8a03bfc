"""Databases as files: a consistent copy while somebody writes, whether a file is whole, and what bringing it up to date would do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from edge.store.schema import FILES, unopened
from edge.store.tables import VERSION, Shape
from tidegate.errors import Broken


@dataclass(frozen=True, slots=True)
class Pending:
    """One database file of a state folder: its format, and what it lacks of this program's."""

    file: str
    found: int
    wanted: int
    changes: tuple[str, ...]

    @property
    def due(self) -> bool:
        return self.found < self.wanted


def copy(source: Path, target: Path) -> None:
    """SQLite's online backup in one step: one moment's state, whoever else writes. Raises Broken."""
    try:
        with closing(_reading(source)) as reading, closing(sqlite3.connect(target)) as writing:
            reading.backup(writing)
            writing.execute("PRAGMA journal_mode = DELETE")  # one file, nothing beside it
        target.chmod(0o600)
    except sqlite3.DatabaseError as error:
        raise Broken(
            f"{source.name} in the state folder cannot be copied",
            code="store_broken",
            hint="see `tidegate edge doctor`",
        ) from error


def require_whole(file: Path) -> None:
    """Raises Broken when SQLite finds damage in the file."""
    try:
        with closing(_reading(file)) as db:
            said = [str(row[0]) for row in db.execute("PRAGMA quick_check")]
    except sqlite3.DatabaseError as error:
        raise unopened(file, error) from error
    if said != ["ok"]:
        raise _damaged(file)


def pending(folder: Path) -> tuple[Pending, ...]:
    """What opening this state folder would change in each database that is there. Changes nothing. Raises Broken."""
    return tuple(
        _pending(folder / name, shapes) for name, shapes in FILES.items() if (folder / name).exists()
    )


def _pending(file: Path, shapes: tuple[Shape, ...]) -> Pending:
    try:
        with closing(_reading(file)) as db:
            found = int(db.execute("PRAGMA user_version").fetchone()[0])
            return Pending(file.name, found, VERSION, tuple(_changes(db, shapes, found)))
    except sqlite3.DatabaseError as error:
        raise unopened(file, error) from error


def _changes(db: sqlite3.Connection, shapes: tuple[Shape, ...], found: int) -> Iterator[str]:
    """In the words of a person; the rule is that of edge.store.schema."""
    if found >= VERSION:
        return
    for shape in shapes:
        if found < shape.since:
            yield f"makes the table {shape.name}"
            continue
        there = {str(row[1]) for row in db.execute(f"PRAGMA table_info({shape.name})")}
        for column in (name for name in shape.columns if there and name not in there):
            yield f"adds {shape.name}.{column}"


def _reading(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=5.0)


def _damaged(file: Path) -> Broken:
    return Broken(f"{file.name} is damaged", code="store_broken", hint="restore a backup")
