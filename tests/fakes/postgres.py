"""A real PostgreSQL on loopback, for the time of a test run: its own folder, a port that was free, nothing left behind."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import count
from pathlib import Path

VARIABLE = "TIDEGATE_POSTGRES"  # a folder with initdb and postgres
_FAST = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=300",
    "shared_buffers=16MB",
)


def programs() -> Path | None:
    """The folder of the server's programs; None where there is none."""
    named = os.environ.get(VARIABLE)
    places = [Path(named)] if named else sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = shutil.which("initdb")
    return next(
        (one for one in (*places, *([Path(found).parent] if found else [])) if (one / "postgres").exists()),
        None,
    )


def absent() -> str:
    """Why there is none to test with; empty where there is one."""
    if programs() is None:
        return f"no PostgreSQL server here: install postgresql, or name the folder of initdb in {VARIABLE}"
    return (
        ""
        if find_spec("psycopg")
        else "the driver psycopg is not installed: pip install 'tidegate[postgres]'"
    )


@dataclass
class Postgres:
    """`fresh` gives the address of an empty database."""

    port: int
    _names: Iterator[int] = field(default_factory=count)

    def fresh(self) -> str:
        import psycopg

        name = f"test{next(self._names)}"
        with psycopg.connect(self._plain("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")  # type: ignore[call-overload,unused-ignore]
        return f"postgresql+psycopg://tidegate@127.0.0.1:{self.port}/{name}"

    def _plain(self, name: str) -> str:
        return f"host=127.0.0.1 port={self.port} user=tidegate dbname={name}"


@contextmanager
def serving() -> Iterator[Postgres]:
    """Starts a server and ends it; as another user where this one is root, which PostgreSQL refuses."""
    bin_, user = programs(), _user()
    assert bin_ is not None, absent()
    folder = Path(tempfile.mkdtemp(prefix="tidegate-postgres-"))
    try:
        if user is not None:
            shutil.chown(folder, user)
        data, port = folder / "data", _free_port()
        made = [
            bin_ / "initdb",
            "--no-sync",
            "-U",
            "tidegate",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "-D",
            data,
        ]
        subprocess.run(made, user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        options = [part for one in _FAST for part in ("-c", one)]
        ways = ["-h", "127.0.0.1", "-p", str(port), "-k", str(folder)]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [bin_ / "postgres", "-D", data, *ways, *options],
                user=user,
                cwd=folder,
                stderr=log,
                stdout=log,
            )
        try:
            _await(port, server)
            yield Postgres(port)
        finally:
            server.send_signal(signal.SIGINT)  # at once: nobody waits for clients that are still connected
            server.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _user() -> str | None:
    if os.getuid() != 0:
        return None
    known = {one.pw_name for one in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _await(port: int, server: subprocess.Popen[bytes]) -> None:
    import psycopg

    for _ in range(600):
        assert server.poll() is None, "PostgreSQL ended at once"
        try:
            psycopg.connect(f"host=127.0.0.1 port={port} user=tidegate dbname=postgres").close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("PostgreSQL did not answer")
