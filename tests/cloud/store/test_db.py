"""Opening a database: what is wrong with an address is said; a value that it refuses is no full disk."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import insert, text

from cloud.store.db import open_database, reading, writing
from cloud.store.schema import operators
from tests.fakes import postgres
from tidegate.errors import Broken


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("mysql+mysqldb_of_nobody://localhost/x", "database_unavailable"),
        ("no address at all", "database_unavailable"),
        ("sqlite:////proc/none/x.db", "database_unavailable"),
        ("mssql+pymssql://localhost/x", "database_driver_missing"),
    ],
)
def test_an_address_that_leads_nowhere_is_said(url: str, code: str) -> None:
    with pytest.raises(Broken) as said:
        open_database(url)
    assert said.value.code == code


@pytest.mark.skipif(bool(postgres.absent()), reason=postgres.absent())
def test_a_server_that_is_not_there_is_said() -> None:
    with pytest.raises(Broken) as said:
        open_database("postgresql://tidegate@127.0.0.1:1/x")
    assert said.value.code == "database_unavailable"


def test_a_damaged_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"no database at all, " * 500)
    with pytest.raises(Broken):
        open_database(f"sqlite:///{tmp_path / 'x.db'}")


def test_a_read_sees_one_state_while_others_write(database: str) -> None:
    engine = open_database(database)
    with reading(engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM operators")).scalar() == 0
        with writing(engine) as other:
            other.execute(insert(operators).values(name="a", role="admin", password_hash="x", created_at=1.0))
        assert connection.execute(text("SELECT count(*) FROM operators")).scalar() == 0
    with reading(engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM operators")).scalar() == 1


@pytest.mark.skipif(bool(postgres.absent()), reason=postgres.absent())
def test_a_value_that_the_database_refuses_is_no_full_disk(server: postgres.Postgres) -> None:
    engine = open_database(server.fresh())
    with pytest.raises(Broken) as said, writing(engine) as connection:
        connection.execute(
            insert(operators).values(name="n" * 65, role="admin", password_hash="x", created_at=1.0)
        )
    assert said.value.code == "database_refused"
    with reading(engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM operators")).scalar() == 0
