"""Backup and restore on real state folders: consistent while somebody writes, whole or not at all, and marked as restored."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from edge import device_key
from edge.backup.make import make
from edge.backup.restore import Relation, Restored, restore
from edge.backup.turning import settle
from edge.config import Door, EdgeConfig, Mode, Model
from edge.memory.rules import Turn, TurnId
from edge.routing.plan import Why
from edge.store.lineage import LineageStore
from edge.stores import Stores, open_stores
from edge.uplink import ledger
from edge.uplink.ledger import Kind, Record
from edge.uplink.spool import Entry, SpoolState
from tests.fakes import daemon
from tidegate.chat import Message, Role
from tidegate.cli import run as tidegate
from tidegate.errors import BadConfig, BadRequest, TidegateError, Untrusted
from tidegate.fs import sole_owner
from tidegate.ids import ConversationId, RequestId, Ticket, TraceId

WORDS = "correct horse battery staple"
HERE = ConversationId("conv_" + "a" * 32)
NOW = 1_790_000_000.0


def opened(state: Path) -> Stores:
    state.mkdir(exist_ok=True)
    return open_stores(EdgeConfig(state=state), device_key.load_or_make(state))


def leave(stores: Stores, number: int) -> None:
    """One escalation leaves."""
    stores.ledger.append(
        Record(
            number, Kind.SENT, RequestId(f"req_{number:08}"), bytes([number]) * 32, 9, {}, "p-1", Why.UNSURE
        )
    )


def entry(number: int, state: SpoolState) -> Entry:
    return Entry(
        Ticket(f"tkt_{number:032x}"), RequestId(f"req_{number:024x}"), 0, HERE, "chat", TraceId("a" * 32),
        Why.UNSURE, b"p", b"m", b"q", NOW - 9, NOW + 900, 30.0, state=state,
    )  # fmt: skip


def lived(state: Path) -> Path:
    """A state folder that has seen something."""
    with closing(opened(state)) as stores:
        for number in (1, 2):
            leave(stores, number)
        stores.spool.put(entry(1, SpoolState.QUEUED))
        stores.spool.put(entry(2, SpoolState.DONE))
        stores.keys.add(b"d" * 32, "chat", NOW)
        said = (Message(Role.USER, "remember the milk"),)
        stores.memory.put(Turn(TurnId("req_1"), "chat", HERE, TurnId(""), 1.0, said))
    (state / "identity").mkdir(exist_ok=True)
    (state / "identity" / "key.pem").write_text("a key")
    return state


def restored(file: Path, state: Path, words: str = WORDS) -> Restored:
    return restore(file, state, words, now=NOW + 100)


def backed_up(state: Path, file: Path) -> Path:
    make(state, file, WORDS, models=False, now=NOW)
    return file


def test_everything_comes_back_on_another_machine(tmp_path: Path) -> None:
    old = lived(tmp_path / "old")
    file = backed_up(old, tmp_path / "b.tgb")
    assert file.stat().st_mode & 0o777 == 0o600
    assert not list(old.glob(".backup-*"))
    new = tmp_path / "new"
    done = restored(file, new)
    assert (done.relation, done.lost, done.aside) == (Relation.FRESH, -1, None)
    assert (new / "device.key").read_bytes() == (old / "device.key").read_bytes()
    assert (new / "identity" / "key.pem").read_text() == "a key"
    with closing(opened(new)) as stores:
        assert stores.memory.turns("chat", HERE)[0].sent[0].content == "remember the milk"
        assert stores.keys.all() == {b"d" * 32: "chat"}
        first = stores.spool.get(entry(1, SpoolState.QUEUED).ticket)
        assert first == entry(1, SpoolState.QUEUED)


def test_nothing_of_the_state_is_readable_in_the_file(tmp_path: Path) -> None:
    old = lived(tmp_path / "old")
    raw = backed_up(old, tmp_path / "b.tgb").read_bytes()
    for told in (b"SQLite format", b"key.pem", b"a key", (old / "device.key").read_bytes(), b"conv_"):
        assert told not in raw


def test_the_ledgers_chain_goes_on_and_says_where_it_was_restored(tmp_path: Path) -> None:
    old = lived(tmp_path / "old")
    restored(backed_up(old, tmp_path / "b.tgb"), tmp_path / "new")
    with closing(opened(tmp_path / "new")) as stores:
        leave(stores, 3)
        records = list(stores.ledger.records())
        assert ledger.verify(records, stores.ledger.key, stores.ledger.sealed_end()) == 4
        assert [one.kind for one in records] == [Kind.SENT, Kind.SENT, Kind.RESTORED, Kind.SENT]
        found = LineageStore(stores.durable).latest()
        assert found is not None
        assert (found.epoch, found.seq, found.made_at) == (1, 2, NOW)
        assert found.digest == records[2].digest


def test_a_restore_to_an_older_point_is_seen_by_the_counters_and_tells_nothing_twice(tmp_path: Path) -> None:
    state = lived(tmp_path / "state")
    file = backed_up(state, tmp_path / "b.tgb")
    with closing(opened(state)) as stores:
        for number in (3, 4, 5):
            leave(stores, number)
    done = restored(file, state)
    assert (done.relation, done.lost, done.settled) == (Relation.OLDER, 3, 1)
    with closing(opened(state)) as stores:
        assert stores.spool.unclaimed("chat") == []  # it may have been told
        done_one = stores.spool.get(entry(2, SpoolState.DONE).ticket)
        assert done_one is not None  # and can be asked for
        assert stores.spool.get(entry(1, SpoolState.QUEUED).ticket) is not None
        assert LineageStore(stores.durable).restored_at() == NOW + 100


def test_where_nothing_has_left_since_nothing_is_settled(tmp_path: Path) -> None:
    state = lived(tmp_path / "state")
    done = restored(backed_up(state, tmp_path / "b.tgb"), state)
    assert (done.relation, done.lost, done.settled) == (Relation.SAME, 0, 0)
    with closing(opened(state)) as stores:
        assert len(stores.spool.unclaimed("chat")) == 1
        assert LineageStore(stores.durable).restored_at() == 0.0


def test_two_lives_that_parted_are_a_fork_and_another_key_is_another_device(tmp_path: Path) -> None:
    state = lived(tmp_path / "state")
    first = backed_up(state, tmp_path / "1.tgb")
    with closing(opened(state)) as stores:
        leave(stores, 3)
    second = backed_up(state, tmp_path / "2.tgb")
    assert restored(first, state).relation is Relation.OLDER
    assert restored(second, state).relation is Relation.FORKED  # record 3 is another one now
    assert restored(first, lived(tmp_path / "other")).relation is Relation.OTHER_DEVICE


def test_the_replaced_state_is_kept_aside_whole(tmp_path: Path) -> None:
    state = lived(tmp_path / "state")
    file = backed_up(state, tmp_path / "b.tgb")
    (state / "models").mkdir()
    (state / "models" / "weights").write_text("large")
    (state / "note").write_text("mine")
    for _ in range(2):
        done = restored(file, state)
    assert done.aside is not None
    assert len(list((state / "replaced").iterdir())) == 2
    first = min((state / "replaced").iterdir()) / "old"
    assert (first / "note").read_text() == "mine"
    assert not (state / "note").exists()
    assert (state / "models" / "weights").read_text() == "large"  # the fleet's, not the backup's
    assert not (state / ".restore").exists()


def test_a_running_daemon_is_backed_up_and_not_restored_over(tmp_path: Path) -> None:
    config = EdgeConfig(
        state=tmp_path / "state", mode=Mode.LOCAL_ONLY, door=Door(port=0), model=Model(enabled=False)
    )
    living = daemon.start(config)
    file = backed_up(config.state, tmp_path / "b.tgb")
    with pytest.raises(BadConfig) as refused:
        restored(file, config.state)
    assert refused.value.code == "state_in_use"
    assert living.stop() == 0
    restored(file, config.state)
    again = daemon.start(config)
    assert again.api_key == ""  # the application's key came back
    assert again.stop() == 0


def test_a_backup_is_one_moment_while_somebody_writes(tmp_path: Path) -> None:
    """Ledger and spool grow in step; every copy has equally many of both, and a chain that ends where its seal says."""
    state = tmp_path / "state"
    stores, stop = opened(state), threading.Event()

    def write() -> None:
        for number in range(1, 250):
            if stop.is_set():
                return
            with stores.durable.write():
                stores.durable.tables["keys"].insert(
                    {"digest": bytes([number]) * 32, "application": "a", "created_at": 1.0}
                )
                stores.durable.tables["vaults"].insert(
                    {"conversation": f"conv_{number}", "sealed": b"v" * 900, "used_at": 1.0}
                )
            leave(stores, number)

    writer = threading.Thread(target=write)
    writer.start()
    for number in range(4):
        target = tmp_path / f"copy-{number}"
        restored(backed_up(state, tmp_path / "b.tgb"), target)
        with closing(opened(target)) as found:
            assert found.durable.tables["keys"].count == found.durable.tables["vaults"].count
            ledger.verify(found.ledger.records(), found.ledger.key, found.ledger.sealed_end())
    stop.set()
    writer.join()
    stores.close()


@pytest.mark.parametrize("what", ["passphrase", "cut", "noise", "missing"])
def test_a_backup_that_does_not_open_leaves_the_old_state_as_it_was(tmp_path: Path, what: str) -> None:
    state = lived(tmp_path / "state")
    file = backed_up(state, tmp_path / "b.tgb")
    before = _content(state)
    if what == "cut":
        file.write_bytes(file.read_bytes()[:-40])
    if what == "noise":
        file.write_bytes(b"noise" * 100)
    if what == "missing":
        file.unlink()
    with pytest.raises(TidegateError):
        restored(file, state, WORDS + ("!" if what == "passphrase" else ""))
    assert _content(state) == before


def test_a_backup_with_a_forged_ledger_is_refused(tmp_path: Path) -> None:
    state = lived(tmp_path / "state")
    with closing(opened(state)) as stores, stores.durable.write() as db:
        db.execute("UPDATE ledger SET bytes = 1 WHERE seq = 1")
    file = backed_up(state, tmp_path / "b.tgb")
    with pytest.raises(Untrusted) as refused:
        restored(file, tmp_path / "new")
    assert refused.value.code == "ledger_tampered"
    assert not (tmp_path / "new" / "device.key").exists()


PLACES = ("edge.restore.staged", "edge.restore.committed", "edge.restore.moved", "edge.restore.placed")
CHILD = """
import sys
from pathlib import Path
from edge.backup.make import make
from edge.backup.restore import restore
what, source, state, words = sys.argv[1:5]
if what == "backup":
    make(Path(state), Path(source), words, models=False, now=1.0)
else:
    restore(Path(source), Path(state), words, now=1_790_000_100.0)
"""


def killed_at(place: str, what: str, file: Path, state: Path) -> int:
    done = subprocess.run(
        [sys.executable, "-c", CHILD, what, str(file), str(state), WORDS],
        env={**os.environ, "TIDEGATE_FAILPOINT": place},
        check=False,
        capture_output=True,
        timeout=60,
    )
    return done.returncode


@pytest.mark.parametrize("place", PLACES)
def test_power_cut_anywhere_in_a_restore_leaves_the_old_state_or_the_new_one(
    tmp_path: Path, place: str
) -> None:
    state = lived(tmp_path / "state")
    file = backed_up(state, tmp_path / "b.tgb")
    (state / "note").write_text("only the old state has it")
    with closing(opened(state)) as stores:
        leave(stores, 3)
    assert killed_at(place, "restore", file, state) == -signal.SIGKILL
    if place != PLACES[0]:
        with pytest.raises(TidegateError) as unfinished:
            device_key.load_or_make(state)  # nobody opens a state that is half here
        assert unfinished.value.code == "restore_unfinished"
    with sole_owner(state):
        settle(state)
    with closing(opened(state)) as stores:
        kinds = [one.kind for one in stores.ledger.records()]
        ledger.verify(stores.ledger.records(), stores.ledger.key, stores.ledger.sealed_end())
    is_old = place == PLACES[0]
    assert kinds == [Kind.SENT] * 3 if is_old else [Kind.SENT, Kind.SENT, Kind.RESTORED]
    assert (state / "note").exists() is is_old
    assert not (state / ".restore").exists()
    assert restored(file, state).relation is (Relation.OLDER if is_old else Relation.FORKED) or not is_old


def test_the_next_start_of_the_daemon_finishes_a_restore_that_was_cut_off(tmp_path: Path) -> None:
    config = EdgeConfig(
        state=tmp_path / "state", mode=Mode.LOCAL_ONLY, door=Door(port=0), model=Model(enabled=False)
    )
    file = backed_up(lived(tmp_path / "other"), tmp_path / "b.tgb")
    lived(config.state)
    assert killed_at("edge.restore.moved", "restore", file, config.state) == -signal.SIGKILL
    living = daemon.start(config)
    assert living.stop() == 0
    assert (config.state / "device.key").read_bytes() == (tmp_path / "other" / "device.key").read_bytes()


def test_a_backup_that_is_cut_off_leaves_the_older_file_and_nothing_readable(tmp_path: Path) -> None:
    state = lived(tmp_path / "state")
    file = backed_up(state, tmp_path / "b.tgb")
    before = file.read_bytes()
    assert killed_at("edge.backup.snapped", "backup", file, state) == -signal.SIGKILL
    assert file.read_bytes() == before
    settle(state)
    assert not list(state.glob(".backup-*"))


def test_the_commands_take_the_passphrase_from_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state, words, file = lived(tmp_path / "state"), tmp_path / "words", tmp_path / "b.tgb"
    words.write_text(WORDS + "\n")
    given = ["--state", str(state), "--passphrase-file", str(words)]
    assert tidegate(["edge", "backup", str(file), *given], {}) == 0
    assert json.loads(capsys.readouterr().out)["ledger_records"] == 2
    assert tidegate(["edge", "restore", str(file), *given], {}) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["relation"], said["records_lost"]) == ("same", 0)
    words.write_text("short")
    assert tidegate(["edge", "backup", str(file), *given], {}) == 2
    assert tidegate(["edge", "backup", str(file), "--state", str(tmp_path / "none"), *given[2:]], {}) == 2
    assert WORDS not in capsys.readouterr().err


def test_without_a_terminal_and_a_file_nothing_is_asked(tmp_path: Path) -> None:
    state = lived(tmp_path / "state")
    done = subprocess.run(
        [sys.executable, "-m", "tidegate", "edge", "backup", str(tmp_path / "b"), "--state", str(state)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "--passphrase-file" in done.stderr


def _content(state: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(state)): path.read_bytes()
        for path in state.rglob("*")
        if path.is_file() and not path.name.endswith(("-wal", "-shm")) and path.name != "owner.lock"
    }


def test_short_words_are_refused_before_anything_is_copied(tmp_path: Path) -> None:
    state = lived(tmp_path / "state")
    with pytest.raises(BadRequest):
        make(state, tmp_path / "b", "short", models=False, now=NOW)
    assert not (tmp_path / "b").exists()
