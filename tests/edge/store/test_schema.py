"""What opening a database promises: its format, its durability, and no guess where a file is not what it should be."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from edge.store.schema import Base, open_durable, open_journal
from edge.store.tables import DURABLE_FILE, JOURNAL_FILE, VERSION
from tidegate.errors import Broken, Exhausted


def pragma(base: Base, name: str) -> object:
    found: object = base.db.execute(f"PRAGMA {name}").fetchone()[0]
    return found


def test_a_fresh_file_has_strict_tables_and_the_durability_that_is_promised(tmp_path: Path) -> None:
    durable, diary = open_durable(tmp_path), open_journal(tmp_path)
    for base, shapes, synchronous in ((durable, DURABLE_FILE, 2), (diary, JOURNAL_FILE, 1)):
        assert (pragma(base, "journal_mode"), pragma(base, "synchronous")) == ("wal", synchronous)
        assert pragma(base, "user_version") == VERSION
        for shape in shapes:
            table = base.tables[shape.name]
            assert table.strict
            assert table.pks == [shape.key]
            assert {column.name: bool(column.notnull) for column in table.columns} == {
                name: name not in shape.empty for name in shape.columns
            }
        base.close()
    assert {file.stat().st_mode & 0o777 for file in tmp_path.glob("*.db")} == {0o600}


def test_a_value_of_the_wrong_kind_and_a_column_nobody_knows_are_refused(tmp_path: Path) -> None:
    base = open_durable(tmp_path)
    keys = base.tables["keys"]
    good = {"digest": b"d", "application": "a", "created_at": 1.0}
    for wrong in ({**good, "created_at": "noon"}, {**good, "application": None}):
        with pytest.raises(sqlite3.IntegrityError), base.write():
            keys.insert(wrong)
    with pytest.raises(Broken), base.write():
        keys.insert({**good, "colour": "red"})
    assert keys.count == 0
    with base.write():
        keys.insert(good)
    assert keys.count == 1
    base.close()


def test_a_newer_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    base = open_durable(tmp_path)
    base.db.execute(f"PRAGMA user_version = {VERSION + 1}")
    base.close()
    with pytest.raises(Broken) as refused:
        open_durable(tmp_path)
    assert refused.value.code == "store_newer"
    with sqlite3.connect(tmp_path / "durable.db") as left:
        assert left.execute("PRAGMA user_version").fetchone() == (VERSION + 1,)


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "durable.db").write_bytes(b"not a database, for many bytes" * 100)
    with pytest.raises(Broken) as refused:
        open_durable(tmp_path)
    assert refused.value.code == "store_broken"


def test_a_lost_table_is_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    base = open_durable(tmp_path)
    base.db.execute("DROP TABLE ledger")
    base.close()
    with pytest.raises(Broken) as refused:
        open_durable(tmp_path)
    assert "a table is missing" in str(refused.value)


def test_two_who_open_a_fresh_folder_at_once_both_find_it_ready(tmp_path: Path) -> None:
    opened: list[Base] = []
    threads = [threading.Thread(target=lambda: opened.append(open_durable(tmp_path))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 4
    for base in opened:
        base.close()


def test_an_error_in_a_transaction_undoes_all_of_it(tmp_path: Path) -> None:
    base = open_durable(tmp_path)

    def half() -> None:
        with base.write():
            base.tables["keys"].insert({"digest": b"d", "application": "a", "created_at": 1.0})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    assert base.tables["keys"].count == 0
    assert not base.db.conn.in_transaction
    base.close()


def test_a_writer_in_another_process_is_waited_for_and_then_said(tmp_path: Path) -> None:
    base = open_durable(tmp_path)
    base.db.execute("PRAGMA busy_timeout = 10")
    other = sqlite3.connect(tmp_path / "durable.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Exhausted) as busy, base.write():
        pass
    assert busy.value.code == "store_busy"
    other.execute("ROLLBACK")
    with base.write():
        pass
    other.close()
    base.close()
