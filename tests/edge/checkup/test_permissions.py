"""Who else could read or change what the device keeps."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge.checkup.found import Finding
from edge.checkup.permissions import Entry, judge, look
from edge.config import EdgeConfig

ME = 1000


def entries(root: int, **others: int) -> list[Entry]:
    return [Entry(".", root, ME), *(Entry(name, mode, ME) for name, mode in others.items())]


@pytest.mark.parametrize(
    ("found", "finding", "said"),
    [
        ([], Finding.NOT_USED, "no state folder"),
        (entries(0o40700), Finding.OK, "1 files"),
        (entries(0o40700, **{"device.key": 0o100600, "daemon.url": 0o100644}), Finding.OK, "3 files"),
        (entries(0o40755), Finding.BROKEN, "the folder itself"),
        (entries(0o40700, **{"device.key": 0o100640}), Finding.BROKEN, "device.key"),
        (entries(0o40700, **{"identity/key.pem": 0o100604}), Finding.BROKEN, "identity/key.pem"),
        (entries(0o40700, **{"durable.db": 0o100666}), Finding.BROKEN, "durable.db"),
        (entries(0o40700, **{"identity/ca.pem": 0o100644, "models/gen/a/m.gguf": 0o100644}), Finding.OK, ""),
        ([*entries(0o40700), Entry("x.db", 0o100600, 7)], Finding.BROKEN, "other users"),
    ],
)
def test_modes_are_judged(found: list[Entry], finding: Finding, said: str) -> None:
    check = judge("permissions", found, ME)
    assert check.finding is finding
    assert said in check.said
    assert bool(check.next) is (finding in (Finding.BROKEN, Finding.ATTENTION))


def test_whoever_looks_at_anothers_folder_is_told(tmp_path: Path) -> None:
    assert judge("permissions", entries(0o40700), 1001).finding is Finding.ATTENTION
    assert judge("permissions", entries(0o40700), 0).finding is Finding.OK


def test_a_real_folder_is_looked_at_and_left_as_it_is(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    (state / "device.key").write_bytes(b"k")
    (state / "device.key").chmod(0o644)
    check = look("permissions", EdgeConfig(state=state))
    assert check.broken
    assert "device.key" in check.said
    assert (state / "device.key").stat().st_mode & 0o777 == 0o644
    (state / "device.key").chmod(0o600)
    assert look("permissions", EdgeConfig(state=state)).finding is Finding.OK
    assert look("permissions", EdgeConfig(state=tmp_path / "none")).finding is Finding.NOT_USED
    assert os.geteuid() == state.stat().st_uid
