"""500 human utterances that training never saw, through the door by the `openai` client: where each was answered, and how well.

    scripts/bench real_input [--count 500] [--json FILE]

The fold "test" of the sources of scripts/training/data.py: SNIPS (seven tools offered), other intent sets (their own tool
and five more), and requests that no offered tool serves. Right: exactly the expected calls, names and arguments compared
without case and spaces; for a request that no tool serves, any answer without a call. Real processes on loopback: broker,
cloud, one device.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from scripts.evaluation.intervals import wilson
from scripts.training.data import Corpus, Example, held_out, load
from tidegate.chat import JSON
from tidegate.demo.client import Heard
from tidegate.demo.world import World

MIXTURE = {"snips": 0.5, "slurp": 0.1, "hwu64": 0.1, "clinc150": 0.1, "clinc150-other": 0.1, "banking77": 0.1}


@dataclass(frozen=True, slots=True)
class Line:
    """One utterance, answered. Counts and flags only."""

    source: str
    where: str
    state: str
    why: str
    right: bool
    served: bool  # an offered tool serves it
    latency_ms: float


def chosen(corpus: Corpus, count: int) -> list[Example]:
    """A seeded mixture; sources that run short are made up for by SNIPS."""
    rng = random.Random("real input")
    found: list[Example] = []
    spare: list[Example] = []
    for source, share in MIXTURE.items():
        pool = list(held_out(source, "test", corpus))
        rng.shuffle(pool)
        found += pool[: round(count * share)]
        spare += pool[round(count * share) :]
    found += spare[: count - len(found)]
    rng.shuffle(found)
    return found[:count]


def is_right(example: Example, heard: Heard) -> bool:
    """Exactly the expected calls; without expected calls, an answer that calls nothing."""
    if example.expected_calls is None:
        return not heard.calls
    wanted = [
        (call.name, {key: _plain(value) for key, value in call.arguments}) for call in example.expected_calls
    ]
    return wanted == [
        (name, {key: _plain(value) for key, value in found.items()}) for name, found in heard.calls
    ]


def _plain(value: object) -> str:
    return "".join(str(value).casefold().split())


def ask_all(world: World, examples: Sequence[Example]) -> list[Line]:
    lines = []
    with Progress(transient=True) as progress:
        for example in progress.track(examples, description="asking"):
            tools = [json.loads(json.dumps(spec.openai())) for spec in example.specs]
            heard = world.door.ask(example.text, tools=tools)
            served = example.expected_calls is not None
            right = is_right(example, heard)
            lines.append(
                Line(example.source, heard.source, heard.state, heard.why, right, served, heard.latency_ms)
            )
    return lines


def summary(lines: Sequence[Line], ledger: Iterable[dict[str, JSON]]) -> dict[str, JSON]:
    """The figures of the closing table."""
    sent = [one for one in ledger if one.get("kind") == "sent"]
    hidden: Counter[str] = Counter()
    for one in sent:
        entities = one.get("entities")
        hidden.update(
            {str(k): int(str(v)) for k, v in entities.items()} if isinstance(entities, dict) else {}
        )
    sizes = [int(str(one.get("bytes", 0))) for one in sent]
    groups: dict[str, JSON] = {}
    for name in ("device", "cloud", "nobody"):
        groups[name] = _group([line for line in lines if line.where == name])
    return {
        "utterances": len(lines),
        "answered_by": groups,
        "why": dict(Counter(line.why for line in lines)),
        "states": dict(Counter(line.state for line in lines)),
        "left": {
            "escalations": len(sent),
            "bytes": sum(sizes),
            "median_bytes": statistics.median(sizes or [0]),
            "hidden": dict(hidden),
        },
    }


def _group(lines: Sequence[Line]) -> dict[str, JSON]:
    right = sum(line.right for line in lines)
    share = wilson(right, len(lines))
    took = sorted(line.latency_ms for line in lines) or [0.0]
    return {
        "n": len(lines),
        "right": right,
        "share": round(right / len(lines), 3) if lines else None,
        "interval": [round(share.low, 3), round(share.high, 3)],
        "out_of_scope": sum(not line.served for line in lines),
        "p50_ms": round(took[len(took) // 2], 1),
        "p95_ms": round(took[min(len(took) - 1, int(len(took) * 0.95))], 1),
    }


def table(found: dict[str, JSON]) -> Table:
    shown = Table(
        "answered by",
        "n",
        "right",
        "share [95 %]",
        "no tool serves it",
        "p50 ms",
        "p95 ms",
        title="real input",
    )
    groups = found["answered_by"]
    for name, group in groups.items() if isinstance(groups, dict) else ():
        if isinstance(group, dict):
            interval = f"{group['share']} {group['interval']}"
            cells = (
                group["n"],
                group["right"],
                interval,
                group["out_of_scope"],
                group["p50_ms"],
                group["p95_ms"],
            )
            shown.add_row(name, *map(str, cells))
    return shown


def machine() -> dict[str, JSON]:
    return {
        "cpus": os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "load": list(os.getloadavg()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    examples = chosen(load(), given.count)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tidegate-bench-") as folder:
        world = World(Path(folder), with_fleet=False)
        try:
            world.prepare()
            lines = ask_all(world, examples)
            found = summary(lines, world.ledger(1000))
        finally:
            world.close()
    found |= {"seconds": round(time.monotonic() - began, 1), "machine": machine()}
    console = Console()
    console.print(table(found))
    console.print_json(json.dumps(found))
    if given.json is not None:
        given.json.write_text(json.dumps({**found, "lines": [asdict(line) for line in lines]}, indent=1))


if __name__ == "__main__":
    main()
