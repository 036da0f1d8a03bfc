"""`tidegate cloud` as a process: one ready line, a clean stop, accounts, and a log whose damage is found."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tidegate import cli

TIDEGATE = [sys.executable, "-m", "tidegate"]
ROOT = Path(__file__).resolve().parents[2]
PORTS = ["--port", "0", "--grpc-port", "0", "--enrol-port", "0"]


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


def run(*words: str, text: str = "") -> Done:
    """One command line in this process, as `tidegate` runs it."""
    out, err = io.StringIO(), io.StringIO()
    stdin, sys.stdin = sys.stdin, io.StringIO(text)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = cli.run(words, {})
    finally:
        sys.stdin = stdin
    return Done(code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder in which an account was made and a cloud ran once."""
    state = tmp_path_factory.mktemp("state") / "cloud"
    added = run(
        "cloud", "user", "add", "ada", "--role", "reviewer", "--state", str(state), text="a long password\n"
    )
    assert json.loads(added.stdout) == {"user": "ada", "role": "reviewer"}
    config = state.parent / "cloud.toml"
    config.write_text(f'state = "{state}"\n[intake]\nnames = false\n')
    child = subprocess.Popen(
        [*TIDEGATE, "cloud", "serve", "--config", str(config), *PORTS],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "TIDEGATE_CLOUD__LOGS__LEVEL": "warning"},
    )
    assert child.stdout is not None
    ready = json.loads(child.stdout.readline())
    assert ready["ready"] is True
    assert {"url", "grpc", "enrol", "ca_fingerprint", "state"} <= ready.keys()
    second = run("cloud", "serve", "--config", str(config), *PORTS)
    assert second.returncode == 2
    assert "in use by process" in second.stderr
    for _ in range(3):
        call_with_tls_1_2(ready["grpc"])
    child.send_signal(signal.SIGTERM)
    _, told = child.communicate(timeout=5)
    assert child.returncode == 0
    (state / "stderr.txt").write_text(told)
    return state


def call_with_tls_1_2(address: str) -> None:
    host, _, port = address.partition(":")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(OSError), socket.create_connection((host, int(port))) as raw:
        context.wrap_socket(raw)


def test_a_stranger_who_keeps_knocking_is_told_of_once(folder: Path) -> None:
    told = [json.loads(line) for line in (folder / "stderr.txt").read_text().splitlines()]
    refusals = [line for line in told if line["event"] == "refused_handshake"]
    assert [line["reason"] for line in refusals] == ["old_tls"]


def copy(folder: Path, to: Path, damage: str = "SELECT 1") -> None:
    """The database and the key, with one statement of a stranger's."""
    (to / "receipt.key").write_bytes((folder / "receipt.key").read_bytes())
    with (
        contextlib.closing(sqlite3.connect(folder / "cloud.db")) as source,
        contextlib.closing(sqlite3.connect(to / "cloud.db")) as target,
    ):
        source.backup(target)
        target.execute(damage)
        target.commit()


def test_the_log_of_an_honest_cloud_is_intact(folder: Path) -> None:
    proof = run("cloud", "audit", "verify", "--state", str(folder))
    assert proof.returncode == 0
    assert json.loads(proof.stdout)["intact"] is True


@pytest.mark.parametrize(
    ("damage", "word"),
    [
        ("DELETE FROM audit", "truncated"),
        ("UPDATE audit SET body = replace(body, 'reviewer', 'admin')", "changed"),
    ],
)
def test_a_log_somebody_touched_is_found_out(folder: Path, tmp_path: Path, damage: str, word: str) -> None:
    copy(folder, tmp_path, damage)
    (tmp_path / "audit.head").write_bytes((folder / "audit.head").read_bytes())
    proof = run("cloud", "audit", "verify", "--state", str(tmp_path))
    assert proof.returncode == 1
    assert word in proof.stderr


def test_a_head_file_somebody_wrote_is_not_believed(folder: Path, tmp_path: Path) -> None:
    copy(folder, tmp_path)
    forged = json.loads((folder / "audit.head").read_text()) | {"size": 0, "head": "00" * 32}
    (tmp_path / "audit.head").write_text(json.dumps(forged))
    proof = run("cloud", "audit", "verify", "--state", str(tmp_path))
    assert (proof.returncode, "not signed by this cloud" in proof.stderr) == (1, True)


def test_an_unknown_key_in_the_settings_is_named(tmp_path: Path) -> None:
    config = tmp_path / "cloud.toml"
    config.write_text("[console]\nprot = 1\n")
    done = run("cloud", "serve", "--config", str(config))
    assert done.returncode == 2
    assert "cloud.toml" in done.stderr
    assert "prot" in done.stderr


def test_a_short_password_makes_no_account(tmp_path: Path) -> None:
    done = run("cloud", "user", "add", "bob", "--role", "viewer", "--state", str(tmp_path), text="short\n")
    assert done.returncode == 2
    assert run("cloud", "user", "list", "--state", str(tmp_path)).stdout == ""
