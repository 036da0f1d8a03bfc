"""Sentences from Home Assistant's own English templates (CC BY 4.0), drawn at random, with the slots they fill.

The grammar is hassil's: `[optional]`, `(one|other)`, `(any;order)`, `<rule>`, `{list}` or `{list:slot}`.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from scripts.training.sources import data_root

Value: TypeAlias = str | int | float | tuple[str, ...]
Piece: TypeAlias = tuple[str, str, Value]  # text, slot or "", value

_TOKEN = re.compile(r"\[|\]|\(|\)|\||;|<[^>]+>|\{[^}]+\}|[^\[\]()|;<>{}]+")
SKIPPED = {"HassRespond", "HassNevermind", "HassBroadcast"}


@dataclass(frozen=True, slots=True)
class Template:
    """One sentence of an intent, its own rules, and the slots it fills without a word."""

    intent: str
    sentence: str
    rules: tuple[tuple[str, str], ...]
    slots: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Templates:
    """Every usable sentence by intent, the shared rules, and the lists of values."""

    by_intent: Mapping[str, tuple[Template, ...]]
    rules: Mapping[str, str]
    lists: Mapping[str, Any]

    def intent(self, rng: random.Random) -> str:
        """An intent at random."""
        return rng.choice(sorted(self.by_intent))

    def draw(self, intent: str, rng: random.Random, word: Callable[[str], str | None]) -> list[Piece] | None:
        """The pieces of a random sentence; `word` gives a value of an open list by its name. None: unusable."""
        template = rng.choice(self.by_intent[intent])
        rules = {**self.rules, **dict(template.rules)}
        pieces = _Drawing(rules, self.lists, rng, word).sentence(template.sentence, 0)
        if pieces is None:
            return None
        said = {slot for _, slot, _ in pieces if slot}
        if len(said) != sum(1 for _, slot, _ in pieces if slot):
            return None
        fixed: list[Piece] = [("", key, value) for key, value in template.slots if key not in said]
        return pieces + fixed


@cache
def load() -> Templates:
    """Reads the English templates."""
    root = data_root() / "home-assistant-intents" / "sentences" / "en"
    common = yaml.safe_load((root / "_common.yaml").read_text(encoding="utf-8"))
    found: dict[str, list[Template]] = {}
    for path in sorted(root.rglob("*.yaml")):
        if path.name != "_common.yaml":
            for template in _read(path):
                found.setdefault(template.intent, []).append(template)
    return Templates({k: tuple(v) for k, v in found.items()}, common["expansion_rules"], common["lists"])


def _read(path: Path) -> list[Template]:
    found = []
    for intent, body in (yaml.safe_load(path.read_text(encoding="utf-8")).get("intents") or {}).items():
        for block in body["data"]:
            slots = {k: v for k, v in (block.get("slots") or {}).items() if isinstance(v, str)}
            rules = tuple((block.get("expansion_rules") or {}).items())
            if intent not in SKIPPED:
                found += [Template(intent, str(s), rules, tuple(slots.items())) for s in block["sentences"]]
    return found


@dataclass(slots=True)
class _Drawing:
    """One random expansion. Gives None where a list is unknown or the nesting too deep."""

    rules: Mapping[str, str]
    lists: Mapping[str, Any]
    rng: random.Random
    word: Callable[[str], str | None]

    def sentence(self, text: str, depth: int) -> list[Piece] | None:
        tokens = _TOKEN.findall(text)
        pieces, _ = self._choice(tokens, 0, depth)
        return pieces

    def _choice(self, tokens: list[str], at: int, depth: int) -> tuple[list[Piece] | None, int]:
        """Reads up to a closing mark; one of the alternatives, or all parts of a permutation in some order."""
        parts: list[list[Piece] | None] = [[]]
        shuffled = False
        while at < len(tokens) and tokens[at] not in (")", "]"):
            token = tokens[at]
            at += 1
            if token in "|;":
                shuffled = shuffled or token == ";"
                parts.append([])
                continue
            if token in "[(":
                found, at = self._choice(tokens, at, depth)
                at += 1
                if token == "[" and self.rng.random() < 0.5:
                    found = []
            else:
                found = self._leaf(token, depth)
            last = parts[-1]
            parts[-1] = None if found is None or last is None else last + found
        if shuffled:
            self.rng.shuffle(parts)
            whole = [piece for part in parts for piece in [(" ", "", ""), *(part or ())]]
            return (None if None in parts else whole), at
        return self.rng.choice(parts), at

    def _leaf(self, token: str, depth: int) -> list[Piece] | None:
        if token.startswith("<"):
            rule = self.rules.get(token[1:-1])
            return None if rule is None or depth > 8 else self.sentence(rule, depth + 1)
        if token.startswith("{"):
            name, _, slot = token[1:-1].partition(":")
            return self._listed(name, slot or name, depth)
        return [(token, "", "")]

    def _listed(self, name: str, slot: str, depth: int) -> list[Piece] | None:
        given = self.word(name)
        if given is not None:
            return [(given, slot, given)]
        known = self.lists.get(name)
        if not isinstance(known, dict):
            return None
        if "range" in known:
            low, high = known["range"]["from"], known["range"]["to"]
            number = self.rng.randrange(int(low), int(high) + 1)
            return [(str(number), slot, number)]
        if "values" not in known:
            return None
        value = self.rng.choice(known["values"])
        said = value["in"] if isinstance(value, dict) else str(value)
        text = "".join(t for t, _, _ in self.sentence(said, depth + 1) or [])
        out = value["out"] if isinstance(value, dict) and slot in ("domain", "device_class") else text
        return [(text, slot, str(out))] if text else None
