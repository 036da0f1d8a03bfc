"""The rows of speed, memory and size: starts `scripts.evaluation.speed` and reads what it saw."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from scripts.evaluation.intervals import Estimate, middle
from scripts.evaluation.rows import Bar, Row, Unit
from scripts.evaluation.speed import Offer, Request, Speed
from scripts.training.records import Example

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
LIMIT_S = 300


def requests(examples: Sequence[Example]) -> tuple[Request, ...]:
    """Requests with their tools in an order of its own each, so that hardly anything read before helps."""
    rng = random.Random(5)
    found = []
    for example in examples:
        offers = []
        for spec in rng.sample(example.specs, len(example.specs)):
            function = spec.openai()["function"]
            parameters = function.get("parameters") if isinstance(function, dict) else {}
            offers.append(Offer(spec.name, json.dumps(parameters)))
        found.append(Request(example.text, tuple(offers)))
    return tuple(found)


def measured(path: Path, asked: Sequence[Request], root: Path) -> Speed:
    """Runs the child. Raises subprocess.CalledProcessError with its words when it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "scripts.evaluation.speed", str(path)],
        input=msgspec.json.encode(tuple(asked)),
        capture_output=True,
        check=True,
        cwd=root,
        env={**os.environ, **ONE_THREAD},
        timeout=LIMIT_S,
    )
    return msgspec.json.decode(done.stdout, type=Speed)


def once(value: float) -> Estimate:
    """A figure measured once: no interval."""
    return Estimate(value, value, value, 1)


def rows(model: str, path: Path, seen: Speed, *, device: bool) -> Iterator[Row]:
    """Speed, memory, size. Without `device`, the bars are those of the cloud's model: size alone."""
    yield Row(
        model,
        "one thread: writes, rules included",
        middle(seen.write),
        Unit.RATE,
        Bar(400) if device else None,
        "CPU time, median of requests",
    )
    longest = (
        f"prompts of {min(seen.prompt_tokens, default=0)} to {max(seen.prompt_tokens, default=0)} tokens"
    )
    yield Row(model, "reads", middle(seen.read), Unit.RATE, note=longest, detail=True)
    yield Row(
        model,
        "peak resident memory of a process with it",
        once(seen.peak_mb),
        Unit.MB,
        Bar(150, at_least=False) if device else None,
        f"{seen.before_mb:.0f} MB before loading",
    )
    yield Row(model, "loads in", once(seen.load_s), Unit.SECONDS, detail=True)
    most = Bar(12 if device else 32, at_least=False)
    yield Row(model, "file", once(path.stat().st_size / 1e6), Unit.MB, most, detail=True)
