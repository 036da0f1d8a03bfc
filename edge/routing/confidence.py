"""The model on this device as the turn sees it: an engine, its calibration, and a swap that no request notices."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from tidegate.chat import Message, Prompt, Role
from tidegate.engines.port import ANYHOW, Draft, Engine, Terms
from tidegate.engines.seats import Seats
from tidegate.errors import Broken
from tidegate.risk.calibrate import FILE, Calibration, confidence, prospect, read_calibration

T = TypeVar("T")
KEEP_AT = 0.6  # for a model that nobody calibrated: above its prior, so it keeps nothing on its own word
_SMOKE = Prompt((Message(Role.USER, "turn on the light"),), max_tokens=1)


class LocalEngine(Engine, Protocol):
    """An engine on this machine: it counts tokens and looks at a prompt without writing.

    `count_tokens` raises BadRequest (the template refuses the conversation) and Broken (model_closed when unloaded).
    """

    @property
    def speaks(self) -> bool: ...

    def count_tokens(self, prompt: Prompt) -> int: ...

    async def generate(self, prompt: Prompt, terms: Terms = ANYHOW) -> Draft: ...

    async def glance(self, prompt: Prompt) -> Mapping[str, float]: ...

    async def read_ahead(self, prompt: Prompt, application: str = "") -> None: ...

    def seats(self) -> Seats:
        """Its slots and its queue, from any thread."""
        ...


@dataclass(frozen=True, slots=True)
class Loaded:
    """An engine and what is known about exactly these weights."""

    engine: LocalEngine
    calibration: Calibration | None

    @property
    def keep_at(self) -> float:
        """The P(right) from which a draft of this model is kept, unless the configuration says otherwise."""
        return self.calibration.keep_at if self.calibration is not None else KEEP_AT


def load_folder(engine: LocalEngine, folder: Path) -> Loaded:
    """The engine with the calibration beside its weights, when that was made for them. Raises Broken."""
    return Loaded(engine, read_calibration(folder / FILE, engine.digest))


class EmbeddedModel:
    """Implements `edge.ports.LocalModel`, and the model slot of the update. Use from one event loop.

    `load` makes an engine from a weights file, off the event loop.
    """

    def __init__(self, loaded: Loaded | None, load: Callable[[Path], Awaitable[LocalEngine]]) -> None:
        self._loaded, self._load = loaded, load
        self._leaving: set[asyncio.Task[None]] = set()

    @property
    def ready(self) -> bool:
        return self._loaded is not None

    @property
    def context_tokens(self) -> int:
        return self._loaded.engine.context_tokens if self._loaded is not None else 0

    @property
    def speaks(self) -> bool:
        return self._loaded is not None and self._loaded.engine.speaks

    @property
    def model(self) -> str:
        """The id shown to clients; empty without a model."""
        return self._loaded.engine.model if self._loaded is not None else ""

    @property
    def digest(self) -> str:
        """SHA-256 of the weights in use; empty without a model."""
        return self._loaded.engine.digest if self._loaded is not None else ""

    @property
    def calibrated(self) -> bool:
        """Whether P(right) was measured for these weights; when not, it never exceeds the stated prior."""
        return self._loaded is not None and self._loaded.calibration is not None

    @property
    def calibration(self) -> Calibration | None:
        """What is known about the weights in use. Changes with the model."""
        return self._loaded.calibration if self._loaded is not None else None

    @property
    def keep_at(self) -> float:
        """See `Loaded.keep_at`. Changes with the model."""
        return self._loaded.keep_at if self._loaded is not None else KEEP_AT

    @property
    def seats(self) -> Seats | None:
        """The engine's slots and queue; None without a model."""
        return self._loaded.engine.seats() if self._loaded is not None else None

    def count_tokens(self, prompt: Prompt) -> int:
        return self._current().engine.count_tokens(prompt)

    async def generate(self, prompt: Prompt, terms: Terms = ANYHOW) -> Draft:
        return await self._on_current(lambda engine: engine.generate(prompt, terms))

    async def read_ahead(self, prompt: Prompt, application: str = "") -> None:
        await self._current().engine.read_ahead(prompt, application)

    def confidence(self, prompt: Prompt, draft: Draft) -> float:
        return confidence(draft, prompt, self._loaded.calibration if self._loaded is not None else None)

    async def glance(self, prompt: Prompt) -> Mapping[str, float]:
        """What the model makes of a prompt before it writes anything. Raises BadRequest and Broken."""
        return await self._on_current(lambda engine: engine.glance(prompt))

    def prospect(self, prompt: Prompt, seen: Mapping[str, float]) -> float:
        """P(right) before anything is written, from such a glance."""
        return prospect(seen, prompt, self._loaded.calibration if self._loaded is not None else None)

    async def switch(self, path: Path, release: str) -> None:
        """Loads the weights at `path`, lets them write one token, and only then puts them in place of the old ones.

        Requests that already run finish on the old model, which is then unloaded. Raises Broken, with the old model
        still in place, when the new one does not load or cannot write.
        """
        engine = await self._load(path)
        try:
            await engine.generate(_SMOKE)
            fresh = load_folder(engine, path.parent)
        except BaseException:
            await engine.close()
            raise
        self._replace(fresh)

    async def close(self) -> None:
        """Finishes what runs and unloads the model."""
        self._replace(None)
        await asyncio.gather(*self._leaving)

    def _replace(self, fresh: Loaded | None) -> None:
        """From here on requests go to `fresh`; the old engine leaves in the background, when its last request is done."""
        old, self._loaded = self._loaded, fresh
        if old is not None:
            leaving = asyncio.create_task(old.engine.close())
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)

    def _current(self) -> Loaded:
        if self._loaded is None:
            raise Broken(
                "no model is loaded on this device", code="model_missing", hint='run "tidegate edge doctor"'
            )
        return self._loaded

    async def _on_current(self, work: Callable[[LocalEngine], Awaitable[T]]) -> T:
        """Runs on the model in place; once more when a swap closed it between the look and the call."""
        loaded = self._current()
        try:
            return await work(loaded.engine)
        except Broken as error:
            if error.code != "model_closed" or self._loaded is loaded:
                raise
            return await work(self._current().engine)
