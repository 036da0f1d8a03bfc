"""One database: SQLite in WAL mode by default, PostgreSQL by address. One writer at a time, every commit on disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DataError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from cloud.store.schema import metadata
from tidegate.errors import Broken, Exhausted

BUSY_MS = 5000
_WRITER_LOCK = (
    0x71DE6A7E  # any constant of ours: PostgreSQL's advisory lock that makes the audit chain single-file
)


def sqlite_url(path: Path) -> str:
    return f"sqlite:///{path}"


def open_database(url: str) -> Engine:
    """Connects, sets durability, makes missing tables. Raises Broken naming what is wrong.

    `postgresql://` is taken with psycopg, the driver that Tidegate is tested with.
    """
    if url.startswith("postgresql://"):
        url = url.replace("://", "+psycopg://", 1)
    try:
        engine = create_engine(url, pool_pre_ping=not url.startswith("sqlite"))
        if engine.dialect.name == "sqlite":
            _durable_sqlite(engine)
        metadata.create_all(engine)
    except ImportError as e:
        raise Broken(
            "the cloud's database cannot be opened: its driver is not installed",
            code="database_driver_missing",
            hint="for PostgreSQL: pip install 'tidegate[postgres]'",
        ) from e
    except SQLAlchemyError as e:
        raise Broken(
            "the cloud's database cannot be opened",
            code="database_unavailable",
            hint="check store.url and the disk",
        ) from e
    return engine


def _durable_sqlite(engine: Engine) -> None:
    """Explicit transactions (the driver's own hide BEGIN) and synchronous=FULL: a commit survives a power cut."""

    @event.listens_for(engine, "connect")
    def _connect(connection: object, _: ConnectionPoolEntry) -> None:
        _pragmas(connection)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        immediate = connection.get_execution_options().get("tidegate_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _pragmas(connection: object) -> None:
    import sqlite3

    if isinstance(connection, sqlite3.Connection):
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={BUSY_MS}", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}").close()


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One write transaction; writers wait for each other. Raises Exhausted when it cannot be written (disk, lock), Broken when it takes no such value."""
    try:
        with engine.connect().execution_options(tidegate_write=True) as connection, connection.begin():
            if engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _WRITER_LOCK})
            yield connection
    except DataError as e:
        raise Broken(
            "the cloud's database refused a value; nothing was half-written",
            code="database_refused",
            hint="it is none of a device's making: look at what was imported or configured last",
        ) from e
    except DBAPIError as e:
        raise Exhausted(
            "the cloud's database took no write; nothing was half-written",
            code="database_busy",
            hint="check the disk, then retry",
        ) from e


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One consistent read: all its statements see one state of the database."""
    options = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}
    try:
        with engine.connect().execution_options(**options) as connection, connection.begin():
            yield connection
    except DBAPIError as e:
        raise Broken("the cloud's database cannot be read", code="database_unavailable") from e
