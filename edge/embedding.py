"""The embedder of this device, for applications: loaded at its first use, off the event loop, one text at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tidegate.errors import Broken

if TYPE_CHECKING:
    from tidegate.engines.embedder import Embedder

NAME = "embedding"


@dataclass(frozen=True, slots=True)
class Vector:
    """One text's place: little-endian float32, length 1. `pieces` were read; `whole` unless there was more to read."""

    raw: bytes = field(repr=False)
    pieces: int
    whole: bool


class LazyEmbedder:
    """Nothing is imported or held before the first request; afterwards the embedder stays.

    Texts are embedded one at a time in a worker thread, so that a caller who goes away stops the work after the text in
    hand, and two requests share one core instead of taking two.
    """

    def __init__(self, load: Callable[[], Embedder], present: Callable[[], bool]) -> None:
        self._load = load
        self._present = present
        self._loaded: Embedder | None = None
        self._loading: asyncio.Future[Embedder] | None = None
        self._turn = asyncio.Lock()

    @property
    def present(self) -> bool:
        """Whether it has been built on this machine; whether it works is found out at its first use."""
        return self._loaded is not None or self._present()

    async def embed(self, texts: Sequence[str]) -> tuple[Vector, ...]:
        """One vector per text. Raises Broken (embedder_missing, embedder_broken) and tries anew the next time."""
        embedder = await self._ready()
        found: list[Vector] = []
        for text in texts:
            async with self._turn:
                found.append(await asyncio.to_thread(_embedded, embedder, text))
        return tuple(found)

    async def _ready(self) -> Embedder:
        """Loads it once, whoever waits for it; a caller who goes away does not stop that."""
        if self._loaded is not None:
            return self._loaded
        if self._loading is None:
            self._loading = asyncio.ensure_future(asyncio.to_thread(self._load))
            self._loading.add_done_callback(self._keep)
        return await asyncio.shield(self._loading)

    def _keep(self, loading: asyncio.Future[Embedder]) -> None:
        self._loading = None
        if not loading.cancelled() and loading.exception() is None:
            self._loaded = loading.result()


def _embedded(embedder: Embedder, text: str) -> Vector:
    from tidegate.engines.embedder import WINDOW

    pieces = len(embedder.pieces(text))
    return Vector(embedder.embed([text])[0].astype("<f4").tobytes(), pieces, pieces < WINDOW)


def on_this_machine() -> LazyEmbedder:
    """The one that `tidegate models build embedder` makes."""
    return LazyEmbedder(_load, _present)


def _load() -> Embedder:
    from tidegate.engines.embedder import shipped

    try:
        return shipped()
    except Broken as error:
        again = " --again" if error.code == "embedder_broken" else ""
        raise Broken(
            error.message,
            code=error.code,
            hint=f'run "tidegate models build embedder{again}", then ask again',
        ) from error


def _present() -> bool:
    from tidegate.assets import model_dir

    try:
        return (model_dir("embedder") / "graph.onnx").is_file()
    except Broken:
        return False
