"""Generated smart homes: requests that name devices and areas the model has to read, never remember.

Three kinds: sentence patterns written here over Home Assistant's intent names, Home Assistant's own English test
sentences with areas and names exchanged, and home-llm's action templates with its device list.
"""

from __future__ import annotations

import csv
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import yaml

from scripts.training import home_templates
from scripts.training.home_patterns import PATTERNS
from scripts.training.records import Call, Param, ToolSpec, held_word, normalised
from scripts.training.sources import data_root

Value: TypeAlias = str | int | float

AREAS = [
    "kitchen",
    "living room",
    "bedroom",
    "bathroom",
    "garage",
    "office",
    "hallway",
    "dining room",
    "guest room",
    "basement",
    "attic",
    "garden",
    "nursery",
    "master bedroom",
    "kids room",
    "laundry room",
    "balcony",
    "patio",
    "entrance",
    "study",
    "library",
    "workshop",
    "conservatory",
    "upstairs",
    "downstairs",
    "den",
    "sunroom",
    "pantry",
    "cellar",
    "terrace",
    "porch",
    "driveway",
    "playroom",
    "gym",
    "studio",
    "loft",
    "utility room",
    "music room",
    "greenhouse",
    "shed",
]
DOMAINS = {
    "light": ("lights", "light", "lamps", "lighting"),
    "fan": ("fans", "fan"),
    "switch": ("switches", "sockets", "plugs"),
    "cover": ("blinds", "curtains", "shutters", "shades"),
    "media_player": ("speakers", "tv", "stereo", "music player"),
    "lock": ("locks",),
    "vacuum": ("vacuum", "robot vacuum"),
}
TOOLS: dict[str, ToolSpec] = {
    spec.name: spec
    for spec in (
        ToolSpec("HassTurnOn", (Param("name"), Param("area"), Param("domain"))),
        ToolSpec("HassTurnOff", (Param("name"), Param("area"), Param("domain"))),
        ToolSpec(
            "HassLightSet",
            (Param("name"), Param("area"), Param("brightness", "number"), Param("color")),
        ),
        ToolSpec("HassClimateSetTemperature", (Param("area"), Param("name"), Param("temperature", "number"))),
        ToolSpec("HassClimateGetTemperature", (Param("area"), Param("name"))),
        ToolSpec("HassSetVolume", (Param("area"), Param("name"), Param("volume_level", "number"))),
        ToolSpec("HassSetPosition", (Param("name"), Param("area"), Param("position", "number"))),
        ToolSpec("HassStartTimer", (Param("minutes", "number"), Param("hours", "number"), Param("name"))),
        ToolSpec("HassGetState", (Param("name"), Param("area"), Param("domain"), Param("state"))),
        ToolSpec("HassListAddItem", (Param("item"), Param("name"))),
        ToolSpec("HassMediaPause", (Param("name"), Param("area"))),
        ToolSpec("HassMediaNext", (Param("name"), Param("area"))),
        ToolSpec("HassVacuumStart", (Param("name"), Param("area"))),
        ToolSpec("HassGetCurrentTime", ()),
    )
}
COLORS = ("red", "blue", "green", "warm white", "purple", "orange", "cold white", "pink", "yellow")
STATES = ("on", "off", "open", "closed", "locked", "unlocked", "running")
ITEMS = [
    "milk",
    "bread",
    "two lemons",
    "toilet paper",
    "a birthday card",
    "eggs",
    "olive oil",
    "cat food",
    "batteries",
    "flour",
    "oat milk",
    "six apples",
]
LISTS = ["shopping", "grocery", "to do", "weekend", "packing", "chores", "party", "hardware store"]
# Which devices an intent is for; "start the roomba" and "start the kettle" are different calls.
KINDS = {
    "HassVacuumStart": ("vacuum",),
    "HassVacuumReturnToBase": ("vacuum",),
    "HassClimateSetTemperature": ("climate",),
    "HassClimateGetTemperature": ("climate",),
    "HassSetVolume": ("media_player",),
    "HassMediaPause": ("media_player",),
    "HassMediaUnpause": ("media_player",),
    "HassMediaNext": ("media_player",),
    "HassMediaPrevious": ("media_player",),
    "HassMediaSearchAndPlay": ("media_player",),
    "HassSetPosition": ("blinds", "garage_door"),
    "HassLightSet": ("light",),
    "HassTurnOn": ("light", "switch", "fan", "media_player", "climate"),
    "HassTurnOff": ("light", "switch", "fan", "media_player", "climate"),
}
FLOORS = ["first", "second", "ground", "top", "upper", "lower"]
ZONES = ["work", "school", "home", "the gym", "the office"]
TIMERS = ["pizza", "pasta", "laundry", "tea", "egg", "oven", "homework", "nap"]


@dataclass(frozen=True, slots=True)
class HomeRequest:
    """A generated request with the calls that answer it, the tools used, and the devices of its home."""

    text: str
    calls: tuple[Call, ...]
    tools: tuple[ToolSpec, ...]


@dataclass(frozen=True, slots=True)
class Lists:
    """Device names by kind, action templates, and test sentences with their slots.

    `held` lists hold the names and areas of homes that training never saw, and nothing else.
    """

    devices: dict[str, tuple[str, ...]]
    actions: tuple[tuple[tuple[str, ...], tuple[str, ...], str], ...]
    sentences: tuple[tuple[str, str, tuple[tuple[str, Value], ...]], ...]
    areas: tuple[str, ...]
    items: tuple[str, ...] = tuple(ITEMS)
    held: bool = False

    def name_for(self, rng: random.Random, intent: str) -> str:
        """A device name of a kind the intent is for."""
        return self.name(rng, rng.choice(KINDS.get(intent, ("",))))

    def name(self, rng: random.Random, kind: str = "") -> str:
        """A device name, of the given kind when there is one."""
        found = self.devices.get(kind) or self.devices[rng.choice(sorted(self.devices))]
        return rng.choice(found)


def load_lists(held: bool = False) -> Lists:
    """Reads home-llm's lists (MIT) and Home Assistant's test sentences (CC BY 4.0); names and areas of one side only."""
    pile = data_root() / "home-llm" / "data" / "piles" / "english"
    devices: dict[str, list[str]] = {}
    with (pile / "pile_of_device_names.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            name = re.sub(r"\s+", " ", row["description"]).strip()
            if held_word(name) == held:
                devices.setdefault(row["device_name"].split(".")[0], []).append(name)
    actions = []
    with (pile / "pile_of_templated_actions.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            kinds, services = tuple(row["device_type"].split("|")), tuple(row["service"].split("|"))
            actions.append((kinds, services, row["phrase"]))
    tests = sorted((data_root() / "home-assistant-intents" / "tests" / "en").rglob("*.yaml"))
    sentences = tuple(found for path in tests for found in _test_sentences(path))
    areas = tuple(area for area in AREAS if held_word(area) == held)
    names = {kind: tuple(names) for kind, names in devices.items()}
    return Lists(names, tuple(actions), sentences, areas, held=held)


def _test_sentences(path: Path) -> Iterator[tuple[str, str, tuple[tuple[str, Value], ...]]]:
    """(text, intent, slots) rows whose every value is in the text or is a domain."""
    for case in yaml.safe_load(path.read_text(encoding="utf-8")).get("tests") or []:
        intent = case.get("intent")
        if not isinstance(intent, dict) or "name" not in intent:
            continue
        slots = intent.get("slots") or {}
        for sentence in case["sentences"]:
            found = [
                (str(key), _worded(str(sentence), value))
                for key, value in slots.items()
                if key != "device_class"
            ]
            kept = [(key, word if word is not None else str(slots[key])) for key, word in found]
            if all(word is not None or key == "domain" for key, word in found):
                yield str(sentence), str(intent["name"]), tuple(kept)


def _worded(sentence: str, value: object) -> Value | None:
    """The value as the sentence words it, or None when it is not there."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value if re.search(rf"(?<![\d.]){re.escape(str(value))}(?![\d.])", sentence) else None
    at = sentence.lower().find(str(value).lower()) if isinstance(value, str) else -1
    return sentence[at : at + len(str(value))] if at >= 0 else None


def pattern_request(lists: Lists, rng: random.Random) -> HomeRequest:
    """A request from the patterns above."""
    tool = rng.choice(("HassTurnOn", "HassTurnOff", "HassTurnOn", "HassTurnOff", *PATTERNS))
    pattern = rng.choice(PATTERNS[tool])
    domain = rng.choice(sorted(DOMAINS))
    fills: dict[str, tuple[str, Value]] = {
        "area": ("area", rng.choice(lists.areas)),
        "name": ("name", lists.name_for(rng, tool)),
        "domain": ("domain", domain),
        "brightness": ("brightness", rng.randrange(1, 101)),
        "position": ("position", rng.randrange(1, 101)),
        "volume_level": ("volume_level", rng.randrange(0, 101)),
        "temperature": (
            "temperature",
            rng.choice((rng.randrange(12, 30), rng.randrange(55, 85), rng.randrange(30, 58) / 2)),
        ),
        "minutes": ("minutes", rng.randrange(1, 60)),
        "hours": ("hours", rng.randrange(1, 12)),
        "color": ("color", rng.choice(COLORS)),
        "state": ("state", rng.choice(STATES)),
        "item": ("item", rng.choice(lists.items)),
        "list": ("name", rng.choice(LISTS)),
        "timer": ("name", rng.choice(TIMERS)),
    }
    text = pattern
    arguments: list[tuple[str, Value]] = []
    for mark in re.findall(r"\{(\w+)\}", pattern):
        key, value = fills[mark]
        if mark == "name" and rng.random() < 0.6:
            value = str(value).lower()
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        arguments.append((key, value))
        text = text.replace("{" + mark + "}", rng.choice(DOMAINS[domain]) if mark == "domain" else str(value))
    return HomeRequest(_cased(text, rng), (Call(tool, tuple(arguments)),), (TOOLS[tool],))


def _cased(text: str, rng: random.Random) -> str:
    """The text with a capital first letter and a closing mark now and then. Values are never at risk: only the first
    letter of a lower-case opening word changes."""
    starts_with_word = text[0].islower() and rng.random() < 0.3 and not text.startswith(tuple(AREAS))
    text = text[0].upper() + text[1:] if starts_with_word else text
    return text + rng.choice(("", "", "", "", ".", " please"))


def sentence_request(lists: Lists, rng: random.Random) -> HomeRequest:
    """A Home Assistant test sentence, its area and name exchanged for others most of the time."""
    text, intent, slots = rng.choice(lists.sentences)
    arguments: list[tuple[str, Value]] = []
    for key, value in slots:
        fresh = {"area": rng.choice(lists.areas), "name": lists.name_for(rng, intent)}.get(key)
        if fresh and isinstance(value, str) and text.count(value) == 1 and (lists.held or rng.random() < 0.8):
            text = text.replace(value, fresh)
            arguments.append((key, fresh))
        else:
            arguments.append((key, value))
    kinds = {key: "string" if isinstance(value, str) else "number" for key, value in arguments}
    known = TOOLS.get(intent, ToolSpec(intent))
    extra = tuple(
        Param(key, kind) for key, kind in kinds.items() if key not in {p.name for p in known.params}
    )
    return HomeRequest(text, (Call(intent, tuple(arguments)),), (ToolSpec(intent, known.params + extra),))


def action_request(lists: Lists, rng: random.Random) -> HomeRequest | None:
    """A home-llm action template with device names filled in; several devices give several calls."""
    kinds, services, text = rng.choice(lists.actions)
    marks = re.findall(r"<device_name\d?>", text)
    if re.search(r"<(?!device_name)", text) or len(marks) != len(kinds):
        return None
    calls = []
    tools: dict[str, ToolSpec] = {}
    for kind, service, mark in zip(kinds, services, marks, strict=True):
        name = lists.name(rng, kind)
        name = name.lower() if rng.random() < 0.6 else name
        text = text.replace(mark, name, 1)
        tools[service] = ToolSpec(service, (Param("name"),))
        calls.append(Call(service, (("name", name),)))
    names = [normalised(str(call.arguments[0][1])) for call in calls]
    if len(set(names)) != len(names):
        return None
    return HomeRequest(text, tuple(calls), tuple(tools.values()))


def template_request(lists: Lists, rng: random.Random) -> HomeRequest | None:
    """A sentence of Home Assistant's templates."""
    templates = home_templates.load()
    intent = templates.intent(rng)
    opened = {
        "name": lists.name_for(rng, intent),
        "area": rng.choice(lists.areas),
        "floor": rng.choice(FLOORS),
    }
    opened |= {"shopping_list_item": rng.choice(lists.items), "todo_list_item": rng.choice(lists.items)}
    opened |= {
        "timer_name": rng.choice(TIMERS),
        "timer_command": "",
        "message": "",
        "zone": rng.choice(ZONES),
    }
    opened |= {"search_query": rng.choice(lists.items)}
    if "List" in intent:
        opened["name"] = rng.choice(LISTS)
    if rng.random() < 0.6:
        opened["name"] = opened["name"].lower()
    pieces = templates.draw(intent, rng, opened.get)
    if pieces is None:
        return None
    text = "".join(piece for piece, _, _ in pieces)
    text = re.sub(r"\s+", " ", text).strip()
    arguments = [(slot, value) for _, slot, value in pieces if slot]
    if not text or any(value == "" for _, value in arguments):
        return None
    flat = tuple((slot, v if isinstance(v, (int, float)) else str(v).strip()) for slot, v in arguments)
    known = TOOLS.get(intent, ToolSpec(intent))
    have = {p.name for p in known.params}
    extra = tuple(Param(k, "string" if isinstance(v, str) else "number") for k, v in flat if k not in have)
    return HomeRequest(_cased(text, rng), (Call(intent, flat),), (ToolSpec(intent, known.params + extra),))


LINKS = (" and ", " and then ", ", then ", " then ", ", and ", " and also ")


def joined(first: HomeRequest, second: HomeRequest, rng: random.Random) -> HomeRequest:
    """Two requests in one sentence."""
    tools = {tool.name: tool for tool in first.tools}
    for tool in second.tools:
        known = tools.setdefault(tool.name, tool)
        names = {p.name for p in known.params}
        tools[tool.name] = ToolSpec(
            tool.name, known.params + tuple(p for p in tool.params if p.name not in names)
        )
    head = first.text.rstrip(".?! ").removesuffix(" please")
    tail = second.text[:1].lower() + second.text[1:] if second.text[:2].istitle() else second.text
    return HomeRequest(head + rng.choice(LINKS) + tail, first.calls + second.calls, tuple(tools.values()))


def request(lists: Lists, rng: random.Random, family: str = "") -> HomeRequest:
    """A request for Home Assistant's intents ("hass"), for home-llm's services ("services"), or either.

    The two never meet in one home: "turn on" would have two right tools. Now and then two requests in one sentence.
    """
    family = family or rng.choices(("hass", "services"), (0.8, 0.2))[0]
    found = _single(lists, rng, family)
    if rng.random() < 0.12:
        return joined(found, _single(lists, rng, family), rng)
    return found


def _single(lists: Lists, rng: random.Random, family: str) -> HomeRequest:
    while True:
        draw = rng.random()
        found: HomeRequest | None
        if family == "services":
            found = action_request(lists, rng)
        elif draw < 0.5:
            found = pattern_request(lists, rng)
        elif draw < 0.68:
            found = sentence_request(lists, rng)
        else:
            found = template_request(lists, rng)
        if found is not None:
            return found


def relatives(lists: Lists, tools: tuple[ToolSpec, ...]) -> dict[str, ToolSpec]:
    """The other tools a home with these tools could have."""
    if any(tool.name.startswith("Hass") for tool in tools):
        return {name: spec for name, spec in TOOLS.items() if name not in {tool.name for tool in tools}}
    names = {service for _, services, _ in lists.actions for service in services}
    return {name: ToolSpec(name, (Param("name"),)) for name in sorted(names - {tool.name for tool in tools})}


def listing(lists: Lists, names: tuple[str, ...], areas: tuple[str, ...], rng: random.Random) -> str:
    """A system message that lists a home: the named devices and areas among a few others."""
    devices = [*dict.fromkeys([*names, *(lists.name(rng) for _ in range(rng.randrange(2, 6)))])]
    rng.shuffle(devices)
    rooms = list(dict.fromkeys([*areas, *rng.sample(lists.areas, 2)]))
    form = rng.randrange(4)
    if form == 0:
        return "Devices: " + ", ".join(devices) + "\nAreas: " + ", ".join(rooms)
    lines = [(rooms[at % len(rooms)], device) for at, device in enumerate(devices)]
    if form == 1:
        return "Home:\n" + "\n".join(f"{area}: {device}" for area, device in lines)
    if form == 2:
        return "\n".join(f"- {device} ({area})" for area, device in lines)
    kinds = {name: kind for kind, known in lists.devices.items() for name in known}
    overview = "".join(
        f"- names: {device}\n  domain: {kinds.get(device, 'light')}\n  areas: {area}\n"
        for area, device in lines
    )
    return (
        "Static Context:\nAn overview of the areas and the devices in this smart home:\n" + overview.rstrip()
    )
