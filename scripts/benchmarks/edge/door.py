"""What the door and the turn cost: time to the first token above the engine and the name model's pass, and the daemon's start."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from scripts.benchmarks.edge import models
from scripts.benchmarks.edge.asked import Asker
from scripts.benchmarks.edge.bench import Bench
from scripts.benchmarks.edge.servers import MODELS, Engine, Http, daemon, engine
from scripts.benchmarks.privacy.report import Line, judged, shown
from scripts.evaluation.intervals import Estimate, bootstrap, middle
from tidegate.assets import model_dir
from tidegate.demo.world import World

ADDED_BAR_MS, START_BAR_S = 5.0, 1.5
_WORDS, _TOKENS = 24, 32
_LOCAL = {"x-tidegate-local-only": "true"}  # it is redacted all the same, and never waits for a cloud


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds, one entry per request, in the same order of requests."""

    first: list[float] = field(default_factory=list)  # through the door, until the first text of a stream
    whole: list[float] = field(default_factory=list)  # through the door, one token, the whole answer
    engine: list[float] = field(default_factory=list)  # the engine alone, one token
    scan: list[float] = field(default_factory=list)  # the name model's pass over the text

    def added(self, column: Sequence[float]) -> Estimate:
        """The median of a column less the medians of the engine and of the pass; requests are resampled together."""
        table = np.array([column, self.engine, self.scan])

        def figure(rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> float:
            through, alone, scanned = np.median(table[:, rows], axis=1)
            return float(through - alone - scanned)

        return bootstrap(table.shape[1], figure)


def first_token(bench: Bench) -> Iterator[Line]:
    """A device that redacts (it has a cloud it could ask), distinct requests, no two at once."""
    times = Times()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tidegate-bench-")))
        model = models.embedded_plain(MODELS)
        world = World(folder, with_fleet=False, edge_toml=f'[model]\npath = "{model}"\nthreads = 1\n')
        stack.callback(world.close)
        bench.said("first token: a device and its cloud start")
        world.prepare()
        door = Http("door", world.door.url.removesuffix("/v1"), world.door.key, headers=_LOCAL)
        own = stack.enter_context(engine(model, threads=1, slots=8, context=1024))
        asker = Asker(bench.seed + 3)
        for number in range(-3, bench.sizes.requests):
            if number % 20 == 0:
                bench.said(f"first token: request {number} of {bench.sizes.requests}")
            _once(times if number >= 0 else Times(), asker, door, own)
    yield _line("to the first text of a stream", times, times.first, f"answers of {_TOKENS} tokens")
    yield _line("to the end of an answer of one token", times, times.whole, "the journal's line included")


def _once(times: Times, asker: Asker, door: Http, own: Engine) -> None:
    """One request in all its ways. Each way gets a text of its own: nothing is there already."""
    times.first.append(door.ask(asker.chat(_WORDS, _TOKENS)).first_s * 1e3)
    times.whole.append(door.ask(asker.chat(_WORDS, 1)).seconds * 1e3)
    times.engine.append(own.ask(asker.chat(_WORDS, 1)).seconds * 1e3)
    times.scan.append(own.scan(model_dir("sentry"), [asker.text(_WORDS)])[0] * 1e3)


def _line(what: str, times: Times, column: Sequence[float], note: str) -> Line:
    one = times.added(column)
    met, verdict = judged(one, ADDED_BAR_MS, at_least=False)
    parts = (
        f"door {statistics.median(column):.1f}, engine alone {statistics.median(times.engine):.1f}, "
        f"name model's pass {statistics.median(times.scan):.1f} ms"
    )
    return Line(
        f"added by door and turn beyond the sentry's pass, p50, {what}",
        f"{ADDED_BAR_MS:g} ms",
        f"{shown(one, 1)} ms",
        met,
        verdict,
        {},
        f"{len(column)} requests of {_WORDS} words; {note}; {parts}",
    )


def start(bench: Bench) -> Iterator[Line]:
    """From the command to the ready line, with the embedded model loaded. Files are in the page cache after the first, and the
    code is compiled, as an installation has it, whatever this environment says about that."""
    compiled = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(MODELS / "compiled")}
    took, worked = [], []
    for number in range(-1, bench.sizes.starts):
        bench.said(f"start: {max(number, 0)} of {bench.sizes.starts}")
        with tempfile.TemporaryDirectory(prefix="tidegate-bench-") as folder:
            began = time.perf_counter()
            with daemon(Path(folder), "[door]\nport = 0\n", environ=compiled) as running:
                seconds, processor = time.perf_counter() - began, running.processor_s()
                running.door.ask(Asker(bench.seed).command())  # it said that it is ready: then it answers
            if number >= 0:
                took.append(seconds)
                worked.append(processor)
    one = middle(took)
    met, verdict = judged(one, START_BAR_S, at_least=False)
    spread = f" (min {min(took):.2f}, max {max(took):.2f})"
    over = (
        f"{len(took)} starts in fresh folders, code compiled as installed, each of which then answered; "
        f"{statistics.median(worked):.2f} s of processor time"
    )
    yield Line(
        "start to ready, model loaded",
        f"{START_BAR_S:g} s",
        f"{shown(one, 2)} s{spread}",
        met,
        verdict,
        {},
        over,
    )
