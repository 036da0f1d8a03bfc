"""State of the last release opens; what that changes is told before; a power cut leaves the old format or the new one."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from edge import device_key
from edge.backup.migrate import migrate
from edge.config import Door, EdgeConfig, Mode, Model
from edge.store.copying import pending
from edge.store.tables import VERSION
from edge.stores import open_stores
from edge.uplink import ledger
from edge.uplink.spool import SpoolState
from tests.fakes import daemon
from tidegate.cli import run as tidegate
from tidegate.errors import BadConfig, Broken
from tidegate.fs import sole_owner
from tidegate.ids import ConversationId
from tidegate.privacy.vault import Vault

RELEASED = Path(__file__).parents[1] / "store" / "states" / "format-1.tar.gz"
"""A state folder as the code before format 2 wrote it: four escalations, three records, a vault, a key, a journal line."""


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    with tarfile.open(RELEASED) as packed:
        packed.extractall(folder, filter="data")
    return folder


def version(file: Path) -> int:
    with closing(sqlite3.connect(file)) as db:
        return int(db.execute("PRAGMA user_version").fetchone()[0])


def test_what_would_change_is_told_and_nothing_changes(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tidegate(["edge", "migrate", "--dry-run", "--state", str(state)], {}) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["changed"] is False
    durable = next(one for one in said["files"] if one["file"] == "durable.db")
    assert (durable["format"], durable["becomes"]) == (1, VERSION)
    assert "makes the table lineage" in durable["changes"]
    assert version(state / "durable.db") == 1


def test_migrating_does_what_was_told_and_then_there_is_nothing_to_do(state: Path) -> None:
    told = pending(state)
    assert migrate(state) == told
    assert not any(one.due or one.changes for one in pending(state))
    assert version(state / "durable.db") == version(state / "journal.db") == VERSION


def test_everything_that_the_last_release_wrote_is_still_there(state: Path) -> None:
    key = device_key.load_or_make(state)
    with closing(open_stores(EdgeConfig(state=state), key)) as stores:
        assert ledger.verify(stores.ledger.records(), stores.ledger.key, stores.ledger.sealed_end()) == 3
        assert stores.spool.counts() == {"queued": 1, "sent": 1, "held": 1, "done": 1}
        assert {one.state for one in stores.spool.live()} == {
            SpoolState.QUEUED,
            SpoolState.SENT,
            SpoolState.HELD,
        }
        assert set(stores.keys.all().values()) == {"chat"}
        (line,) = stores.journal.latest(5)
        assert line.prompt_tokens == 7
        conversation = ConversationId("conv_" + "1" * 32)
        sealed = stores.vaults.get(conversation)
        assert sealed is not None
        vault = Vault.unseal(sealed, key.derive("vault"), 1_790_000_000.0, conversation)
        assert vault.restore("write to [EMAIL_ADDRESS_1·5b6d]") == "write to eve@example.org"


def test_a_daemon_starts_on_the_state_of_the_last_release(state: Path) -> None:
    config = EdgeConfig(state=state, mode=Mode.LOCAL_ONLY, door=Door(port=0), model=Model(enabled=False))
    living = daemon.start(config)
    assert living.url
    assert living.api_key == ""  # it has one
    with pytest.raises(BadConfig):
        migrate(state)
    assert living.stop() == 0
    assert not any(one.due for one in pending(state))


def test_a_power_cut_in_the_middle_leaves_the_old_format_whole(state: Path) -> None:
    code = "import sys; from pathlib import Path; from edge.backup.migrate import migrate; migrate(Path(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(state)],
        env={**os.environ, "TIDEGATE_FAILPOINT": "edge.migrate.half"},
        check=False,
        timeout=60,
    )
    assert done.returncode == -signal.SIGKILL
    assert version(state / "durable.db") == 1
    assert any("lineage" in change for one in pending(state) for change in one.changes)
    assert all(one.due for one in migrate(state) if one.file == "durable.db")
    with closing(open_stores(EdgeConfig(state=state), device_key.load_or_make(state))) as stores:
        assert ledger.verify(stores.ledger.records(), stores.ledger.key, stores.ledger.sealed_end()) == 3


def test_damage_is_found_before_anything_is_changed(state: Path) -> None:
    raw = bytearray((state / "durable.db").read_bytes())
    raw[4096 : 4096 + 2000] = b"\xff" * 2000
    (state / "durable.db").write_bytes(raw)
    with pytest.raises(Broken):
        migrate(state)
    with sole_owner(state):
        assert version(state / "durable.db") == 1


def test_a_folder_without_state_is_no_state(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tidegate(["edge", "migrate", "--state", str(tmp_path)], {}) == 2
    assert "holds no state" in capsys.readouterr().err
