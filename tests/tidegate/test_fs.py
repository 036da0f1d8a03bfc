"""Durable files and folders with one owner."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tidegate import fs
from tidegate.errors import BadConfig, Exhausted


def test_a_write_replaces_the_whole_file_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "state.json"
    fs.write_durably(file, b"old")
    fs.write_durably(file, b"new")
    assert file.read_bytes() == b"new"
    assert [path.name for path in file.parent.iterdir()] == ["state.json"]
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_write_that_fails_leaves_the_old_file_and_no_rest(tmp_path: Path) -> None:
    file = tmp_path / "state"
    file.mkdir()  # a folder in the way: the rename must fail
    (file / "old").write_bytes(b"old")
    with pytest.raises(OSError, match="directory"):
        fs.write_durably(file, b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["state"]
    assert (file / "old").read_bytes() == b"old"


def test_a_device_a_pipe_and_standard_output_are_written_into_and_stay_what_they_are(tmp_path: Path) -> None:
    fs.write_durably(Path("/dev/null"), b"gone")
    assert Path("/dev/null").is_char_device()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    fs.write_durably(pipe, b"through")
    assert os.read(reader, 100) == b"through"
    os.close(reader)
    assert pipe.is_fifo()
    script = "from pathlib import Path; from tidegate.fs import write_durably; write_durably(Path('/dev/stdout'), b'said')"
    with (tmp_path / "said").open("wb") as said:
        subprocess.run([sys.executable, "-c", script], stdout=said, check=True)
    assert (tmp_path / "said").read_bytes() == b"said"
    assert Path("/dev/stdout").is_symlink()


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="this system has no /dev/full")
def test_a_device_without_room_is_a_full_disk() -> None:
    with pytest.raises(Exhausted):
        fs.write_durably(Path("/dev/full"), b"x")
    assert Path("/dev/full").is_char_device()


def test_room_is_asked_for_before_it_is_needed(tmp_path: Path) -> None:
    fs.require_free(tmp_path / "not" / "yet", 1)
    with pytest.raises(Exhausted, match="nothing was half-written") as caught:
        fs.require_free(tmp_path, 1 << 62)
    assert caught.value.code == "disk_full"


def test_a_second_daemon_on_the_same_folder_is_told_who_is_there(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    refused = pytest.raises(BadConfig, match="in use by process")
    with fs.sole_owner(folder), refused as caught, fs.sole_owner(folder):
        pass
    assert caught.value.code == "state_in_use"


def test_a_killed_owner_leaves_the_folder_free(tmp_path: Path) -> None:
    script = (
        "import os, pathlib, sys\nfrom tidegate import fs\n"
        "with fs.sole_owner(pathlib.Path(sys.argv[1])):\n    os.kill(os.getpid(), 9)\n"
    )
    code = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False).returncode
    assert code == -9
    with fs.sole_owner(tmp_path):
        pass


def test_a_folder_that_cannot_be_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(BadConfig, match="cannot be used"), fs.sole_owner(tmp_path / "file"):
        pass
