"""Groups of requests that share their tools: what one training step is made of.

Because the tools stay and the request changes, nothing about a request can be told from its tool list: the prompt must be
read. Kinds: SNIPS's seven tools, a few tools of any origin, tools of one set, all intents of a set by name only, homes.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import replace

from scripts.training import homes, results
from scripts.training.data import (
    Corpus,
    call_of,
    exchanged,
    lowered,
    narrowed,
    styled,
    topics,
)
from scripts.training.naming import reworded
from scripts.training.records import Argument, Call, Example, Param, ToolSpec, is_held_out
from scripts.training.sources import Utterance
from scripts.training.template import END, completion_of

KINDS = {
    "snips": 0.28,
    "mixed": 0.16,
    "set": 0.1,
    "wide": 0.17,
    "home": 0.25,
    "result": 0.03,
    "bare": 0.01,
}
BRANCHES = 9
PLACEHOLDERS = (
    "PERSON",
    "LOCATION",
    "ORGANIZATION",
    "DATE_TIME",
    "STREET_ADDRESS",
    "PHONE_NUMBER",
    "EMAIL_ADDRESS",
    "URL",
)
NUMBERS = {
    w: n for n, w in enumerate("zero one two three four five six seven eight nine ten eleven twelve".split())
}
MIGHT_BE_NUMBERS = ("rating_value", "best_rating", "party_size_number", "year")
SYSTEMS = ("You are a helpful assistant.", "You are a voice assistant.", "Answer with tool calls.")


def group(corpus: Corpus, rng: random.Random, kinds: dict[str, float] | None = None) -> list[Example]:
    """Examples with the same tools and system message; no text of them is held out."""
    weights = kinds or KINDS
    while True:
        kind = rng.choices(tuple(weights), tuple(weights.values()))[0]
        found = MAKERS[kind](corpus, rng)
        found = [e for e in found if not is_held_out(e.text)]
        if found:
            return _dressed(found, rng)


def stream(corpus: Corpus, seed: int) -> Iterator[list[Example]]:
    """Groups without end."""
    rng = random.Random(seed)
    while True:
        yield group(corpus, rng)


def _pick(corpus: Corpus, rng: random.Random, source: str) -> Utterance:
    """A training utterance with fresh values, in lower case now and then, with placeholders now and then."""
    utterance = exchanged(corpus, rng.choice(corpus.train[source]), rng)
    if rng.random() < 0.25:
        utterance = lowered(utterance)
    return hidden(utterance, rng) if rng.random() < 0.08 else utterance


def hidden(utterance: Utterance, rng: random.Random) -> Utterance:
    """The utterance as the cloud sees it: a slot's value replaced by a placeholder of redaction."""
    places = [at for at, (_, slot) in enumerate(utterance.pieces) if slot]
    if not places:
        return utterance
    pieces = list(utterance.pieces)
    for number, at in enumerate(rng.sample(places, min(len(places), rng.choice((1, 1, 2)))), 1):
        code = "".join(rng.choice("abcdefghijkmnpqrstuvwxyz23456789") for _ in range(4))
        pieces[at] = (f"[{rng.choice(PLACEHOLDERS)}_{number}·{code}]", pieces[at][1])
    return replace(utterance, pieces=tuple(pieces))


def _asked(specs: list[ToolSpec], utterance: Utterance, served: bool) -> Example:
    calls = (call_of(utterance),) if served else None
    return Example(utterance.source, utterance.text, tuple(specs), calls)


def _other(corpus: Corpus, rng: random.Random, specs: list[ToolSpec]) -> Utterance | None:
    """A request that none of the tools serves, from any source; None when this draw might be served."""
    source = rng.choice(("clinc150", "clinc150", "banking77", "hwu64", "slurp", "snips"))
    utterance = _pick(corpus, rng, source)
    about = topics(utterance.intent or ("" if source == "banking77" else utterance.text))
    if any(spec.name == utterance.intent or topics(spec.name) & about for spec in specs):
        return None
    return utterance


def _others(corpus: Corpus, rng: random.Random, specs: list[ToolSpec], count: int) -> list[Example]:
    drawn = [_other(corpus, rng, specs) for _ in range(count * 2)]
    return [_asked(specs, u, served=False) for u in drawn if u is not None][:count]


def _snips(corpus: Corpus, rng: random.Random) -> list[Example]:
    """SNIPS's tools, in full half of the time, one or two missing now and then."""
    all_tools = list(corpus.tools["snips"].values())
    asked = [_pick(corpus, rng, "snips") for _ in range(BRANCHES - 1)]
    chosen = rng.sample(all_tools, 7 if rng.random() < 0.7 else rng.choice((3, 5, 6)))
    if rng.random() < 0.5:
        used = frozenset(slot for u in asked for slot in u.slots)
        chosen = [narrowed(s, frozenset(p.name for p in s.params) & used, rng) for s in chosen]
    names = {spec.name for spec in chosen}
    found = [_asked(chosen, u, u.intent in names) for u in asked]
    return found + _others(corpus, rng, chosen, rng.choice((1, 2, 3)))


def _mixed(corpus: Corpus, rng: random.Random) -> list[Example]:
    """One to five tools from anywhere, requests for them, and requests for others."""
    specs: dict[str, tuple[str, ToolSpec]] = {}
    for _ in range(rng.choice((1, 2, 3, 4, 5))):
        source = rng.choice(("snips", "snips", "hwu64", "hwu64", "slurp", "clinc150"))
        intent = rng.choice(tuple(corpus.tools[source]))
        if not any(s != source and topics(intent) & topics(n) for n, (s, _) in specs.items()):
            specs[intent] = (source, corpus.tools[source][intent])
    asked: list[Utterance] = []
    for intent, (source, _) in specs.items():
        pool = corpus.by_intent[source].get(intent, ())
        drawn = [exchanged(corpus, rng.choice(pool), rng) for _ in range(8 // len(specs))] if pool else []
        asked += [hidden(u, rng) if rng.random() < 0.08 else u for u in drawn]
    used = frozenset(slot for u in asked for slot in u.slots)
    chosen = [narrowed(s, frozenset(p.name for p in s.params) & used, rng) for _, s in specs.values()]
    found = [_asked(chosen, u, served=True) for u in asked]
    same = rng.choice([source for source, _ in specs.values()])
    near = [u for u in (_pick(corpus, rng, same) for _ in range(2)) if u.intent not in specs]
    near = [u for u in near if u.source != "slurp" or not any(s == "hwu64" for s, _ in specs.values())]
    foreign = [n for n, (s, _) in specs.items() if s != same]
    near = [u for u in near if not any(topics(u.intent) & topics(n) for n in foreign)]
    return found + [_asked(chosen, u, served=False) for u in near] + _others(corpus, rng, chosen, 2)


def _set(corpus: Corpus, rng: random.Random) -> list[Example]:
    """Three to ten tools of one set, with their parameters."""
    source = rng.choice(("hwu64", "hwu64", "slurp", "clinc150"))
    names = rng.sample(sorted(corpus.tools[source]), rng.randrange(3, 11))
    pool = [u for n in names for u in corpus.by_intent[source].get(n, ())]
    if not pool:
        return []
    asked = [exchanged(corpus, rng.choice(pool), rng) for _ in range(BRANCHES)]
    used = frozenset(slot for u in asked for slot in u.slots)
    chosen = [
        narrowed(t, frozenset(p.name for p in t.params) & used, rng)
        for t in (corpus.tools[source][n] for n in names)
    ]
    near = [u for u in (_pick(corpus, rng, source) for _ in range(2)) if u.intent not in names]
    found = [_asked(chosen, u, served=True) for u in asked]
    return found + [_asked(chosen, u, served=False) for u in near] + _others(corpus, rng, chosen, 1)


def _wide(corpus: Corpus, rng: random.Random) -> list[Example]:
    """Most or all intents of a set, by name only: what is asked for is to be told from the names alone.

    SLURP was collected with HWU64's intents, so HWU64's requests serve under SLURP's names too.
    """
    source = rng.choice(("slurp", "slurp", "hwu64", "clinc150"))
    names = sorted(corpus.tools[source])
    if rng.random() < (0.7 if source == "clinc150" else 0.4):
        names = rng.sample(names, min(len(names), rng.randrange(15, 91)))
    else:
        rng.shuffle(names)
    rows = {n: corpus.by_intent[source].get(n, ()) for n in names}
    if source == "slurp":
        rows = {n: known + corpus.by_intent["hwu64"].get(n, ()) for n, known in rows.items()}
    chosen = [ToolSpec(n) for n in names]
    pool = [u for known in rows.values() for u in known]
    # Half by share of the data, half each intent alike.
    asked = [rng.choice(pool) for _ in range(8)]
    asked += [rng.choice(known) for known in (rows[rng.choice(names)] for _ in range(8)) if known]
    asked = [lowered(u) if rng.random() < 0.2 else exchanged(corpus, u, rng) for u in asked]
    found = [Example(source, u.text, tuple(chosen), (Call(u.intent),)) for u in asked]
    if source == "clinc150":
        near = [u for u in (_pick(corpus, rng, source) for _ in range(3)) if u.intent not in names]
    else:
        near = [u for u in (_pick(corpus, rng, "banking77"),) if rng.random() < 0.5]
    return found + [Example(source, u.text, tuple(chosen), None) for u in near]


def _home(corpus: Corpus, rng: random.Random) -> list[Example]:
    """A home's tools, its devices half of the time, and requests for them."""
    lists = replace(corpus.lists, items=rng.choice((corpus.lists.items, corpus.titles)))
    family = rng.choices(("hass", "services"), (0.82, 0.18))[0]
    drawn = [homes.request(lists, rng, family) for _ in range(BRANCHES)]
    tools: dict[str, ToolSpec] = {}
    for request in drawn:
        for tool in request.tools:
            known = tools.setdefault(tool.name, tool)
            names = {p.name for p in known.params}
            more = tuple(p for p in tool.params if p.name not in names)
            tools[tool.name] = ToolSpec(tool.name, known.params + more)
    removed = rng.choice(sorted(tools)) if len(tools) > 3 and rng.random() < 0.5 else ""
    extra = list(homes.relatives(lists, tuple(tools.values())).values())
    chosen = [t for n, t in tools.items() if n != removed] + rng.sample(
        extra, min(len(extra), rng.randrange(4))
    )
    if rng.random() < 0.3:
        chosen = [_enumerated(t) for t in chosen]
    rng.shuffle(chosen)
    system = ""
    if rng.random() < 0.5:
        arguments = [pair for request in drawn for call in request.calls for pair in call.arguments]
        named = tuple(str(v) for key, v in arguments if key == "name")
        system = homes.listing(lists, named, tuple(str(v) for key, v in arguments if key == "area"), rng)
    left = {spec.name for spec in chosen}
    found = []
    for request in drawn:
        served = all(call.name in left for call in request.calls)
        if served or not _nearly(removed, left):
            found.append(
                Example("homes", request.text, tuple(chosen), request.calls if served else None, system)
            )
    others = _others(corpus, rng, [*chosen, ToolSpec("HassTurnOn"), ToolSpec("music_timer_list")], 1)
    return found + [replace(e, specs=tuple(chosen), system=system) for e in others]


def _nearly(removed: str, left: set[str]) -> bool:
    """Whether another tool could be taken to do what the removed one did."""
    stem = removed.lower().removeprefix("hass")[:4]
    return any(name.lower().removeprefix("hass")[:4] == stem for name in left)


def _enumerated(spec: ToolSpec) -> ToolSpec:
    choices = {"domain": tuple(sorted(homes.DOMAINS)), "color": homes.COLORS}
    if spec.name == "HassGetState":
        return spec
    return ToolSpec(
        spec.name, tuple(replace(p, enum=choices[p.name]) if p.name in choices else p for p in spec.params)
    )


def _result(corpus: Corpus, rng: random.Random) -> list[Example]:
    """Calls that were made, what the tools gave back, and what to say now."""
    made = [e for e in MAKERS[rng.choice(("mixed", "home"))](corpus, rng) if e.expected_calls]
    found = []
    for example in made:
        result, answer = results.drawn(corpus.titles, rng)
        found.append(replace(example, result=result, answer=answer))
    return found


def _bare(corpus: Corpus, rng: random.Random) -> list[Example]:
    """No tools at all: nothing to call, so everything is passed on."""
    asked = [_pick(corpus, rng, source) for source in ("clinc150", "banking77", "hwu64", "snips", "slurp")]
    system = rng.choice(("", *SYSTEMS))
    return [Example("bare", u.text, (), None, system) for u in asked]


MAKERS = {
    "snips": _snips,
    "mixed": _mixed,
    "set": _set,
    "wide": _wide,
    "home": _home,
    "result": _result,
    "bare": _bare,
}


def _dressed(found: list[Example], rng: random.Random) -> list[Example]:
    """The group with other names, numbers, arrays and system messages, now and then; the same for all of it."""
    if rng.random() < 0.35:
        found = renamed(found, rng)
    elif found[0].source == "homes" and rng.random() < 0.3:
        found = [as_arrays(example) for example in found]
    if rng.random() < 0.25:
        found = numbered(found)
    if not found[0].system and rng.random() < 0.06:
        system = rng.choice(SYSTEMS)
        found = [replace(example, system=system) for example in found]
    if rng.random() < 0.05 and not any(example.result for example in found):
        before = [(("user", e.text), ("assistant", completion_of(e).removesuffix(END))) for e in found]
        found = [replace(e, history=h) for e, h in zip(found, before[1:] + before[:1], strict=True)]
    return found


def renamed(found: list[Example], rng: random.Random) -> list[Example]:
    """Tools and parameters in another style and in other words; unchanged when two would then be the same."""
    tool_style, param_style = rng.choice(((1, 1), (2, 0), (3, 2), (0, 2), (1, 0), (2, 2)))
    words = rng.random() < 0.6
    specs = found[0].specs
    if not specs:
        return found
    names = {s.name: styled(reworded(s.name, rng) if words else s.name, tool_style) for s in specs}
    params = {p.name: p.name for s in specs for p in s.params}
    params = {n: styled(reworded(n, rng) if words else n, param_style) for n in params}
    if len(set(names.values())) != len(names) or len(set(params.values())) != len(params):
        return found
    fresh = tuple(
        ToolSpec(names[s.name], tuple(replace(p, name=params[p.name]) for p in s.params)) for s in specs
    )
    return [replace(e, specs=fresh, expected_calls=_calls(e, names, params)) for e in found]


def _calls(example: Example, names: dict[str, str], params: dict[str, str]) -> tuple[Call, ...] | None:
    return example.expected_calls and tuple(
        Call(names[c.name], tuple((params[key], value) for key, value in c.arguments))
        for c in example.expected_calls
    )


def as_arrays(example: Example) -> Example:
    """Domains and device classes as Home Assistant declares them to models: lists."""
    listed = {"domain", "device_class"}
    specs = tuple(
        ToolSpec(s.name, tuple(Param(p.name, "array") if p.name in listed else p for p in s.params))
        for s in example.specs
    )
    calls = example.expected_calls and tuple(
        Call(c.name, tuple((k, (str(v),) if k in listed else v) for k, v in c.arguments))
        for c in example.expected_calls
    )
    return replace(example, specs=specs, expected_calls=calls)


def numbered(found: list[Example]) -> list[Example]:
    """Counts and ratings declared as numbers; requests that say none are left out."""
    specs = tuple(
        ToolSpec(
            s.name,
            tuple(replace(p, kind="number") if p.name in MIGHT_BE_NUMBERS else p for p in s.params),
        )
        for s in found[0].specs
    )
    if specs == found[0].specs:
        return found
    kept = [replace(e, specs=specs, expected_calls=_counted(e)) for e in found]
    return [e for e in kept if e.expected_calls != ()]


def _counted(example: Example) -> tuple[Call, ...] | None:
    """The calls with numbers; empty when a number is not one."""
    calls = []
    for call in example.expected_calls or ():
        pairs: list[tuple[str, Argument]] = []
        for key, value in call.arguments:
            plain = str(value).lower()
            if key not in MIGHT_BE_NUMBERS:
                pairs.append((key, value))
            elif re.fullmatch(r"\d{1,4}", plain) or plain in NUMBERS:
                pairs.append((key, NUMBERS.get(plain, int(plain) if plain.isdigit() else 0)))
            else:
                return ()
        calls.append(Call(call.name, tuple(pairs)))
    return tuple(calls) if example.expected_calls is not None else None
