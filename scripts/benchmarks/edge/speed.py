"""Tokens per second beside llama.cpp's own server, in rounds that alternate, and what a prefix that is known is worth."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from scripts.benchmarks.edge import models
from scripts.benchmarks.edge.asked import Asker
from scripts.benchmarks.edge.bench import Bench
from scripts.benchmarks.edge.servers import MODELS, Server, Took, daemon, engine, llama_server
from scripts.benchmarks.privacy.report import Line, judged, shown
from scripts.evaluation.intervals import middle

CONTEXT, SLOTS = 2048, 8
_SHORT = 8  # words of a question
_LONG = 440  # of a prompt whose reading is timed: about 900 tokens, and a door holds 1,024


@dataclass(frozen=True, slots=True)
class Subject:
    """A model, what it is called in the table, and the share of llama.cpp's speed that is asked for."""

    title: str
    path: Path
    bar: float


def subjects() -> tuple[Subject, Subject]:
    return (
        Subject("embedded model", models.embedded_plain(MODELS), 0.9),
        Subject("drawn 150M Q8_0", models.drawn(MODELS), 0.97),
    )


@dataclass(frozen=True, slots=True)
class Figure:
    """Something that is timed: how it is asked, and what an answer is worth in tokens."""

    name: str
    rate: Callable[[Server, Asker], float]


def decode(tokens: int) -> Figure:
    """Tokens written per second of a whole request, which begins with a question of a few words."""

    def rate(server: Server, asker: Asker) -> float:
        return _per_second(server.ask(asker.chat(_SHORT, tokens)), "completion_tokens")

    return Figure("decode, one stream", rate)


def prefill() -> Figure:
    """Tokens read per second: a long prompt, one token of an answer."""

    def rate(server: Server, asker: Asker) -> float:
        return _per_second(server.ask(asker.chat(_LONG, 1)), "prompt_tokens")

    return Figure("prefill, one stream", rate)


def parallel(tokens: int) -> Figure:
    """Tokens written per second of eight requests that began together, until the last of them is done."""

    def rate(server: Server, asker: Asker) -> float:
        seconds, took = server.together([asker.chat(_SHORT, tokens) for _ in range(SLOTS)])
        return sum(one.completion_tokens for one in took) / seconds

    return Figure("eight streams, in all", rate)


def _per_second(took: Took, what: str) -> float:
    return float(getattr(took, what)) / took.seconds


def measure(bench: Bench) -> Iterator[Line]:
    """Every figure of every model: the engine through its port, and the daemon through its door, each beside the server."""
    for subject in subjects():
        tokens = bench.sizes.tokens if subject.bar < 0.95 else bench.sizes.tokens // 2
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tidegate-bench-")))
            server = stack.enter_context(
                llama_server(subject.path, threads=bench.threads, slots=SLOTS, context=CONTEXT)
            )
            own = stack.enter_context(
                engine(subject.path, threads=bench.threads, slots=SLOTS, context=CONTEXT)
            )
            door = stack.enter_context(daemon(folder, _settings(subject.path, bench.threads))).door
            for figure in (decode(tokens), prefill(), parallel(tokens)):
                bar = min(subject.bar, 0.9) if figure.name.startswith("eight") else subject.bar
                yield from _compared(bench, subject, figure, bar, server, {"engine": own, "door": door})


def _settings(model: Path, threads: int) -> str:
    return f'[door]\nport = 0\nread_timeout_s = 120.0\n[model]\npath = "{model}"\nthreads = {threads}\n'


def _compared(
    bench: Bench, subject: Subject, figure: Figure, bar: float, server: Server, ours: dict[str, Server]
) -> Iterator[Line]:
    """Rounds in which each is asked once, in an order that turns; the ratio is taken round by round."""
    rates: dict[str, list[float]] = {"server": [], **{name: [] for name in ours}}
    everyone: dict[str, Server] = {"server": server, **ours}
    names = list(everyone)
    for number in range(bench.sizes.rounds + 1):
        bench.said(f"{subject.title}: {figure.name}, round {number} of {bench.sizes.rounds}")
        for name in names[number % len(names) :] + names[: number % len(names)]:
            # the same questions for everyone; the first round warms up and is not counted
            rate = figure.rate(everyone[name], Asker(bench.seed + number))
            if number:
                rates[name].append(rate)
    for name in ours:
        ratios = [a / b for a, b in zip(rates[name], rates["server"], strict=True)]
        one = middle(ratios)
        met, verdict = judged(one, bar)
        over = f"{bench.threads} thread{'s'[: bench.threads > 1]}, {len(ratios)} rounds; {_rate(rates[name])} tokens/s"
        yield Line(
            f"{subject.title}: {figure.name}, {name} / llama.cpp's server",
            f"{bar:g}",
            f"{shown(one, 2)} (min {min(ratios):.2f}, max {max(ratios):.2f})",
            met,
            verdict,
            {server.name: f"{_rate(rates['server'])} tokens/s"},
            over,
        )


def _rate(rates: Sequence[float]) -> str:
    return f"{statistics.median(rates):,.0f}"


def prefix(bench: Bench) -> Iterator[Line]:
    """Time to the first token of a prompt with 1,000 tokens before the question: never seen, and seen before."""
    for subject in subjects():
        asker = Asker(bench.seed + 17)
        with engine(subject.path, threads=bench.threads, slots=SLOTS, context=CONTEXT) as own:
            words = _words_of(own, asker, 1000)
            known = asker.text(words)
            own.ask(asker.chat(_SHORT, 1, system=known))
            cold, warm, tokens = [], [], 0
            for number in range(bench.sizes.rounds):
                bench.said(
                    f"{subject.title}: a prefix of 1,000 tokens, round {number + 1} of {bench.sizes.rounds}"
                )
                fresh = own.ask(asker.chat(_SHORT, 1, system=asker.text(words)))
                cold.append(fresh.seconds)
                warm.append(own.ask(asker.chat(_SHORT, 1, system=known)).seconds)
                tokens = fresh.prompt_tokens
        ratios = [a / b for a, b in zip(cold, warm, strict=True)]
        one = middle(ratios)
        met, verdict = judged(one, 5.0)
        yield Line(
            f"{subject.title}: first token after a repeated prefix, times faster than a new one",
            "5",
            f"{shown(one, 1)} ({statistics.median(cold) * 1e3:.1f} ms, {statistics.median(warm) * 1e3:.1f} ms)",
            met,
            verdict,
            {},
            f"prompts of {tokens} tokens, another conversation between any two, {len(ratios)} rounds",
        )


def _words_of(own: Server, asker: Asker, tokens: int) -> int:
    """How many words make so many tokens with this model's vocabulary."""
    probe = own.ask(asker.chat(_SHORT, 1, system=asker.text(300)))
    return max(1, round(300 * tokens / probe.prompt_tokens))
