"""Many clients that do nothing, and many that read slowly: what they cost in memory, and what others feel of them."""

from __future__ import annotations

import json
import re
import resource
import socket
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from scripts.benchmarks.edge import models
from scripts.benchmarks.edge.asked import MODEL, Asker
from scripts.benchmarks.edge.bench import Bench
from scripts.benchmarks.edge.servers import MODELS, Body, Daemon, Http, daemon
from scripts.benchmarks.privacy.report import Line
from tidegate.errors import Broken

BAR_MB = 100.0
UNAFFECTED = 1.25  # times the time that a request takes without the crowd, p50
_PROBES = 15
_IDLE_TOKENS = 64
_WAVE = 32  # streams that are begun together; more would be refused
_BUFFER = 2048  # bytes of a slow reader's receive buffer: the daemon must hold what it does not read
_SETTINGS = "[door]\nport = 0\nread_timeout_s = 300.0\nwrite_timeout_s = 300.0\nmax_waiting = 2000\nmax_per_application = 2000\ndeadline_s = 600.0\n"


@dataclass(frozen=True, slots=True)
class Felt:
    """What a crowd costs: seconds of another request without and beside it (p50), and MB that the daemon holds more."""

    alone: float
    beside: float
    more_mb: float


@dataclass(frozen=True, slots=True)
class _Scene:
    """A daemon that has worked, what it takes without a crowd, and the connections of the crowd to come."""

    running: Daemon
    asker: Asker
    resident_mb: float
    alone: float  # seconds of an ordinary request, p50
    opened: list[socket.socket]

    def felt(self) -> Felt:
        """What another request takes now, and what the daemon holds more."""
        beside = _probe(self.running.door, self.asker)
        return Felt(self.alone, beside, self.running.resident_mb() - self.resident_mb)


@contextmanager
def _scene(seed: int) -> Iterator[_Scene]:
    with ExitStack() as stack:
        running, asker = _daemon(stack), Asker(seed)
        scene = _Scene(running, asker, _worked_mb(running), _probe(running.door, asker), [])
        stack.callback(_close, scene.opened)
        yield scene


def idle(bench: Bench) -> Iterator[Line]:
    """Streams that have begun and whose clients read no further: each is at work for the daemon until its last byte is taken."""
    count = _allowed(bench.sizes.idle)
    with _scene(bench.seed + 5) as scene:
        opened, door = scene.opened, scene.running.door
        while len(opened) < count:
            bench.said(f"idle streams: {len(opened)} of {count} have begun")
            wave = min(_WAVE, count - len(opened))
            fresh = [
                _asked(door, _told(scene.asker), buffer=_BUFFER, path="/v1/responses") for _ in range(wave)
            ]
            opened += fresh
            for one in fresh:
                _begun(one)
        _written(scene.running)
        unfinished = _at_work(door)
        felt = scene.felt()
        whole = sum(_rest(one) for one in opened[:: max(1, count // 20)])
    note = (
        f"each told its first bytes and read no further: {unfinished} unfinished in the daemon's own count; answers of "
        f"{_IDLE_TOKENS} tokens; {whole} of them then read to their end, all whole"
    )
    yield _line(f"{count:,} open idle streams", felt, note, held=unfinished >= count)


def _told(asker: Asker) -> Body:
    """A response whose events repeat 8 KB of the application's own: more than a connection holds unread at both its ends."""
    return {
        "model": MODEL,
        "input": asker.text(4),
        "max_output_tokens": _IDLE_TOKENS,
        "temperature": 0,
        "store": False,
        "metadata": {f"note-{at}": "x" * 500 for at in range(16)},
    }


def _begun(one: socket.socket) -> None:
    """Raises Broken when a stream was refused."""
    head = one.recv(16)
    if b" 200" not in head:
        raise Broken("the daemon did not begin one of many streams", code="bench_server")


def _written(running: Daemon) -> None:
    """Returns when the daemon has nothing to do any more but to wait for its readers."""
    quiet = 0
    for _ in range(600):
        worked = running.processor_s()
        time.sleep(1.0)
        quiet = quiet + 1 if running.processor_s() - worked < 0.1 else 0
        if quiet == 3:
            return


def _at_work(door: Http) -> int:
    """How many requests the daemon counts as not finished."""
    with urlopen(Request(f"{door.url}/metrics", headers={"authorization": f"Bearer {door.key}"})) as page:  # noqa: S310
        found = re.search(rb"^tidegate_edge_in_flight (\S+)$", page.read(), re.MULTILINE)
    return int(float(found.group(1))) if found is not None else 0


def _rest(one: socket.socket) -> bool:
    """Reads a stream to its end. Raises Broken when that is not there."""
    seen = b""
    while not seen.endswith(b"0\r\n\r\n"):
        piece = one.recv(65536)
        if not piece:
            raise Broken("an idle stream ended before its answer did", code="bench_server")
        seen += piece
    return b"event: response.completed" in seen or b"event: response.incomplete" in seen


def slow(bench: Bench) -> Iterator[Line]:
    """Clients that ask for a long stream and then read a few bytes now and then."""
    count = _allowed(bench.sizes.slow)
    with _scene(bench.seed + 6) as scene:
        for number in range(count):
            if number % 50 == 0:
                bench.said(f"slow readers: {number} of {count} asking")
            scene.opened.append(_asked(scene.running.door, _long(scene.asker), buffer=_BUFFER))
        refused = _trickled(bench, scene.opened)
        felt = scene.felt()
    note = f"streams of {_LONG_TOKENS} tokens with logprobs, receive buffers of {_BUFFER} bytes; {refused} were refused (429)"
    yield _line(f"{count:,} slow readers", felt, note)


_LONG_TOKENS = 64


def _long(asker: Asker) -> Body:
    return {**asker.chat(8, _LONG_TOKENS), "logprobs": True, "top_logprobs": 20}


def _daemon(stack: ExitStack) -> Daemon:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tidegate-bench-")))
    model = models.embedded_plain(MODELS)
    return stack.enter_context(daemon(folder, f'{_SETTINGS}[model]\npath = "{model}"\nthreads = 1\n'))


def _worked_mb(running: Daemon) -> float:
    """Resident MB after the first answers: what every daemon holds once it has worked."""
    asker = Asker(1)
    for _ in range(10):
        running.door.ask(asker.chat(8, 8))
    return running.resident_mb()


def _probe(door: Http, asker: Asker) -> float:
    """Seconds of an ordinary request, p50."""
    return statistics.median(door.ask(asker.chat(8, 8)).seconds for _ in range(_PROBES))


def _asked(door: Http, body: Body, *, buffer: int = 0, path: str = "/v1/chat/completions") -> socket.socket:
    """A connection on which a stream was asked for and nothing has been read."""
    at = urlsplit(door.url)
    made = socket.socket()
    if buffer:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    made.settimeout(120.0)
    made.connect((str(at.hostname), int(at.port or 0)))
    content = json.dumps({**body, "stream": True}).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nhost: {at.netloc}\r\nauthorization: Bearer {door.key}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(content)}\r\n\r\n"
    )
    made.sendall(head.encode() + content)
    return made


def _trickled(bench: Bench, opened: list[socket.socket]) -> int:
    """Reads 16 bytes of each, round after round, until all have begun; how many were refused."""
    heads = [b""] * len(opened)
    for number in range(20):
        bench.said(f"slow readers: pass {number + 1}, {sum(map(bool, heads))} of {len(opened)} have begun")
        for at, one in enumerate(opened):
            one.settimeout(0.02 if heads[at] or number else 5.0)
            try:
                heads[at] += one.recv(16)
            except TimeoutError:
                continue
        if all(heads):
            break
        time.sleep(0.2)
    return sum(b" 429" in head[:16] for head in heads)


def _allowed(wanted: int) -> int:
    """As many connections as this process may open, and not more than wanted."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted + 100 <= hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted + 100, hard))
        soft = wanted + 100
    return min(wanted, soft - 100)


def _close(opened: list[socket.socket]) -> None:
    for one in opened:
        one.close()


def _line(what: str, felt: Felt, note: str, *, held: bool = True) -> Line:
    good = felt.more_mb < BAR_MB and felt.beside < felt.alone * UNAFFECTED and held
    return Line(
        what,
        f"under {BAR_MB:g} MB more; others unaffected",
        f"{felt.more_mb:+.1f} MB; another request {felt.beside * 1e3:.1f} ms, without them {felt.alone * 1e3:.1f} ms",
        good,
        "met" if good else "missed",
        {},
        f"{note}; p50 of {_PROBES}, unaffected: below {UNAFFECTED:g} times",
    )
