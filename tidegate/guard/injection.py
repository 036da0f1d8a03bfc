"""How likely a text tries to steer the model: the encoder's score over all readings, and a few structural signals.

A triage signal, not a defence: measured recall and false positives are in `models/sentry/CARD.md`. Thresholds come
from the model's own settings, chosen on held-out benign text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from tidegate.guard.normalise import Views, views
from tidegate.privacy.encoder import Encoder, shipped
from tidegate.privacy.package import Size
from tidegate.privacy.placeholders import find_placeholders


class Verdict(StrEnum):
    """What to do with a text is the caller's policy; this is only how bad it looks."""

    CLEAN = "clean"
    SUSPECT = "suspect"
    ATTACK = "attack"


@dataclass(frozen=True, slots=True)
class Guarded:
    """`injection` is 0..1, comparable between texts; `verdict` is that score against the model's thresholds."""

    injection: float
    verdict: Verdict


# Chat-template control tokens have no place in a person's text: whoever writes them speaks to the machinery.
_CONTROL: Final = re.compile(
    r"<\|(?:im_start|im_end|system|assistant|endoftext|start_header_id|eot_id)\|?>|\[/?INST\]|<<SYS>>|</?(?:system|assistant)>"
)
_ORDER: Final = re.compile(
    r"(?i)\b(?:ignore|disregard|forget|override|ignorier\w*|vergiss|oublie\w*|ignorez|negeer|vergeet|olvida|ignora)\b"
    r".{0,30}\b(?:previous|prior|above|preceding|earlier|system|vorherig\w*|bisherig\w*|obig\w*|pr[ée]c[ée]dent\w*|vorige|"
    r"anterior\w*)\b.{0,20}\b(?:instructions?|prompts?|rules|directions|guidelines|anweisungen|regeln|r[èe]gles|instructies)\b"
)
# A soft hyphen or an emoji's joiner is normal; a dozen invisible characters are not.
_INVISIBLE_RUN: Final = 12


def assess(text: str, encoder: Encoder) -> Guarded:
    """Score `text` in all its readings. Raises BadRequest beyond the encoder's limits, Broken when it fails."""
    readings = views(worded(text))
    settings = encoder.settings
    score = max(encoder.scan(view).injection for view in (readings.plain, *readings.others))
    score = max(score, signals(readings, suspect=settings.suspect, attack=settings.attack))
    return Guarded(round(score, 6), verdict(score, suspect=settings.suspect, attack=settings.attack))


def worded(text: str) -> str:
    """The text with the plain words for what each placeholder stands for: a mark of our own making, with its check character
    right, tells a model nothing to do, and the encoder has not learned what it is."""
    parts, at = [], 0
    for found in find_placeholders(text):
        if found.intact:
            parts += [text[at : found.start], found.kind.lower().replace("_", " ")]
            at = found.end
    return "".join([*parts, text[at:]])


def verdict(score: float, *, suspect: float, attack: float) -> Verdict:
    """The band a score lies in."""
    if score >= attack:
        return Verdict.ATTACK
    return Verdict.SUSPECT if score >= suspect else Verdict.CLEAN


def signals(readings: Views, *, suspect: float, attack: float) -> float:
    """What needs no model: hidden text is an attack; control tokens, a plain override and invisible runs are suspect."""
    everything = (readings.plain, *readings.others)
    if len(readings.hidden) >= _INVISIBLE_RUN:
        return attack
    if any(_CONTROL.search(view) or _ORDER.search(view) for view in everything):
        return suspect
    return suspect if readings.invisible >= _INVISIBLE_RUN else 0.0


def load_guard(size: Size = Size.FULL, book: Path | None = None) -> Callable[[str], float]:
    """The injection score on a shipped encoder. Raises Broken when it is missing or fails its self-test."""
    encoder = shipped(size, book)
    return lambda text: assess(text, encoder).injection


def load_assess(size: Size = Size.FULL, book: Path | None = None) -> Callable[[str], Guarded]:
    """`assess` on a shipped encoder. Raises Broken when it is missing or fails its self-test."""
    encoder = shipped(size, book)
    return lambda text: assess(text, encoder)
