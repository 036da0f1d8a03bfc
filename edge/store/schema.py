"""Opening the device's databases: `durable.db` and `memory.db` for what must survive a power cut, `journal.db` for what may
lose a second.

All in WAL mode. Durable writes are on disk when the statement returns (synchronous FULL). A newer file than this program
understands is refused, an older one is brought up to date. sqlite-utils makes tables and moves rows; transactions, claims
and errors are ours (docs/decisions/0012-sqlite-utils-inside-our-transactions.md).
"""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.store.agent_tables import AGENT_FILE
from edge.store.tables import DURABLE_FILE, JOURNAL_FILE, MEMORY_FILE, VERSION, Kind, Shape
from tidegate.errors import Broken, Exhausted
from tidegate.failpoint import failpoint

if TYPE_CHECKING:  # loaded when the first database is opened: 20 MB and a third of a second
    from sqlite_utils import Database
    from sqlite_utils.db import Table

Row = Mapping[str, Any]  # a row as it lies on disk: column to value
DURABLE = "durable.db"
FILES: Mapping[str, tuple[Shape, ...]] = {
    DURABLE: DURABLE_FILE,
    "journal.db": JOURNAL_FILE,
    "memory.db": MEMORY_FILE,
    "agent.db": AGENT_FILE,
}
"""Every database of a state folder, and its tables."""

_SQL: Mapping[Kind, tuple[str, str]] = {
    str: ("TEXT", "''"),
    bytes: ("BLOB", "x''"),
    int: ("INTEGER", "0"),
    float: ("REAL", "0.0"),
}


@dataclass(frozen=True, slots=True)
class Base:
    """One open database. The lock makes it usable from the event loop and from worker threads."""

    db: Database = field(repr=False)
    tables: Mapping[str, Table] = field(repr=False)
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def close(self) -> None:
        with self.lock:
            self.db.conn.close()

    @contextmanager
    def write(self) -> Iterator[Database]:
        """One transaction: all of it, or nothing. Raises Exhausted when the disk is full or cannot be written."""
        with self.lock:
            try:
                self.db.conn.execute("BEGIN IMMEDIATE")
                yield self.db
                self.db.conn.execute("COMMIT")
            except sqlite3.OperationalError as error:
                self._undo()
                raise _translated(error) from error
            except BaseException:
                self._undo()
                raise

    @contextmanager
    def read(self) -> Iterator[Database]:
        """The database for reading; take what you need before the block ends."""
        with self.lock:
            try:
                yield self.db
            except sqlite3.DatabaseError as error:
                raise _translated(error) from error

    def empty_log(self) -> None:
        """Moves the write-ahead log into the file and empties it: it still held what was deleted."""
        with self.read() as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _undo(self) -> None:
        if self.db.conn.in_transaction:
            self.db.execute("ROLLBACK")


@dataclass(frozen=True, slots=True)
class Rows:
    """One table of an open database."""

    base: Base
    name: str

    def put(self, row: Row) -> None:
        """Writes the row, over an older one of the same key. Raises Exhausted when the disk is full."""
        with self.base.write() as db:
            db.conn.execute(_put(self.name, tuple(row)), tuple(row.values()))

    def where(
        self, where: str = "1", args: tuple[str | bytes | float, ...] = (), *, order: str = "", most: int = -1
    ) -> list[Row]:
        """The rows that match, at most so many. Raises Broken when they cannot be read."""
        query = f"SELECT * FROM [{self.name}] WHERE {where}{' ORDER BY ' * bool(order)}{order} LIMIT ?"  # noqa: S608  our own words
        with self.base.read() as db:
            found = db.conn.execute(query, (*args, most))
            names = [column[0] for column in found.description]
            return [dict(zip(names, row, strict=True)) for row in found]

    def delete(self, where: str, args: tuple[str | bytes | float, ...]) -> int:
        """Deletes the rows that match. Returns how many. Raises Exhausted when the disk is full."""
        with self.base.write():
            found: int = self.table.count_where(where, args)
            if found:
                self.table.delete_where(where, args)
            return found

    @property
    def table(self) -> Table:
        return self.base.tables[self.name]


@cache
def _put(table: str, columns: tuple[str, ...]) -> str:
    """The statement that writes a row. Rows are written for every request: sqlite-utils would work it out each time."""
    names, places = ", ".join(f"[{name}]" for name in columns), ", ".join("?" * len(columns))
    return f"INSERT OR REPLACE INTO [{table}] ({names}) VALUES ({places})"  # noqa: S608  names of our own tables


def open_durable(folder: Path) -> Base:
    """What must not be lost. Raises Broken when the file is damaged or newer than this program."""
    return _open(folder / DURABLE, DURABLE_FILE, synchronous="FULL")


def open_journal(folder: Path) -> Base:
    """What may lose its last second in a power cut. Raises Broken as above."""
    return _open(folder / "journal.db", JOURNAL_FILE, synchronous="NORMAL")


def open_memory(folder: Path) -> Base:
    """What applications asked this device to remember: on disk when a write returns, and overwritten when it is deleted."""
    return _open(folder / "memory.db", MEMORY_FILE, synchronous="FULL")


def open_agent(folder: Path) -> Base:
    """The agent's runs, verdicts and grants: on disk when a write returns."""
    return _open(folder / "agent.db", AGENT_FILE, synchronous="FULL")


def _open(file: Path, shapes: tuple[Shape, ...], *, synchronous: str) -> Base:
    from sqlite_utils import Database

    try:
        connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False, timeout=5.0)
        file.chmod(0o600)
        db = Database(connection, execute_plugins=False, recursive_triggers=False)
        db.enable_wal()
        db.execute(f"PRAGMA synchronous = {synchronous}")
        db.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten
        _migrate(db, file, shapes)
    except (sqlite3.DatabaseError, OSError) as error:
        raise unopened(file, error) from error
    return Base(db, {shape.name: db.table(shape.name) for shape in shapes})


def _migrate(db: Database, file: Path, shapes: tuple[Shape, ...]) -> None:
    """Makes the tables of a fresh file, and what an older one lacks. Raises Broken for a newer one, and for one that has
    lost a table."""
    found = _version(db)
    if found > VERSION:
        raise Broken(
            f"{file.name} in the state folder was written by a newer release (format {found}, this one knows {VERSION})",
            code="store_newer",
            hint="install that release again, or start with another state folder",
        )
    if found < VERSION:
        with Base(db, {}).write():
            found = _version(db)  # now that nobody else can write
            for shape in shapes:
                _bring(db, shape, found)
            failpoint("edge.migrate.half")
            db.execute(f"PRAGMA user_version = {VERSION}")
    if not {shape.name for shape in shapes} <= set(
        db.table_names()
    ):  # else writing would make a new, empty one
        raise unopened(file, "a table is missing")


def _bring(db: Database, shape: Shape, found: int) -> None:
    """A table as this program knows it, in a file of format `found` (0: a fresh one)."""
    if found < shape.since:
        _make(db, shape)
    elif shape.name in db.table_names():
        there = {column.name for column in db.table(shape.name).columns}
        for name in (one for one in shape.columns if one not in there):
            kind, empty = _SQL[shape.columns[name]]
            filled = "" if name in shape.empty else f" NOT NULL DEFAULT {empty}"
            db.execute(f"ALTER TABLE {shape.name} ADD COLUMN {name} {kind}{filled}")


def _make(db: Database, shape: Shape) -> None:
    table = db.create_table(
        shape.name,
        dict(shape.columns),
        pk=shape.key,
        not_null=shape.columns.keys() - shape.empty,
        strict=True,
    )
    if shape.unique:
        table.create_index(shape.unique, unique=True)
    for index in shape.indexes:
        db.execute(index)


def _version(db: Database) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


_READ_ONLY = (
    "SQLITE_READONLY",
    "SQLITE_CANTOPEN",
    "SQLITE_PERM",
    os.strerror(errno.EROFS),
    os.strerror(errno.EACCES),
)
_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB")


def unopened(file: Path, error: Exception | str) -> Broken:
    """What to say of a database that does not open, and what to do: only damage is mended by a backup."""
    reason = error if isinstance(error, str) else _reason(error)
    said = f"{file.name} in the state folder cannot be opened: {reason}"
    if reason.startswith(_READ_ONLY):
        return Broken(
            said,
            code="state_unusable",
            hint="the folder, or the disk under it, may not be written to: make it writable for the user that runs Tidegate, or copy the "
            "folder elsewhere and name the copy with --state",
        )
    if reason.startswith(_DAMAGED):
        return Broken(
            said,
            code="store_broken",
            hint="keep a copy of it, then restore a backup: `tidegate edge restore`; the file was left as it was",
        )
    return Broken(said, code="store_broken", hint="free room or restore a backup; the file was left as it is")


def _translated(error: sqlite3.DatabaseError) -> Exhausted | Broken:
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith("SQLITE_READONLY"):
        return Exhausted(
            "the state folder may only be read; nothing was written",
            code="state_read_only",
            hint="make it writable for the user that runs Tidegate, or name another with --state",
        )
    if name.startswith(("SQLITE_FULL", "SQLITE_IOERR")):
        return Exhausted(
            "the state folder has no room left; nothing was written",
            code="disk_full",
            hint="free disk space, then retry",
        )
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return Exhausted(
            "the state folder is busy; nothing was written",
            code="store_busy",
            hint="try again when the other command has ended",
        )
    return Broken(
        f"the state folder cannot be read ({name or 'unknown'}); nothing in it was changed",
        code="store_broken",
        hint="keep a copy of it, then restore a backup: `tidegate edge restore`",
    )


def _reason(error: Exception) -> str:
    return getattr(error, "sqlite_errorname", "") or getattr(error, "strerror", "") or type(error).__name__
