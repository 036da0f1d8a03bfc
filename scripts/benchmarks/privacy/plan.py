"""Which measures there are, what each needs, and the order they run in. Progress is said line by line."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from scripts.benchmarks.privacy import (
    cases,
    clean,
    forms,
    ids,
    leaks,
    memory,
    quality,
    recorded,
    scorer,
    speed,
    synthetic,
    untouched,
)
from scripts.benchmarks.privacy.finders import OURS, Finder, ours, remote, sentries
from scripts.benchmarks.privacy.parts import Errors, Part
from scripts.benchmarks.privacy.peers import NAMES, ROOT, Peer
from scripts.benchmarks.privacy.report import Detail, Line, Report, machine
from scripts.benchmarks.privacy.synthetic import FULL, QUICK, Sizes
from scripts.benchmarks.privacy.values import Row
from tidegate.chat import JSON
from tidegate.errors import Broken

SEED = 4


@dataclass(frozen=True, slots=True)
class Bench:
    """What was asked for. `errors` fills while measuring."""

    quick: bool = False
    only: tuple[str, ...] = ()
    sentry: Path | None = None
    their_file: Path | None = None
    said: Callable[[str], None] = print
    errors: Errors = field(default_factory=Errors)

    @property
    def sizes(self) -> Sizes:
        return QUICK if self.quick else FULL

    def errors_text(self) -> str:
        """Misses and false finds, by measure and group."""
        lines = [
            f"{measure} | {group} | {what} | {text!r}" for measure, group, what, text in self.errors.entries
        ]
        return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class Room:
    """Everything a measure may use."""

    bench: Bench
    finders: tuple[Finder, ...]
    peers: tuple[Peer, ...]
    scorer: Peer
    made: synthetic.Values
    shared: Path | None

    @property
    def sizes(self) -> Sizes:
        return self.bench.sizes

    @property
    def own(self) -> list[Row]:
        return synthetic.sentences(self.made, SEED, self.sizes.sentences)

    def speech(self) -> list[Row]:
        """What people write: sentences with and without private parts, for timing."""
        return [*self.own[:200], *clean.rows(SEED, 20)]


def _their_set(room: Room) -> Iterator[Part]:
    rows = scorer.their_rows(room.scorer, SEED, room.sizes.theirs)
    over = f"their generator and templates, seed {SEED}, {len(rows)} sentences; not the published file"
    yield scorer.measure(
        room.scorer, room.finders, rows, "presidio-research's scorer, their generator", over, room.bench.said
    )[0]
    if room.bench.their_file is not None:
        rows = scorer.rows_of_file(room.bench.their_file)[: room.sizes.theirs if room.bench.quick else None]
        over = f"{room.bench.their_file.name}, {len(rows)} sentences"
        yield scorer.measure(
            room.scorer, room.finders, rows, "presidio-research's scorer, a given file", over, room.bench.said
        )[0]


def _own_set(room: Room) -> Iterator[Part]:
    over = f"own templates, values by Faker, {len(room.own)} sentences"
    name = "presidio-research's scorer, own set"
    part, found = scorer.measure(
        room.scorer, room.finders, room.own, f"{name}, development", over, room.bench.said
    )
    scorer.errors_of(room.own, found[OURS], room.bench.errors)
    yield part
    held = synthetic.held_sentences(room.made, SEED, room.sizes.sentences)
    over = f"own, other templates and seed, {len(held)} sentences"
    yield scorer.measure(room.scorer, room.finders, held, f"{name}, held out", over, room.bench.said)[0]


def _kinds(room: Room) -> Iterator[Part]:
    for name in ("cards", "phones"):
        rows = synthetic.of_kind(name, room.made, SEED, room.sizes.kind)
        over = f"own sentences, values by Faker, {len(rows)}"
        yield quality.of_type(room.finders, rows, name, 0.95, beta=2.0, over=over, errors=room.bench.errors)


def _checksums(room: Room) -> Iterator[Part]:
    yield quality.checksums(
        room.finders, list(ids.checksummed(room.made, SEED, room.sizes.ids)), room.bench.errors
    )


def _clean(room: Room) -> Iterator[Part]:
    development = list(clean.rows(SEED, room.sizes.clean))
    yield untouched.clean(room.finders, development, room.bench.errors, half=", development")
    yield untouched.clean(
        room.finders, list(clean.held_out(SEED + 1, room.sizes.clean)), None, half=", held out"
    )
    contexts = clean.encyclopedic(room.shared, 20 if room.bench.quick else 240)
    if contexts:
        over = (
            f"XQuAD English, {len(contexts)} paragraphs; names are real there, so only structured kinds count"
        )
        yield untouched.structured_only(room.finders, contexts, over)


def _mixed(room: Room) -> Iterator[Part]:
    own = cases.own()
    over = f"own, hand-written: {len(own)} rows"
    yield quality.mixed(room.finders, own, "mixed rows, own", over, room.bench.errors)
    theirs = cases.datafog(room.shared)
    if theirs:
        over = f"DataFog's cases, {len(theirs)} rows; open to whoever works on the detectors"
        yield quality.mixed(
            room.finders, theirs, "mixed rows, DataFog's cases", over, room.bench.errors, foreign=True
        )


def _names(room: Room) -> Iterator[Part]:
    rows = list(forms.rows(list(room.made["name"]), SEED, room.sizes.names))
    yield leaks.adversarial_names(room.finders, rows, room.bench.errors)


def _chat(room: Room) -> Iterator[Part]:
    yield leaks.chat(room.finders, cases.chat(SEED), room.bench.errors)


def _speed(room: Room) -> Iterator[Part]:
    quick = room.bench.quick
    rows = room.speech()
    corpus = speed.messages(rows, SEED, 20_000 if quick else 60_000)
    with speed.one_core(), ExitStack() as stack:
        # Started here, so that they too live on the one core.
        pinned = [stack.enter_context(Peer.start(name)) for name in NAMES]
        room.bench.said("speed: patterns in turn with the peers")
        yield speed.patterns(pinned, corpus, 3 if quick else 9)
        for name, folder in sentries().items():
            room.bench.said(f"speed: whole layer with {name}")
            yield speed.whole_layer(folder, name, rows, SEED, 40 if quick else 300)
        room.bench.said("speed: restore")
        yield speed.restore(3 if quick else 7, 1 if quick else 4)


def _memory(room: Room) -> Iterator[Part]:
    texts = speed.messages(room.speech(), SEED, 10_000)
    yield memory.measure(texts, 1 if room.bench.quick else 3)


def _recorded(_: Room) -> Iterator[Part]:
    yield recorded.measure(ROOT / "build" / "fuzz")


MEASURES: dict[str, Callable[[Room], Iterator[Part]]] = {
    "theirs": _their_set,
    "own": _own_set,
    "kinds": _kinds,
    "checksums": _checksums,
    "clean": _clean,
    "mixed": _mixed,
    "names": _names,
    "chat": _chat,
    "speed": _speed,
    "memory": _memory,
    "fuzz": _recorded,
}


def run(bench: Bench) -> Report:
    """Every measure asked for, in order. Raises Broken when a peer or the name model is missing or fails."""
    lines: list[Line] = []
    details: list[Detail] = []
    output: list[str] = []
    with ExitStack() as stack:
        facts = machine()
        peers = tuple(stack.enter_context(Peer.start(name)) for name in NAMES)
        with Peer.start("faker") as faker:
            made, faker_release = synthetic.values(faker, SEED), faker.version()
        judge = stack.enter_context(Peer.start("scorer"))
        finders: tuple[Finder, ...] = (*ours(bench.sentry), *(remote(peer) for peer in peers))
        versions: dict[str, JSON] = {finder.name: finder.version for finder in finders}
        versions |= {"presidio-evaluator": judge.version(), "faker": faker_release}
        room = Room(bench, finders, peers, judge, made, shared())
        for name in bench.only or tuple(MEASURES):
            bench.said(f"measuring {name}")
            for part in _kept(name, MEASURES[name](room)):
                lines += part.lines
                details += part.details
                output += [part.output] if part.output else []
    facts |= {
        "seed": SEED,
        "quick": bench.quick,
        "versions": ", ".join(f"{k} {v}" for k, v in versions.items()),
    }
    return Report(facts, lines, details, "\n\n".join(output))


def _kept(name: str, parts: Iterator[Part]) -> Iterator[Part]:
    """What a measure gave; where it broke, a line that says so, so that one broken part does not hide the others."""
    try:
        yield from parts
    except Broken as broken:
        yield Part((Line(name, "", "–", False, f"not measured: {broken.message}"),))


def shared() -> Path | None:
    """The folder of shared corpora, where there is one."""
    folder = Path(os.environ.get("TIDEGATE_SHARED") or ROOT.parent / "shared")
    return folder if folder.is_dir() else None
