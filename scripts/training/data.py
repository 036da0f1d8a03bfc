"""Examples made on the fly: real utterances and generated homes, each with a handful of tools to choose from.

What is varied, and why: which tools are offered and in which order (so the prompt must be read), whether the right one
is among them (so "not for me" is learned), how names are written, which parameters are listed, and the values in the
slots (so values are copied, not remembered).
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from scripts.training import homes, sources
from scripts.training.records import Call, Example, Fold, Param, ToolSpec, fold, is_held_out
from scripts.training.sources import Utterance
from scripts.training.template import completion_of

__all__ = ["Corpus", "Example", "fold", "held_out", "is_held_out", "load", "stream"]

SOURCES = ("snips", "hwu64", "slurp", "clinc150", "banking77", "homes")
SHARES = {
    "snips": 0.50,
    "hwu64": 0.09,
    "slurp": 0.03,
    "clinc150": 0.13,
    "banking77": 0.06,
    "homes": 0.19,
}
SYNONYMS = {
    "GetWeather": ("WeatherForecast", "CheckWeather", "weather"),
    "AddToPlaylist": ("PlaylistAdd", "SaveToPlaylist"),
    "PlayMusic": ("StartMusic", "MusicPlay", "play"),
    "BookRestaurant": ("ReserveTable", "RestaurantReservation"),
    "RateBook": ("BookRating", "GiveBookRating"),
    "SearchCreativeWork": ("FindCreativeWork", "LookUpTitle"),
    "SearchScreeningEvent": ("FindShowtimes", "MovieTimes"),
}
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
    return Corpus(
        {source: tuple(rows) for source, rows in train.items()},
        {source: tuple(rows) for source, rows in held.items()},
        tools,
        {key: tuple(dict.fromkeys(rows)) for key, rows in values.items()},
        homes.load_lists(),
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


def renamed(example: Example, rng: random.Random) -> Example:
    """The example with its tools (and the expected calls) written in another style or with a synonym, now and then."""
    if rng.random() > 0.3:
        return example
    tool_style, param_style = rng.choice(((1, 1), (2, 0), (3, 2), (0, 2), (1, 0), (2, 2)))
    names = {
        s.name: styled(rng.choice((s.name, *SYNONYMS.get(s.name, ()))), tool_style) for s in example.specs
    }
    if len(set(names.values())) != len(names):
        return example
    specs = tuple(
        ToolSpec(names[s.name], tuple(replace(p, name=styled(p.name, param_style)) for p in s.params))
        for s in example.specs
    )
    calls = example.expected_calls and tuple(
        Call(names[c.name], tuple((styled(key, param_style), value) for key, value in c.arguments))
        for c in example.expected_calls
    )
    return replace(example, specs=specs, expected_calls=calls)


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


def distractors(corpus: Corpus, source: str, intent: str, count: int, rng: random.Random) -> list[ToolSpec]:
    """Up to `count` tools that are not the right one: mostly of the same set, else of another set about other things."""
    about = topics(intent)
    found: dict[str, ToolSpec] = {}
    for _ in range(count * 3):
        if len(found) >= count:
            break
        draw = rng.random()
        if source in corpus.tools and draw < 0.7 and source != "homes":
            pool, same = corpus.tools[source], True
        else:
            other = rng.choice(("snips", "snips", "homes", "hwu64", "clinc150"))
            pool, same = (homes.TOOLS if other == "homes" else corpus.tools[other]), other == source
        spec = pool[rng.choice(tuple(pool))]
        clash = spec.name == intent if same else bool(topics(spec.name) & about)
        if not clash:
            found[spec.name] = spec
    return list(found.values())


def _offered(rng: random.Random, crowding: float) -> int:
    """How many tools besides the right one: few mostly, since each costs tokens; fewer with less `crowding` (0-1)."""
    if rng.random() > crowding:
        return rng.choice((0, 0, 1, 1, 2))
    return rng.choice((0, 1, 1, 1, 2, 2, 2, 3, 4, 6))


def _unrelated(corpus: Corpus, utterance: Utterance, rng: random.Random) -> list[ToolSpec]:
    """SNIPS tools that have nothing to do with a request of another set: what "not for me" mostly looks like."""
    about = topics(utterance.intent or ("" if utterance.source == "banking77" else utterance.text))
    pool = [spec for name, spec in corpus.tools["snips"].items() if not topics(name) & about]
    return rng.sample(pool, min(len(pool), rng.choice((2, 3, 4, 6, 7))))


def compose(corpus: Corpus, utterance: Utterance, rng: random.Random, crowding: float = 1.0) -> Example:
    """A training example from a real utterance."""
    source, intent = utterance.source, utterance.intent
    extra = distractors(corpus, source, intent or utterance.text, _offered(rng, crowding), rng)
    absent = not intent or rng.random() < (0.5 if source == "clinc150" else 0.16)
    if absent:
        chosen = _unrelated(corpus, utterance, rng) if source != "snips" and rng.random() < 0.6 else extra
        chosen = chosen or extra or distractors(corpus, source, intent or utterance.text, 2, rng)
        specs = [narrowed(spec, frozenset(), rng) for spec in chosen]
        return Example(source, utterance.text, tuple(specs), None)
    right = narrowed(corpus.tools[source][intent], frozenset(utterance.slots), rng)
    specs = [right, *(narrowed(spec, frozenset(), rng) for spec in extra)]
    rng.shuffle(specs)
    return Example(source, utterance.text, tuple(specs), (call_of(utterance),))


def compose_home(
    corpus: Corpus, request: homes.HomeRequest, rng: random.Random, crowding: float = 1.0
) -> Example:
    """A training example from a generated home."""
    used = {spec.name for spec in request.tools}
    pool = [spec for name, spec in homes.TOOLS.items() if name not in used]
    keep = frozenset(key for call in request.calls for key, _ in call.arguments)
    extra = (
        rng.sample(pool, min(_offered(rng, crowding), 5)) if request.tools[0].name.startswith("Hass") else []
    )
    if rng.random() < 0.4:
        extra += distractors(corpus, "homes", "hass device " + request.text, 2, rng)
    absent = rng.random() < 0.1 and extra
    if absent and "HassTurnOn" in {s.name for s in extra} | used and "HassTurnOff" not in used:
        absent = False
    chosen = list(extra) if absent else [*request.tools, *extra]
    specs = {spec.name: narrowed(spec, keep if spec.name in used else frozenset(), rng) for spec in chosen}
    shuffled = list(specs.values())
    rng.shuffle(shuffled)
    names = tuple(str(v) for call in request.calls for key, v in call.arguments if key == "name")
    system = homes.listing(corpus.lists, names, rng) if rng.random() < 0.25 else ""
    return Example("homes", request.text, tuple(shuffled), None if absent else request.calls, system)


def draw(corpus: Corpus, rng: random.Random, crowding: float = 1.0) -> Example:
    """One training example; its text is never held out."""
    source = rng.choices(SOURCES, [SHARES[s] for s in SOURCES])[0]
    while True:
        if source == "homes":
            request = homes.request(corpus.lists, rng)
            if is_held_out(request.text):
                continue
            return renamed(compose_home(corpus, request, rng, crowding), rng)
        utterance = exchanged(corpus, rng.choice(corpus.train[source]), rng)
        if rng.random() < 0.25:
            utterance = lowered(utterance)
        return renamed(compose(corpus, utterance, rng, crowding), rng)


def stream(corpus: Corpus, seed: int, crowding: Callable[[], float] = lambda: 1.0) -> Iterator[Example]:
    """Training examples without end; a few carry an earlier exchange or a general system message.

    `crowding` (0 to 1, asked per example) lets a run begin with few tools per prompt, which is cheap, and end
    with many.
    """
    rng = random.Random(seed)
    before: Example | None = None
    while True:
        example = draw(corpus, rng, crowding())
        chance = rng.random()
        if chance < 0.03 and before is not None:
            example = replace(
                example, history=(("user", before.text), ("assistant", completion_of(before)[: -len("</s>")]))
            )
        elif chance < 0.07 and not example.system:
            example = replace(
                example, system=rng.choice(("You are a helpful assistant.", "You are a voice assistant."))
            )
        before = replace(example, history=(), system="")
        yield example


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
    for utterance in corpus.held[source.removesuffix("-other")]:
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
    seen: set[str] = set()
    while len(seen) < count:
        request = homes.request(corpus.lists, rng)
        if fold(request.text) != which or request.text in seen:
            continue
        seen.add(request.text)
        used = {spec.name for spec in request.tools}
        pool = [spec for name, spec in homes.TOOLS.items() if name not in used]
        specs = [*request.tools, *rng.sample(pool, 4)]
        rng.shuffle(specs)
        yield Example("homes", request.text, tuple(specs), request.calls)
