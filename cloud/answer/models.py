"""The cloud's model, loaded when it is first needed: the shipped one, a file, or any OpenAI-compatible server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from cloud.answer.choose import Choice, no_calibration
from cloud.config import Model, ModelKind
from tidegate.assets import model_dir
from tidegate.chat import Prompt
from tidegate.engines.port import Draft, Engine
from tidegate.errors import BadConfig, Broken
from tidegate.risk.calibrate import FILE, Calibration, read_calibration


@dataclass
class LazyEngine:
    """An Engine that costs nothing until it is asked: loading blocks a worker thread, not the event loop."""

    load: Callable[[], Engine]
    _engine: Engine | None = field(default=None, init=False)
    _loading: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    @property
    def model(self) -> str:
        return self._loaded().model

    @property
    def digest(self) -> str:
        return self._loaded().digest

    @property
    def context_tokens(self) -> int:
        return self._loaded().context_tokens

    async def generate(self, prompt: Prompt) -> Draft:
        async with self._loading:
            if self._engine is None:
                self._engine = await asyncio.to_thread(self.load)
        return await self._engine.generate(prompt)

    async def close(self) -> None:
        if self._engine is not None:
            await self._engine.close()

    def _loaded(self) -> Engine:
        if self._engine is None:
            raise Broken("the cloud model was named before it was asked anything", code="model_not_loaded")
        return self._engine


def choose(settings: Model) -> LazyEngine | None:
    """The configured engine; None when there is to be none, or no model is shipped. Raises BadConfig."""
    match settings.kind:
        case ModelKind.NONE:
            return None
        case ModelKind.REMOTE:
            if not settings.base_url or not settings.name:
                raise BadConfig("model: a remote needs base_url and name", code="config_missing")
            return LazyEngine(lambda: _remote(settings))
        case ModelKind.EMBEDDED:
            path = settings.path or shipped()
            return None if path is None else LazyEngine(lambda: _embedded(path))


def shipped() -> Path | None:
    """The shipped cloud model's file, if this installation has one."""
    try:
        found = sorted(model_dir("cloud").glob("*.gguf"))
    except Broken:
        return None
    return found[0] if found else None


def choice(settings: Model, engine: LazyEngine | None, documents: str) -> Choice:
    """Who answers with this engine beside these documents (their SHA-256)."""
    return Choice(
        engine,
        documents,
        speaks=settings.kind is ModelKind.REMOTE,
        calibrated=calibration_beside(settings),
    )


def calibration_beside(settings: Model) -> Callable[[str], Calibration | None]:
    """Finds the calibration of the embedded model's weights in the file beside them; of a remote model there is none."""
    path = settings.path or shipped()
    if settings.kind is not ModelKind.EMBEDDED or path is None:
        return no_calibration
    return cache(lambda digest: read_calibration(path.parent / FILE, digest))


def _embedded(path: Path) -> Engine:
    from tidegate.engines.embedded import CLOUD_LIMITS
    from tidegate.engines.llama import LlamaEngine

    return LlamaEngine.load(path, limits=CLOUD_LIMITS)


def _remote(settings: Model) -> Engine:
    from tidegate.engines.remote import RemoteEngine

    key = settings.api_key_file.read_text("utf-8").strip() if settings.api_key_file is not None else ""
    return RemoteEngine(settings.base_url, settings.name, api_key=key, timeout_s=settings.timeout_s)
