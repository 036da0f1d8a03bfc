"""What training and measuring draw from: real utterances by source and fold, tools, slot values, generated homes.

`scripts.training.groups` makes training examples of it; `held_out` gives what no training ever saw.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from scripts.training import homes, sources
from scripts.training.records import Call, Example, Fold, Param, ToolSpec, fold, half, is_held_out
from scripts.training.sources import Utterance

__all__ = ["Corpus", "Example", "fold", "held_out", "is_held_out", "load"]

# Words that tell what a tool is about: tools of two sets never meet when they could both be right.
TOPICS = {
    "weather": r"weather|rain|temperature|climate|thermostat",
    "music": r"music|song|playlist|play|media|volume|audio|podcast|radio|track|broadcast|radio",
    "food": r"restaurant|meal|food|cook|recipe|takeaway|table",
    "film": r"movie|event|screening|showtime|creative|title|search|find|look",
    "book": r"book|rate|rating|audiobook",
    "device": r"light|lamp|hass|iot|turn|switch|smart|cover|lock|vacuum|cleaning|coffee|wemo|hue|fan|toggle|open|close",
    "time": r"alarm|timer|time|date",
    "list": r"list|todo|shopping|item",
    "talk": r"email|text|call|message|send",
    "plan": r"calendar|remind|meeting",
    "travel": r"travel|flight|taxi|ticket|train|traffic|uber|transport|car|direction|gps|distance",
    "answer": r"qa|definition|factoid|maths|calculator|currency|exchange|stock|translate|convert",
    "chat": r"general|joke|greet|repeat|yes|no|maybe|cancel",
}


def topics(name: str) -> frozenset[str]:
    """What a tool or intent is about, by the words in its name."""
    return frozenset(topic for topic, words in TOPICS.items() if re.search(words, name.lower()))


@dataclass(frozen=True, slots=True)
class Corpus:
    """Everything read once: utterances by source and fold, tools, slot values for exchange, home lists."""

    train: dict[str, tuple[Utterance, ...]]
    held: dict[str, tuple[Utterance, ...]]
    tools: dict[str, dict[str, ToolSpec]]
    values: dict[tuple[str, str], tuple[str, ...]]
    lists: homes.Lists
    unseen: homes.Lists
    by_intent: dict[str, dict[str, tuple[Utterance, ...]]]
    titles: tuple[str, ...]


def load() -> Corpus:
    """Reads every source (about two seconds). Raises FileNotFoundError where the data sets are absent."""
    if not (sources.data_root() / "snips").is_dir():
        raise FileNotFoundError(f"no data sets under {sources.data_root()}; set TIDEGATE_SHARED")
    readers = (sources.snips, sources.hwu64, sources.slurp, sources.clinc150, sources.banking77)
    everything = [utterance for read in readers for utterance in read() if utterance.text]
    everything = [u for u in everything if len(set(u.slots)) == len(u.slots)]
    train: dict[str, list[Utterance]] = {}
    held: dict[str, list[Utterance]] = {}
    slots: dict[str, dict[str, dict[str, None]]] = {}
    values: dict[tuple[str, str], list[str]] = {}
    for utterance in everything:
        which = fold(utterance.text)
        if which != "demo":
            (train if which == "train" else held).setdefault(utterance.source, []).append(utterance)
        if utterance.intent:
            known = slots.setdefault(utterance.source, {}).setdefault(utterance.intent, {})
            known.update(dict.fromkeys(utterance.slots))
        if which == "train":
            for value, slot in utterance.pieces:
                if slot:
                    values.setdefault((utterance.source, slot), []).append(value)
    tools = {
        source: {intent: ToolSpec(intent, tuple(map(Param, names))) for intent, names in intents.items()}
        for source, intents in slots.items()
    }
    by_intent: dict[str, dict[str, tuple[Utterance, ...]]] = {}
    for source, rows in train.items():
        intents: dict[str, list[Utterance]] = {}
        for utterance in rows:
            intents.setdefault(utterance.intent, []).append(utterance)
        by_intent[source] = {intent: tuple(known) for intent, known in intents.items()}
    return Corpus(
        {source: tuple(rows) for source, rows in train.items()},
        {source: tuple(rows) for source, rows in held.items()},
        tools,
        {key: tuple(dict.fromkeys(rows)) for key, rows in values.items()},
        homes.load_lists(),
        homes.load_lists(held=True),
        by_intent,
        tuple(dict.fromkeys(values["snips", "entity_name"] + values["snips", "object_name"])),
    )


def call_of(utterance: Utterance) -> Call:
    """The call an utterance asks for."""
    return Call(utterance.intent, tuple((slot, value) for value, slot in utterance.pieces if slot))


def exchanged(corpus: Corpus, utterance: Utterance, rng: random.Random) -> Utterance:
    """The utterance with some values replaced by others of the same slot; never by that a held-out text."""
    if not utterance.slots or rng.random() < 0.35:
        return utterance
    pieces = tuple(
        (rng.choice(corpus.values[utterance.source, slot]), slot)
        if slot and rng.random() < 0.6
        else (text, slot)
        for text, slot in utterance.pieces
    )
    changed = replace(utterance, pieces=pieces)
    return utterance if is_held_out(changed.text) else changed


def lowered(utterance: Utterance) -> Utterance:
    """The utterance in lower case throughout."""
    return replace(utterance, pieces=tuple((text.lower(), slot) for text, slot in utterance.pieces))


def styled(name: str, style: int) -> str:
    """A name as snake_case (1), camelCase (2) or PascalCase (3); style 0 leaves it."""
    words = [w for w in re.split(r"_|(?<=[a-z])(?=[A-Z])|\.", name) if w]
    if style == 1:
        return "_".join(w.lower() for w in words)
    if style == 0 or not words:
        return name
    pascal = "".join(w[:1].upper() + w[1:] for w in words)
    return pascal if style == 3 else pascal[:1].lower() + pascal[1:]


def narrowed(spec: ToolSpec, keep: frozenset[str], rng: random.Random) -> ToolSpec:
    """The tool with fewer parameters listed (shorter prompts), always those in `keep`; in any order."""
    draw = rng.random()
    if draw < (0.3 if keep else 0.18):
        return spec
    share = rng.random() * 0.6
    params = [p for p in spec.params if p.name in keep or rng.random() < share]
    if draw > 0.7:
        rng.shuffle(params)
    return replace(spec, params=tuple(params))


def held_out(
    source: str, which: Fold = "test", corpus: Corpus | None = None, seed: int = 11
) -> Iterator[Example]:
    """Held-out examples of one source in a fixed order, with the tools each is judged with.

    `snips`, `banking77` and `clinc150-other` (CLINC150 requests about other things) are offered SNIPS's seven tools in
    full; the others their own tool and five of the same set. `homes` is generated from held-out texts.
    """
    corpus = corpus or load()
    rng = random.Random(f"{seed}/{source}/{which}")
    seven = tuple(corpus.tools["snips"].values())
    if source == "homes":
        yield from _held_homes(corpus, which, rng)
        return
    rows = list(corpus.held[source.removesuffix("-other")])
    rng.shuffle(rows)  # the files are sorted by intent
    for utterance in rows:
        if fold(utterance.text) != which:
            continue
        if source in ("snips", "banking77"):
            calls = (call_of(utterance),) if utterance.intent else None
            yield Example(source, utterance.text, seven, calls)
        elif source == "clinc150-other":
            if not any(topics(utterance.intent) & topics(spec.name) for spec in seven):
                yield Example(source, utterance.text, seven, None)
        elif utterance.intent:
            pool = [spec for name, spec in corpus.tools[source].items() if name != utterance.intent]
            specs = [corpus.tools[source][utterance.intent], *rng.sample(pool, 5)]
            rng.shuffle(specs)
            yield Example(source, utterance.text, tuple(specs), (call_of(utterance),))


def _held_homes(corpus: Corpus, which: Fold, rng: random.Random, count: int = 400) -> Iterator[Example]:
    """Requests in homes whose device names and areas training never saw; each names at least one of them."""
    seen: set[str] = set()
    while len(seen) < count:
        request = homes.request(corpus.unseen, rng)
        keys = {key for call in request.calls for key, _ in call.arguments}
        if half(request.text) != which or request.text in seen or not keys & {"name", "area"}:
            continue
        seen.add(request.text)
        pool = list(homes.relatives(corpus.unseen, request.tools).values())
        specs = [*request.tools, *rng.sample(pool, 4)]
        rng.shuffle(specs)
        yield Example("homes", request.text, tuple(specs), request.calls)
