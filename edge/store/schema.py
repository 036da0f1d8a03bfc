"""Opening the device's databases: `durable.db` for what must survive a power cut, `journal.db` for what may lose a second.

Both in WAL mode. Durable writes are on disk when the statement returns (synchronous FULL). A newer file than this program
understands is refused, an older one is brought up to date.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tidegate.errors import Broken, Exhausted

VERSION = 1

DURABLE = """
CREATE TABLE spool (
  ticket TEXT PRIMARY KEY, request_id TEXT NOT NULL, revision INTEGER NOT NULL, conversation TEXT NOT NULL,
  application TEXT NOT NULL, trace TEXT NOT NULL, why TEXT NOT NULL, payload BLOB NOT NULL, body_mac BLOB NOT NULL,
  asked_mac BLOB NOT NULL, created_at REAL NOT NULL, expires_at REAL NOT NULL, deadline_s REAL NOT NULL,
  priority INTEGER NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL, next_at REAL NOT NULL,
  cloud_ticket TEXT NOT NULL, hold TEXT, reply BLOB NOT NULL, answered_at REAL NOT NULL, claimed_at REAL NOT NULL,
  cause TEXT NOT NULL, UNIQUE (request_id, revision)
) STRICT;
CREATE INDEX spool_live ON spool (priority DESC, created_at) WHERE state IN ('queued', 'sent', 'held');
CREATE INDEX spool_unclaimed ON spool (application, answered_at) WHERE claimed_at = 0;
CREATE TABLE ledger (
  seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, request_id TEXT NOT NULL, digest BLOB NOT NULL,
  bytes INTEGER NOT NULL, entities TEXT NOT NULL, policy TEXT NOT NULL, why TEXT NOT NULL, receipt BLOB NOT NULL,
  hash BLOB NOT NULL
) STRICT;
CREATE TABLE ledger_head (id INTEGER PRIMARY KEY CHECK (id = 0), seq INTEGER NOT NULL, seal BLOB NOT NULL) STRICT;
CREATE TABLE vaults (conversation TEXT PRIMARY KEY, sealed BLOB NOT NULL, used_at REAL NOT NULL) STRICT;
CREATE TABLE keys (digest BLOB PRIMARY KEY, application TEXT NOT NULL, created_at REAL NOT NULL) STRICT;
"""

JOURNAL = """
CREATE TABLE journal (
  request_id TEXT PRIMARY KEY, at REAL NOT NULL, application TEXT NOT NULL, conversation TEXT NOT NULL, trace TEXT NOT NULL,
  state TEXT NOT NULL, source TEXT NOT NULL, why TEXT NOT NULL, confidence REAL, latency_ms REAL NOT NULL,
  model TEXT NOT NULL, ticket TEXT, prompt_tokens INTEGER NOT NULL, completion_tokens INTEGER NOT NULL,
  question TEXT NOT NULL, reply TEXT NOT NULL
) STRICT;
CREATE INDEX journal_at ON journal (at);
"""


@dataclass(frozen=True, slots=True)
class Base:
    """One open database. The lock makes it usable from the event loop and from worker threads."""

    connection: sqlite3.Connection = field(repr=False)
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def close(self) -> None:
        with self.lock:
            self.connection.close()

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it, or nothing. Raises Exhausted when the disk is full or cannot be written."""
        with self.lock:
            try:
                self.connection.execute("BEGIN IMMEDIATE")
                yield self.connection
                self.connection.execute("COMMIT")
            except sqlite3.OperationalError as error:
                self._undo()
                raise _translated(error) from error
            except BaseException:
                self._undo()
                raise

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        with self.lock:
            try:
                yield self.connection
            except sqlite3.DatabaseError as error:
                raise _translated(error) from error

    def _undo(self) -> None:
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")


def open_durable(folder: Path) -> Base:
    """What must not be lost. Raises Broken when the file is damaged or newer than this program."""
    return _open(folder / "durable.db", DURABLE, synchronous="FULL")


def open_journal(folder: Path) -> Base:
    """What may lose its last second in a power cut. Raises Broken as above."""
    return _open(folder / "journal.db", JOURNAL, synchronous="NORMAL")


def _open(file: Path, ddl: str, *, synchronous: str) -> Base:
    try:
        connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False, timeout=5.0)
        file.chmod(0o600)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        _migrate(connection, file, ddl)
    except (sqlite3.DatabaseError, OSError) as error:
        raise Broken(
            f"{file.name} in the state folder cannot be opened: {_reason(error)}",
            code="store_broken",
            hint="free room or restore a backup; the file was left as it is",
        ) from error
    return Base(connection)


def _migrate(connection: sqlite3.Connection, file: Path, ddl: str) -> None:
    found = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if found > VERSION:
        raise Broken(
            f"{file.name} in the state folder was written by a newer release (format {found}, this one knows {VERSION})",
            code="store_newer",
            hint="install that release again, or start with another state folder",
        )
    if found == 0:
        connection.executescript(f"BEGIN;{ddl}PRAGMA user_version = {VERSION};COMMIT;")


def _translated(error: sqlite3.DatabaseError) -> Exhausted | Broken:
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith(("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_READONLY")):
        return Exhausted(
            "the state folder has no room left; nothing was written",
            code="disk_full",
            hint="free disk space, then retry",
        )
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return Exhausted("the state folder is busy; nothing was written", code="store_busy")
    return Broken(f"the state folder cannot be read ({name or 'unknown'})", code="store_broken")


def _reason(error: Exception) -> str:
    return getattr(error, "sqlite_errorname", "") or getattr(error, "strerror", "") or type(error).__name__
