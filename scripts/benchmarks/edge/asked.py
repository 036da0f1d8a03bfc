"""What the servers are asked: chat bodies, seeded, no two alike, so that nothing is answered from a cache by accident."""

from __future__ import annotations

import random

from scripts.benchmarks.edge.servers import Body

MODEL = "tidegate-local"  # llama.cpp's server has one model and reads no name
WORDS = """the heating in the kitchen was on all night and the window stood open while nobody was at home today please say
what it costs in a year when the pump runs at half of its power and the water is not warmer than it has to be for a family
of four that works from home on most days and likes the rooms a little cold in the morning but warm in the evening""".split()
PLACES = "kitchen hall garage attic cellar office nursery porch bedroom studio".split()
LIGHTS: Body = {
    "type": "function",
    "function": {
        "name": "SwitchLight",
        "description": "Turns a light on or off",
        "parameters": {
            "type": "object",
            "properties": {"room": {"type": "string"}, "state": {"type": "string", "enum": ["on", "off"]}},
            "required": ["room", "state"],
        },
    },
}


class Asker:
    """Makes bodies; the same seed makes the same ones."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)

    def text(self, words: int) -> str:
        """So many words; the first is a number that no other text begins with, so that no prefix is shared."""
        first = str(self._rng.randrange(10**9))
        return " ".join([first, *(self._rng.choice(WORDS) for _ in range(words))])

    def chat(self, words: int, tokens: int, system: str = "") -> Body:
        """A user's text of so many words, to be answered greedily with at most so many tokens."""
        turns: list[Body] = [{"role": "system", "content": system}] if system else []
        return {
            "model": MODEL,
            "messages": [*turns, {"role": "user", "content": self.text(words)}],
            "max_tokens": tokens,
            "temperature": 0,
        }

    def command(self) -> Body:
        """A request that the embedded model answers with a call, about a room of its own."""
        room = f"{self._rng.choice(PLACES)} {self._rng.randrange(1000)}"
        said = f"turn {self._rng.choice(('on', 'off'))} the light in the {room}"
        return {
            "model": MODEL,
            "messages": [{"role": "user", "content": said}],
            "tools": [LIGHTS],
            "tool_choice": "required",
            "max_tokens": 64,
        }
