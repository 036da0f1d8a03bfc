"""The peers: an environment of their own, and one child process each, spoken to in lines of JSON."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import subprocess
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from scripts.benchmarks.privacy.values import Mark
from tidegate.chat import JSON
from tidegate.errors import Broken

ROOT = Path(__file__).resolve().parents[3]
HOME = ROOT / "build" / "peers"
LOCK = ROOT / "requirements" / "peers.txt"
CHILD = Path(__file__).with_name("peer_child.py")
NAMES = ("presidio", "datafog", "scrubadub")
_STAMP = "tidegate-lock"
_BATCH = 200
_PATIENCE_S = 600.0


@dataclass(frozen=True, slots=True)
class Timing:
    """One pass over a corpus."""

    cpu_s: float
    wall_s: float


def install(home: Path = HOME, lock: Path = LOCK) -> None:
    """Make an environment from its lock, hashes checked; when it is as the lock says, do nothing. build/peers: about 1 GB."""
    stamp, wanted = home / _STAMP, lock.read_text("utf-8")
    if stamp.is_file() and stamp.read_text("utf-8") == wanted:
        return
    if home.exists():
        shutil.rmtree(home)
    venv.create(home, with_pip=True)
    command = [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*command, "--require-hashes", "-r", str(lock)], check=True)
    stamp.write_text(wanted, "utf-8")


def installed(home: Path = HOME) -> bool:
    return (home / _STAMP).is_file()


def _readable(descriptor: int, patience_s: float) -> bool:
    """Whether something came within the time. By `poll`: `select` refuses descriptors beyond 1,023."""
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN)
    return bool(waiting.poll(patience_s * 1000))


class Peer:
    """A child process that answers one line of JSON for each line of JSON. Use as a context manager."""

    def __init__(
        self, command: Sequence[str], *, name: str = "peer", patience_s: float = _PATIENCE_S
    ) -> None:
        self.name = name
        self._patience_s = patience_s
        self._rest = b""
        environ = {**os.environ, "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        environ.pop("PYTHONPATH", None)
        self._child = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environ,
        )

    @classmethod
    def start(cls, name: str, home: Path = HOME) -> Peer:
        """The peer of that name in the peers' environment. Raises Broken when that is missing."""
        if not installed(home):
            raise Broken(
                "the peers are not installed, so nothing was compared",
                code="no_peers",
                hint="run: scripts/bench privacy --peers",
            )
        return cls([str(home / "bin" / "python"), str(CHILD), name], name=name)

    def __enter__(self) -> Peer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def ask(self, op: str, **fields: JSON) -> JSON:
        """What the child answers. Raises Broken when it refuses, dies, says no JSON, or is silent for too long."""
        assert self._child.stdin is not None
        try:
            self._child.stdin.write(json.dumps({"op": op, **fields}).encode() + b"\n")
            self._child.stdin.flush()
        except OSError as error:
            raise self._broken("has ended") from error
        try:
            reply = json.loads(self._line())
        except ValueError as error:
            raise self._broken("said something that is no JSON") from error
        if not isinstance(reply, dict) or "ok" not in reply:
            why = reply.get("error") if isinstance(reply, dict) else None
            raise self._broken(f"refused {op}: {why}")
        answer: JSON = reply["ok"]
        return answer

    def version(self) -> str:
        return str(self.ask("version"))

    def find(self, texts: Sequence[str]) -> list[tuple[Mark, ...]]:
        """What it finds in each text; a text it fails on counts as one in which it found nothing."""
        found: list[tuple[Mark, ...]] = []
        for at in range(0, len(texts), _BATCH):
            answer = self.ask("find", texts=list(texts[at : at + _BATCH]))
            assert isinstance(answer, list)
            found += [_marks(one) for one in answer]
        return found

    def timed(self, texts: Sequence[str]) -> Timing:
        answer = self.ask("time", texts=list(texts))
        assert isinstance(answer, dict)
        return Timing(_number(answer["cpu_s"]), _number(answer["wall_s"]))

    def close(self) -> None:
        if self._child.stdin is not None:
            with contextlib.suppress(OSError):  # it may be gone already
                self._child.stdin.close()
        try:
            self._child.wait(10)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        if self._child.stdout is not None:
            self._child.stdout.close()

    def _line(self) -> bytes:
        assert self._child.stdout is not None
        descriptor = self._child.stdout.fileno()
        pieces = [self._rest]
        while b"\n" not in pieces[-1]:
            if not _readable(descriptor, self._patience_s):
                raise self._broken(f"said nothing for {self._patience_s:.0f} s")
            piece = os.read(descriptor, 1 << 20)
            if not piece:
                raise self._broken("has ended")
            pieces.append(piece)
        line, _, self._rest = b"".join(pieces).partition(b"\n")
        return line

    def _broken(self, what: str) -> Broken:
        return Broken(
            f"{self.name} {what}; its figures are missing",
            code="peer_failed",
            hint="run: scripts/bench privacy --peers",
        )


def _number(value: JSON) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"not a number: {type(value).__name__}")
    return float(value)


def _marks(answer: JSON) -> tuple[Mark, ...]:
    if not isinstance(answer, list):  # it failed on this text
        return ()
    return tuple(_mark(one) for one in answer)


def _mark(one: JSON) -> Mark:
    assert isinstance(one, list)
    start, end, label, score = one
    return Mark(int(_number(start)), int(_number(end)), str(label), _number(score))
