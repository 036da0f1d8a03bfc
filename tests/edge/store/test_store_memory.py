"""Remembered turns on disk: sealed, bound to their place, one application's alone, and gone when they are deleted."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from edge.memory.rules import Turn, TurnId
from edge.store.memory import MemoryStore
from edge.store.schema import open_memory
from tidegate.chat import Message, Role, ToolCall
from tidegate.errors import Untrusted
from tidegate.ids import ConversationId

KEY = b"k" * 32
HERE, THERE = ConversationId("conv_" + "a" * 32), ConversationId("conv_" + "b" * 32)
SECRET = "my password is Tr0ub4dor-and-more"
TURN = Turn(
    TurnId("req_1"),
    "chat",
    HERE,
    TurnId(""),
    7.0,
    (Message(Role.USER, SECRET),),
    Message(Role.ASSISTANT, "noted", (ToolCall("c1", "f", '{"a":1}'),)),
    named="the house",
    page=b"{}",
)


def store(folder: Path, key: bytes = KEY) -> MemoryStore:
    return MemoryStore(open_memory(folder), key)


def test_a_turn_comes_back_as_it_was_and_is_nowhere_in_clear(tmp_path: Path) -> None:
    shelf = store(tmp_path)
    shelf.put(TURN)
    assert shelf.get("chat", TURN.id) == TURN
    assert shelf.turns("chat", HERE) == (TURN,)
    shelf.base.close()
    on_disk = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"Tr0ub4dor" not in on_disk
    assert b"noted" not in on_disk
    assert b"the house" not in on_disk


def test_another_application_has_no_such_turn_and_the_owner_has_all(tmp_path: Path) -> None:
    shelf = store(tmp_path)
    shelf.put(TURN)
    assert shelf.get("other", TURN.id) is None
    assert shelf.turns("other", HERE) == ()
    assert shelf.conversations("other") == ()
    assert shelf.drop("other", HERE) == 0
    assert shelf.drop_turn("other", TURN.id) == 0
    assert [one.id for one in shelf.conversations()] == [HERE]


@pytest.mark.parametrize(
    ("column", "value"),
    [("application", "other"), ("conversation", THERE), ("parent", "req_0"), ("at", 8.0), ("id", "req_2")],
)
def test_a_row_that_was_moved_does_not_open(tmp_path: Path, column: str, value: str | float) -> None:
    shelf = store(tmp_path)
    shelf.put(TURN)
    with sqlite3.connect(tmp_path / "memory.db") as thief:
        thief.execute(f"UPDATE turns SET {column} = ?", (value,))
    application = "other" if column == "application" else "chat"
    with pytest.raises(Untrusted) as refused:
        shelf.turns(application, THERE if column == "conversation" else HERE)
    assert refused.value.code == "memory_altered"


def test_another_devices_key_opens_nothing(tmp_path: Path) -> None:
    first = store(tmp_path)
    first.put(TURN)
    first.base.close()
    with pytest.raises(Untrusted):
        store(tmp_path, b"x" * 32).get("chat", TURN.id)


def test_a_deleted_conversation_leaves_no_bytes_behind(tmp_path: Path) -> None:
    shelf = store(tmp_path)
    for at in range(20):
        shelf.put(
            replace(TURN, id=TurnId(f"req_{at}"), at=float(at), sent=(Message(Role.USER, SECRET * 50),))
        )
    with sqlite3.connect(tmp_path / "memory.db") as reader:
        sealed = [bytes(row[0]) for row in reader.execute("SELECT sealed FROM turns")]
    reader.close()
    assert shelf.drop("chat", HERE) == 20
    on_disk = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert len(sealed) == 20
    assert not [row for row in sealed if row[20:60] in on_disk]
    shelf.base.close()


def test_a_conversation_keeps_its_newest_turns(tmp_path: Path) -> None:
    shelf = store(tmp_path)
    for at in range(5):
        shelf.put(replace(TURN, id=TurnId(f"req_{at}"), at=float(at)))
    shelf.put(replace(TURN, id=TurnId("req_x"), conversation=THERE))
    assert shelf.trim("chat", HERE, 2) == 3
    assert [one.id for one in shelf.turns("chat", HERE)] == ["req_3", "req_4"]
    assert len(shelf.turns("chat", THERE)) == 1
