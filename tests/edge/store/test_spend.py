"""Spending on disk: totals, days, and older files."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from edge.routing.budget import Day, Scope, Spent
from edge.store.schema import open_durable, open_journal
from edge.store.spend import Account, SpendStore
from edge.store.tables import VERSION

DAY = Day("2026-11-24", 1_790_000_000.0, 5.0)
DEVICE = Account(Scope.DAY, "", "2026-11-24")
TALK = Account(Scope.CONVERSATION, "conv_1", "")


def test_totals_are_written_over_older_ones_and_found_again(tmp_path: Path) -> None:
    store = SpendStore(open_durable(tmp_path))
    assert store.get(DEVICE) == Spent()
    assert store.day() is None
    store.put([(DEVICE, Spent(1.5, 10, 2.0, 7)), (TALK, Spent(tokens=3))], DAY)
    store.put([(DEVICE, Spent(2.5, 20, 2.0, 7))], DAY)
    assert store.get(DEVICE) == Spent(2.5, 20, 2.0, 7)
    assert store.of("2026-11-24") == [(DEVICE, Spent(2.5, 20, 2.0, 7))]
    found = store.day()
    assert found is not None
    assert (found.date, found.wall) == (DAY.date, DAY.wall)
    store.base.close()
    again = SpendStore(open_durable(tmp_path))
    assert again.get(TALK) == Spent(tokens=3)
    assert again.drop_conversation("conv_1") == 1
    assert again.get(TALK) == Spent()
    assert again.forget(DAY.wall + 1) == 1
    again.base.close()


def test_a_file_of_the_first_release_gains_the_tables_and_columns_it_lacks_and_keeps_its_rows(
    tmp_path: Path,
) -> None:
    for make, old in ((open_durable, "spend"), (open_journal, "judged")):
        base = make(tmp_path)
        base.db.execute(f"DROP TABLE {old}")
        base.db.execute("PRAGMA user_version = 1")
        base.close()
    with sqlite3.connect(tmp_path / "durable.db") as made:
        for table in ("spend_day", "lineage", "watches", "checks", "outcomes", "happened"):
            made.execute(f"DROP TABLE IF EXISTS {table}")
        made.execute("INSERT INTO keys VALUES (x'01', 'app', 1.0)")
    with sqlite3.connect(tmp_path / "journal.db") as made:
        made.execute("ALTER TABLE journal DROP COLUMN decision")
    durable, diary = open_durable(tmp_path), open_journal(tmp_path)
    assert durable.tables["keys"].count == 1
    assert SpendStore(durable).day() is None
    assert "decision" in {column.name for column in diary.tables["journal"].columns}
    for base in (durable, diary):
        assert base.db.execute("PRAGMA user_version").fetchone()[0] == VERSION
        base.close()
