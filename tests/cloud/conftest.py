"""The databases that the cloud's stores are held to: SQLite always, PostgreSQL where there is one."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Protocol

import pytest

from cloud.store.db import sqlite_url
from tests.fakes import postgres
from tests.fakes.cloud_parts import CloudHouse, cloud_house
from tidegate.clock import Clock


class Houses(Protocol):
    """Makes a house on the database of this test; one after another see the same rows."""

    def __call__(self, folder: Path, *, clock: Clock | None = None) -> CloudHouse: ...


@pytest.fixture(scope="session")
def server() -> Iterator[postgres.Postgres]:
    if reason := postgres.absent():
        pytest.skip(reason)
    with postgres.serving() as found:
        yield found


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "cloud.db")
    server = request.getfixturevalue("server")
    assert isinstance(server, postgres.Postgres)
    return server.fresh()


@pytest.fixture
def houses(database: str) -> Houses:
    return partial(cloud_house, database=database)
