"""Drafts that a model wrote for a fit, kept under build/ so that another fit of the same weights need not write them again.

A line for each prompt: what it was asked, by a digest, and what came. Only for data sets that anyone can have: drafts are text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

from tidegate.chat import Prompt
from tidegate.engines.port import Draft

FOLDER = Path(__file__).resolve().parents[1] / "build" / "confidence"


class Model(Protocol):
    """What is asked of an engine here."""

    @property
    def digest(self) -> str: ...

    async def generate(self, prompt: Prompt) -> Draft: ...

    async def glance(self, prompt: Prompt) -> Mapping[str, float]: ...


class Line(msgspec.Struct, frozen=True):
    """`seen`: the look before writing; None when nobody looked."""

    asked: str
    draft: Draft
    seen: dict[str, float] | None = None


@dataclass(slots=True)
class Recalling:
    """An engine that remembers. Use from one event loop."""

    engine: Model
    path: Path
    known: dict[str, Line]

    async def draft(self, prompt: Prompt) -> Draft:
        """What the model writes."""
        return (await self._line(prompt, look=False)).draft

    async def looked(self, prompt: Prompt) -> tuple[dict[str, float], Draft]:
        """What the model thinks before it writes, and what it writes."""
        found = await self._line(prompt, look=True)
        return found.seen or {}, found.draft

    async def _line(self, prompt: Prompt, *, look: bool) -> Line:
        asked = hashlib.sha256(msgspec.msgpack.encode(prompt)).hexdigest()
        found = self.known.get(asked)
        if found is None or (look and found.seen is None):
            seen = dict(await self.engine.glance(prompt)) if look else None
            draft = found.draft if found is not None else await self.engine.generate(prompt)
            found = self.known[asked] = Line(asked, draft, seen)
            with self.path.open("ab") as file:
                file.write(msgspec.json.encode(found) + b"\n")
        return found


def recalling(engine: Model, folder: Path | None = None) -> Recalling:
    """The engine with what is known of its weights; a line that was cut off is written anew."""
    path = (folder or FOLDER) / f"{engine.digest[:16]}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and not path.read_bytes().endswith(b"\n"):
        with path.open("ab") as file:
            file.write(b"\n")
    return Recalling(engine, path, {line.asked: line for line in _lines(path)})


def _lines(path: Path) -> Iterator[Line]:
    if not path.exists():
        return
    decoder = msgspec.json.Decoder(Line)
    with path.open("rb") as file:
        for raw in file:
            try:
                yield decoder.decode(raw)
            except msgspec.MsgspecError:
                continue
