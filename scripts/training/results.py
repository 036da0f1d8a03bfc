"""What a tool gave back, and the short answer made of it: the second half of a tool call.

The model says what the result says, in the result's own words, and passes on what it cannot say shortly.
"""

from __future__ import annotations

import json
import random

from scripts.training.records import Json

KEYS = (
    "temperature unit condition humidity wind city date time state name area title artist price currency distance"
    " duration count status level battery brightness volume track album weather forecast location room mode value"
    " percent station playlist rating result message minutes hours speed pressure start end day owner"
).split()
WORDS = (
    "on",
    "off",
    "open",
    "closed",
    "sunny",
    "light rain",
    "cloudy",
    "playing",
    "paused",
    "idle",
    "kitchen",
    "ready",
)
UNITS = ("°C", "°F", "km", "%", "EUR", "min", "C", "hPa")
ERRORS = (
    "no device with this name",
    "not found",
    "timeout",
    "the service is not available",
    "unknown city",
    "permission denied",
    "device is offline",
    "not supported",
)
DONE = (
    '{"success": true}',
    '{"status": "ok"}',
    '{"ok": true}',
    "ok",
    "done",
    '{"result": "success"}',
    "null",
    "{}",
)


def drawn(words: tuple[str, ...], rng: random.Random) -> tuple[str, str]:
    """(result as the tool wrote it, answer); an empty answer means: not for me."""
    kind = rng.random()
    if kind < 0.25:
        return rng.choice(DONE), "Done."
    if kind < 0.4:
        error = rng.choice((*ERRORS, rng.choice(words)))
        shape = rng.choice(
            (f"Error: {error}", json.dumps({"error": error}), json.dumps({"ok": False, "error": error}))
        )
        return shape, f"That did not work: {error}."
    if kind < 0.55:
        text = " ".join(rng.choice(words) for _ in range(rng.randrange(1, 4)))
        return text, text
    if kind < 0.65:
        deep: Json = {
            rng.choice(KEYS): [{rng.choice(KEYS): value(words, rng)} for _ in range(rng.randrange(2, 4))]
        }
        return json.dumps(deep, ensure_ascii=False), ""
    flat = {key: value(words, rng) for key in rng.sample(KEYS, rng.choice((1, 1, 2, 2, 3, 4)))}
    said = ", ".join(f"{key}: {plain(item)}" for key, item in flat.items())
    return json.dumps(flat, ensure_ascii=False), said


def value(words: tuple[str, ...], rng: random.Random) -> Json:
    """A scalar as tools return them."""
    return rng.choice(
        (
            rng.randrange(0, 120),
            round(rng.uniform(-20, 120), 1),
            rng.choice(WORDS),
            rng.choice(words),
            rng.choice(UNITS),
            f"{rng.randrange(24):02d}:{rng.randrange(60):02d}",
            rng.random() < 0.5,
        )
    )


def plain(item: Json) -> str:
    """A scalar as the answer says it."""
    return item if isinstance(item, str) else json.dumps(item)
