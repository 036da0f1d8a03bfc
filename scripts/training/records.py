"""What a training example is, and the one rule that decides which texts are held out.

Rule 1: the fold of an utterance depends on its text alone, so the same words in two data sets land in the same fold.
Rule 2: every text made by changing another one (swapped values, generated homes) is folded again before it is used.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Literal, TypeAlias, Union

Json: TypeAlias = Union[str, int, float, bool, "list[Json]", "dict[str, Json]", None]
Argument: TypeAlias = str | int | float | tuple[str, ...]
Fold: TypeAlias = Literal["train", "calibration", "test", "demo"]

DEMO_UTTERANCES: tuple[str, ...] = (
    "what's the weather like in Lisbon tomorrow",
    "add this song to my workout playlist",
    "play some jazz by Miles Davis",
    "book a table for four at an Italian restaurant in Denver tonight",
    "give the novel Dune five stars",
    "turn off the lights in the kitchen",
    "set the bedroom thermostat to 21 degrees",
    "when is the movie Arrival playing at the nearest cinema",
    "find the video game Stardew Valley",
    "will it rain in Oslo this weekend",
)

_SPACES = re.compile(r"\s+")


def normalised(text: str) -> str:
    """Lower case, single spaces, no closing punctuation: what counts as "the same utterance"."""
    return _SPACES.sub(" ", text.lower()).strip(" .?!")


_DEMO = frozenset(normalised(text) for text in DEMO_UTTERANCES)


def fold(text: str) -> Fold:
    """The fold of an utterance, by a stable hash: 90 % train, 5 % calibration, 5 % test; demonstration lines apart."""
    plain = normalised(text)
    if plain in _DEMO:
        return "demo"
    bucket = int.from_bytes(hashlib.sha256(plain.encode()).digest()[:4], "big") % 20
    return "calibration" if bucket == 0 else "test" if bucket == 1 else "train"


def is_held_out(text: str) -> bool:
    """True when training must never see this utterance."""
    return fold(text) != "train"


def half(text: str) -> Fold:
    """Calibration or test, for texts that no training could have seen whatever their hash."""
    return "calibration" if hashlib.sha256(normalised(text).encode()).digest()[4] % 2 else "test"


def held_word(word: str) -> bool:
    """True for the sixth of all device names and areas that only homes of held-out tests have."""
    return hashlib.sha256(f"home word/{normalised(word)}".encode()).digest()[0] % 6 == 0


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter of a tool. `kind` is a JSON schema type name; `enum` empty means any value."""

    name: str
    kind: str = "string"
    enum: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as the prompt names it."""

    name: str
    params: tuple[Param, ...] = ()

    def openai(self) -> dict[str, Json]:
        """The tool in the shape of OpenAI's `tools` array."""
        properties: dict[str, Json] = {}
        for param in self.params:
            schema: dict[str, Json] = {"type": param.kind}
            if param.enum:
                schema["enum"] = list(param.enum)
            properties[param.name] = schema
        parameters: dict[str, Json] = {"type": "object", "properties": properties}
        return {"type": "function", "function": {"name": self.name, "parameters": parameters}}


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call; argument values are in the words of the request, numbers are numbers."""

    name: str
    arguments: tuple[tuple[str, Argument], ...] = ()


def arguments_text(call: Call) -> str:
    """The arguments as JSON, in the order of mention."""
    return json.dumps(dict(call.arguments), ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Example:
    """One request. `expected_calls` is None when the right answer is "not for me"."""

    source: str
    text: str
    specs: tuple[ToolSpec, ...]
    expected_calls: tuple[Call, ...] | None
    system: str = ""
    history: tuple[tuple[str, str], ...] = ()
    # Set: the calls were made, the tool gave this back, and `answer` is what to say now (empty: pass).
    result: str = ""
    answer: str = ""

    @property
    def messages(self) -> list[dict[str, Json]]:
        """The conversation in OpenAI's shape."""
        found: list[dict[str, Json]] = [{"role": "system", "content": self.system}] if self.system else []
        found += [{"role": role, "content": content} for role, content in self.history]
        found.append({"role": "user", "content": self.text})
        if self.result:
            calls: list[Json] = [
                {"type": "function", "function": {"name": c.name, "arguments": arguments_text(c)}}
                for c in self.expected_calls or ()
            ]
            found.append({"role": "assistant", "content": None, "tool_calls": calls})
            found.append({"role": "tool", "content": self.result})
        return found

    @property
    def tools(self) -> list[dict[str, Json]]:
        """The tools in OpenAI's shape."""
        return [spec.openai() for spec in self.specs]
