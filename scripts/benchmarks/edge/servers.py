"""Who is timed: the engine through its port, the daemon through its door, llama.cpp's own server. Each in its own process.

All three take the same chat bodies and say how long an answer took and how many tokens it had.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from scripts.benchmarks.privacy.peers import ROOT, Peer, installed
from tidegate.chat import JSON
from tidegate.demo import process
from tidegate.errors import Broken

HOME = ROOT / "build" / "servers"
LOCK = ROOT / "requirements" / "servers.txt"
MODELS = ROOT / "build" / "bench-edge"
PATIENCE_S = 300.0
Body = dict[str, JSON]


@dataclass(frozen=True, slots=True)
class Took:
    """One answer, as its caller saw it. `first_s`: until the first text, where the answer was streamed."""

    seconds: float
    prompt_tokens: int
    completion_tokens: int
    first_s: float = 0.0
    source: str = "device"


class Server(Protocol):
    """Answers chat bodies. `together` gives them to it at once and returns the seconds until the last was done."""

    name: str

    def ask(self, body: Body) -> Took: ...

    def together(self, bodies: Sequence[Body]) -> tuple[float, list[Took]]: ...


@dataclass
class Engine:
    """`tidegate.engines.llama.LlamaEngine` in a child."""

    peer: Peer
    name: str = "engine"

    def ask(self, body: Body) -> Took:
        return self._run([body], together=False)[1][0]

    def together(self, bodies: Sequence[Body]) -> tuple[float, list[Took]]:
        return self._run(bodies, together=True)

    def scan(self, folder: Path, texts: Sequence[str]) -> list[float]:
        """Seconds of the name model's pass over each text."""
        took = self.peer.ask("scan", encoder=str(folder), texts=list(texts))
        assert isinstance(took, list)
        return [_number(one) for one in took]

    def _run(self, bodies: Sequence[Body], *, together: bool) -> tuple[float, list[Took]]:
        found = self.peer.ask("run", bodies=list(bodies), together=together)
        assert isinstance(found, dict)
        answers = found["answers"]
        assert isinstance(answers, list)
        return _number(found["seconds"]), [_took(one) for one in answers]


@dataclass
class Http:
    """A server that speaks OpenAI's chat completions, asked for streams. `extra` joins every body."""

    name: str
    url: str
    key: str = field(default="", repr=False)
    extra: Body = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    stream: bool = True

    def ask(self, body: Body) -> Took:
        connection = self._connection()
        try:
            return self._asked(connection, body)
        finally:
            connection.close()

    def together(self, bodies: Sequence[Body]) -> tuple[float, list[Took]]:
        with ThreadPoolExecutor(len(bodies)) as pool:
            began = time.perf_counter()
            found = list(pool.map(self.ask, bodies))
            return time.perf_counter() - began, found

    def _connection(self) -> HTTPConnection:
        at = urlsplit(self.url)
        assert at.hostname is not None
        return HTTPConnection(at.hostname, at.port, timeout=PATIENCE_S)

    def _asked(self, connection: HTTPConnection, body: Body) -> Took:
        whole: Body = {**body, **self.extra, "stream": self.stream}
        if self.stream:
            whole["stream_options"] = {"include_usage": True}
        sent = json.dumps(whole)
        headers = {
            "content-type": "application/json",
            "authorization": f"Bearer {self.key}",
            **self.headers,
        }
        began = time.perf_counter()
        connection.request("POST", "/v1/chat/completions", sent, headers)
        reply = connection.getresponse()
        if reply.status != 200:
            raise Broken(
                f"{self.name} answered {reply.status}: {reply.read(300).decode(errors='replace')}",
                code="bench_server",
            )
        source = reply.getheader("x-tidegate-source", "device")
        if not self.stream:
            found = json.loads(reply.read())
            return _used(found["usage"], time.perf_counter() - began, 0.0, source)
        first, usage = 0.0, {}
        for line in reply:
            if not first and _says(line):
                first = time.perf_counter() - began
            if b'"usage":{' in line:
                usage = json.loads(line.removeprefix(b"data: "))["usage"]
        return _used(usage, time.perf_counter() - began, first, source)


def _says(line: bytes) -> bool:
    """Whether a line of a stream brings the first of an answer: text or a call, not the empty opening."""
    return (b'"content":"' in line and b'"content":""' not in line) or b'"tool_calls":[' in line


def _used(usage: dict[str, int], seconds: float, first: float, source: str) -> Took:
    return Took(seconds, usage.get("prompt_tokens", 0), usage.get("completion_tokens", 0), first, source)


@contextmanager
def engine(model: Path, *, threads: int, slots: int, context: int = 2048) -> Iterator[Engine]:
    """The engine on `model`, in a child of its own."""
    with Peer(
        [sys.executable, "-m", "scripts.benchmarks.edge.engine_child"], name="engine", patience_s=PATIENCE_S
    ) as peer:
        peer.ask("load", path=str(model), threads=threads, slots=slots, context=context)
        yield Engine(peer)


@contextmanager
def llama_server(
    model: Path, *, threads: int, slots: int, context: int = 2048, home: Path = HOME
) -> Iterator[Http]:
    """llama.cpp's own server on `model`. Raises Broken when its environment is missing or it does not start."""
    if not installed(home):
        raise Broken(
            "llama.cpp's server is not installed, so nothing was compared",
            code="no_peers",
            hint="run: scripts/bench edge --peers",
        )
    child = Path(__file__).with_name("llama_child.py")
    words = [home / "bin" / "python", child, model, threads, slots, context]
    running = subprocess.Popen(
        [str(word) for word in words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
    )
    try:
        assert running.stdout is not None
        line = running.stdout.readline()
        if not line:
            raise Broken("llama.cpp's server did not start", code="bench_server")
        said = json.loads(line)
        # without this the two would stop at different tokens, and nothing could be compared
        yield Http(f"llama.cpp's server ({said['version']})", said["url"], extra={"ignore_eos": True})
    finally:
        _ended(running)


def _ended(child: subprocess.Popen[bytes]) -> None:
    if child.stdin is not None:
        child.stdin.close()
    child.terminate()
    try:
        child.wait(10)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    if child.stdout is not None:
        child.stdout.close()


@dataclass
class Daemon:
    """A real daemon and its door."""

    running: process.Process
    door: Http

    def processor_s(self) -> float:
        """User and system time so far (proc(5): fields 14 and 15, in clock ticks)."""
        fields = Path(f"/proc/{self.running.child.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_mb(self) -> float:
        """VmRSS is in units of 1,024 bytes."""
        status = Path(f"/proc/{self.running.child.pid}/status").read_text("ascii")
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) * 1024 / 1e6


@contextmanager
def daemon(
    folder: Path, settings: str, *, stream: bool = True, environ: Mapping[str, str] | None = None
) -> Iterator[Daemon]:
    """`tidegate edge run --local-only` with these settings (TOML) in a fresh state folder."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "edge.toml"
    file.write_text(f'state = "{folder / "state"}"\nmode = "local-only"\n{settings}', "utf-8")
    command = process.tidegate_command("edge", "run", "--config", str(file))
    running = process.start("edge", command, logs=folder / "logs", environ=environ)
    try:
        door = Http("door", running.url().removesuffix("/v1"), str(running.ready["api_key"]), stream=stream)
        yield Daemon(running, door)
    finally:
        running.stop()


def _took(one: JSON) -> Took:
    assert isinstance(one, dict)
    return Took(
        _number(one["seconds"]),
        int(_number(one["prompt_tokens"])),
        int(_number(one["completion_tokens"])),
    )


def _number(value: JSON) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"not a number: {type(value).__name__}")
    return float(value)
