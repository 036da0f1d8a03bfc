"""Backup, restore and migrate where there is no room, no writing, or no file: said in words, and nothing is half done.

The discs are real: small or read-only file systems in memory, seen by one child process alone.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from edge import device_key
from edge.backup.make import make
from edge.config import EdgeConfig
from edge.store.schema import open_durable, unopened
from edge.stores import open_stores
from tidegate.cli import run as tidegate
from tidegate.errors import BadRequest, Broken

WORDS = "correct horse battery staple"
_UNSHARE = shutil.which("unshare")


def _may_mount() -> bool:
    if _UNSHARE is None:
        return False
    tried = [_UNSHARE, *_OWN, "sh", "-c", "mount -t tmpfs tmpfs /mnt"]
    return subprocess.run(tried, capture_output=True, check=False).returncode == 0


_OWN = ("-m",) if os.geteuid() == 0 else ("-r", "-m")
mounts = pytest.mark.skipif(
    not _may_mount(), reason="this machine lets nobody mount a file system of his own"
)


def on_disc(
    disc: Path, size: str, prepare: str, *command: str | Path, read_only: bool = False
) -> tuple[int, str]:
    """The exit code and the words of a command, while `disc` is a small file system of its own."""
    disc.mkdir(exist_ok=True)
    steps = [f"mount -t tmpfs -o size={size} tmpfs {shlex.quote(str(disc))}", prepare or "true"]
    if read_only:
        steps.append(f"mount -o remount,ro {shlex.quote(str(disc))}")
    told = shlex.join([sys.executable, "-m", "tidegate", *map(str, command)])
    script = " && ".join([*steps, f"{{ {told}; code=$?; ls -AR {shlex.quote(str(disc))}; exit $code; }}"])
    done = subprocess.run(
        [str(_UNSHARE), *_OWN, "sh", "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def passphrase(tmp_path: Path) -> Path:
    file = tmp_path / "words"
    file.write_text(WORDS + "\n")
    return file


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state folder in which one application has a key."""
    folder = tmp_path / "state"
    folder.mkdir()
    with closing(open_stores(EdgeConfig(state=folder), device_key.load_or_make(folder))) as stores:
        stores.keys.add(b"d" * 32, "chat", 1.0)
    return folder


@mounts
def test_a_backup_to_a_full_disc_says_so_and_leaves_nothing_there(
    tmp_path: Path, state: Path, passphrase: Path
) -> None:
    disc = tmp_path / "disc"
    code, said = on_disc(
        disc, "32k", "", "edge", "backup", disc / "b.tgb", "--state", state, "--passphrase-file", passphrase
    )
    assert code == 1
    assert "no room left" in said
    assert ".tgb" not in said
    assert not list(state.glob(".backup-*"))


@mounts
def test_a_backup_to_a_read_only_disc_names_the_place(tmp_path: Path, state: Path, passphrase: Path) -> None:
    disc = tmp_path / "disc"
    code, said = on_disc(
        disc,
        "1m",
        "",
        *("edge", "backup", disc / "b.tgb", "--state", state, "--passphrase-file", passphrase),
        read_only=True,
    )
    assert code == 1
    assert f"{disc / 'b.tgb'}: Read-only file system" in said
    assert "name another file" in said


@mounts
def test_a_state_on_a_disc_that_went_read_only_is_not_called_damaged(
    tmp_path: Path, state: Path, passphrase: Path
) -> None:
    disc = tmp_path / "disc"
    moved = f"cp -r {shlex.quote(str(state))} {shlex.quote(str(disc / 's'))}"
    for command in (
        ["edge", "migrate", "--dry-run"],
        ["edge", "key", "someone"],
        ["edge", "backup", tmp_path / "b.tgb", "--passphrase-file", passphrase],
    ):
        code, said = on_disc(disc, "2m", moved, *command, "--state", disc / "s", read_only=True)
        assert code in (1, 2), (command, said)
        assert "damaged" not in said
        assert "restore a backup" not in said
        assert "defect" not in said
        assert "cannot be used" in said or "copy" in said, (command, said)


@mounts
@pytest.mark.parametrize("size", ["64k", "200k"])
def test_a_restore_onto_a_full_disc_changes_nothing(
    tmp_path: Path, state: Path, passphrase: Path, size: str
) -> None:
    file = tmp_path / "b.tgb"
    make(state, file, WORDS, models=False, now=1.0)
    disc = tmp_path / "disc"
    code, said = on_disc(
        disc, size, "", "edge", "restore", file, "--state", disc / "s", "--passphrase-file", passphrase
    )
    assert code == 1, said
    assert "no room left" in said
    assert "durable.db" not in said
    assert ".restore:" not in said


@pytest.mark.parametrize("kind", ["pipe", "folder", "link to a device", "no folder"])
def test_a_backup_never_replaces_what_is_no_file(tmp_path: Path, state: Path, kind: str) -> None:
    target = tmp_path / "there"
    match kind:
        case "pipe":
            os.mkfifo(target)
        case "folder":
            target.mkdir()
        case "link to a device":
            target.symlink_to("/dev/null")
        case _:
            target = tmp_path / "nowhere" / "b.tgb"
    before = target.lstat().st_mode if kind != "no folder" else 0
    with pytest.raises(BadRequest) as caught:
        make(state, target, WORDS, models=False, now=1.0)
    assert caught.value.code == "no_place"
    assert "nothing was written" in str(caught.value)
    assert kind == "no folder" or target.lstat().st_mode == before


def test_an_older_backup_stays_when_a_new_one_cannot_be_written(
    tmp_path: Path, state: Path, passphrase: Path
) -> None:
    file = tmp_path / "b.tgb"
    make(state, file, WORDS, models=False, now=1.0)
    before = file.read_bytes()
    backup = ["edge", "backup", str(file), "--state", str(state), "--passphrase-file", str(passphrase)]
    told = shlex.join([sys.executable, "-m", "tidegate", *backup])
    done = subprocess.run(
        ["sh", "-c", f"ulimit -f 16; {told}"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "tidegate: " in done.stderr
    assert "defect" not in done.stderr
    assert file.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir() if one.name.endswith(".part")] == []


@pytest.mark.parametrize("what", ["nothing", "a folder"])
def test_a_restore_from_no_file_makes_no_state_folder(
    tmp_path: Path, passphrase: Path, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    source = tmp_path / "b.tgb"
    if what == "a folder":
        source.mkdir()
    argv = ["edge", "restore", str(source), "--state", str(tmp_path / "new")]
    assert tidegate([*argv, "--passphrase-file", str(passphrase)], {}) == 2
    assert "nothing was changed" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_only_damage_is_called_damage(tmp_path: Path) -> None:
    file = tmp_path / "durable.db"
    assert unopened(file, PermissionError(13, "Permission denied")).code == "state_unusable"
    assert unopened(file, OSError(30, "Read-only file system")).code == "state_unusable"
    assert "free room" in str(unopened(file, OSError(28, "No space left on device")))
    file.write_bytes(b"no database at all, but long enough to be read as a header" * 40)
    with pytest.raises(Broken, match="restore a backup: `tidegate edge restore`"):
        open_durable(tmp_path)
