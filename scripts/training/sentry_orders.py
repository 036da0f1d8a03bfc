"""Orders to a model and their calm look-alikes in five languages, put together from rules (`order_frames.toml`).

Calm German text without German attacks beside it taught a sentry that German is calm. Every language here has both, in equal numbers.
"""

from __future__ import annotations

import random
import tomllib
from pathlib import Path

from scripts.training.phrases import expand

FRAMES: dict[str, dict[str, list[str]]] = tomllib.loads(
    Path(__file__).with_name("order_frames.toml").read_text(encoding="utf-8")
)
_WEIGHTS = {"de": 42, "en": 26, "fr": 12, "nl": 10, "es": 10}


def order(rng: random.Random, attack: bool) -> str:
    """One text: an attack or a calm one; now and then shouted, whispered or without its full stop."""
    language = rng.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
    text = expand(FRAMES[language], "attack" if attack else "calm", rng)
    roll = rng.random()
    if roll < 0.12:
        return text.lower()
    if roll < 0.16:
        return text.upper()
    return text.rstrip(".!") if roll < 0.26 else text
