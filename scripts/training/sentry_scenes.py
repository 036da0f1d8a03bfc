"""Scenes of life and work in six languages: letters, notes, tickets, news, forms, lists, chat, with several private stretches each.

Sentences come from rules (`scene_frames.toml`): each text is put together from openings, subjects, deeds and times, so that hardly any
two share a frame. Values come from `sentry_places` and `sentry_firms`. Weekdays, months, products, titles of posts and capitalised terms
stand among the names and are marked by nothing. Made up and seeded; nothing is shipped but what the weights learn.
"""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

from scripts.training import sentry_firms, sentry_places
from scripts.training.phrases import expand
from scripts.training.sentry_data import Example
from scripts.training.sentry_places import PLACES, WORDS, Piece, Pieces
from scripts.training.sentry_synth import noise
from scripts.training.sentry_words import Lexicon

FRAMES: dict[str, dict[str, list[str]]] = tomllib.loads(
    Path(__file__).with_name("scene_frames.toml").read_text(encoding="utf-8")
)
SOURCE = "scene"
_LANGUAGES = {"en": 62, "de": 16, "fr": 8, "nl": 7, "es": 4, "it": 3}
_SLOT = re.compile(r"\{(\w+)\}")
_NEAR: dict[str, list[str]] = WORDS["near"]
_MONTHS = "January February March April May June July August September October November December".split()
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_MONATE = "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split()
_TAGE = "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag".split()
_MOIS = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
_BERUFE = "Elektriker Buchhalter Arzt Lehrer Hausmeister Fahrer Ingenieur Anwalt Koch Vertriebsleiter Prüfer".split()


class Scenes:
    """Draws examples from one lexicon and one random source."""

    def __init__(self, lex: Lexicon, rng: random.Random) -> None:
        self.lex, self.rng, self.language = lex, rng, "en"
        self._plain = noise(rng)
        self._makers: dict[str, Callable[[], Pieces]] = {
            "PERSON": lambda: sentry_firms.person(lex, rng, self.language),
            "FULL": lambda: [Piece(sentry_firms.full_name(lex, rng), "PER")],
            "FIRST": lambda: [Piece(lex.first(rng), "PER")],
            "LAST": lambda: [Piece(lex.last(rng), "PER")],
            "ADDRESS": lambda: sentry_places.address(lex, rng, self.language),
            "STREET": lambda: sentry_places.street_of(lex, rng, self.language),
            "ZIP": lambda: sentry_places.code_of(lex, rng, self.language),
            "PLACE": lambda: sentry_places.place(lex, rng),
            "TOWN": lambda: [Piece(sentry_places.town(lex, rng), "LOC")],
            "COUNTRY": lambda: [Piece(rng.choice(PLACES["countries"]), "LOC")],
            "STATE": lambda: [Piece(rng.choice(rng.choice(PLACES["us_states"]).split("/")), "LOC")],
            "FIRM": lambda: [Piece(sentry_firms.firm(lex, rng, self.language), "ORG")],
            "TITLE": lambda: [Piece(sentry_firms.title(rng, self.language))],
            "JOB": lambda: [Piece(rng.choice(_NEAR["jobs"]))],
            "JOBDE": lambda: [Piece(rng.choice(_BERUFE))],
            "THING": lambda: [Piece(rng.choice(_NEAR["things"]))],
            "PRODUCT": lambda: [Piece(rng.choice(_NEAR["products"]))],
            "TERM": lambda: [Piece(rng.choice(_NEAR["terms"]))],
            "NAT": lambda: [
                Piece(rng.choice(("local", "young", "leading", "retired", "well-known", "small")))
            ],
            "MONTH": lambda: [Piece(rng.choice(_MONTHS))],
            "DAY": lambda: [Piece(rng.choice(_DAYS))],
            "MONAT": lambda: [Piece(rng.choice(_MONATE))],
            "TAG": lambda: [Piece(rng.choice(_TAGE))],
            "MOIS": lambda: [Piece(rng.choice(_MOIS))],
            "nn": lambda: [Piece(f"{rng.randint(10, 99)}")],
        }

    def _value(self, slot: str) -> Pieces:
        maker = self._makers.get(slot)
        return maker() if maker else [Piece(self._plain[slot]())]

    def fill(self, frame: str) -> Example:
        """A frame with values and their spans; a first name and the last name behind it are one person."""
        text, at = "", 0
        spans: list[tuple[int, int, str]] = []
        for slot in _SLOT.finditer(frame):
            text += frame[at : slot.start()]
            for piece in self._value(slot[1]):
                start, end = len(text), len(text) + len(piece.text)
                if piece.kind is not None:
                    joined = (
                        piece.kind == "PER"
                        and spans
                        and spans[-1][2] == "PER"
                        and text[spans[-1][1] :] == " "
                    )
                    start = spans.pop()[0] if joined else start
                    spans.append((start, end, piece.kind))
                text += piece.text
            at = slot.end()
        return Example(text + frame[at:], tuple(spans), SOURCE)

    def one(self) -> Example:
        """One text of a random scene and language."""
        self.language = self.rng.choices(list(_LANGUAGES), list(_LANGUAGES.values()))[0]
        rules = FRAMES[self.language]
        more = self.rng.random() < 0.25
        frames = [expand(rules, "start", self.rng) for _ in range(2 if more else 1)]
        return self.fill(self.rng.choice((" ", "\n")).join(frames))
