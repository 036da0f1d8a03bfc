"""The embedder of this device, for applications: loaded at its first use, off the event loop, one text at a time."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from edge.config import Embedding
from tidegate.errors import BadConfig, Broken

NAME = "embedding"
WIDTH = 384  # of the built embedder


@dataclass(frozen=True, slots=True)
class Vector:
    """One text's place: little-endian float32, length 1. `pieces` were read; `whole` unless there was more to read."""

    raw: bytes = field(repr=False)
    pieces: int
    whole: bool


Reader: TypeAlias = Callable[[str], Vector]
"""Reads one text, on a worker thread. Raises Broken."""


class LazyEmbedder:
    """Nothing is imported or held before the first request; afterwards the embedder stays. `width`: numbers of a vector, 0 when unknown.

    Texts are embedded one at a time in a worker thread, so that a caller who goes away stops the work after the text in
    hand, and two requests share one core instead of taking two.
    """

    def __init__(self, load: Callable[[], Reader], present: Callable[[], bool], *, width: int = 0) -> None:
        self.width = width
        self._load = load
        self._present = present
        self._loaded: Reader | None = None
        self._loading: asyncio.Future[Reader] | None = None
        self._turn = asyncio.Lock()

    @property
    def present(self) -> bool:
        """Whether it has been built on this machine; whether it works is found out at its first use."""
        return self._loaded is not None or self._present()

    async def embed(self, texts: Sequence[str]) -> tuple[Vector, ...]:
        """One vector per text. Raises Broken (embedder_missing, embedder_broken) and tries anew the next time."""
        reader = await self._ready()
        found: list[Vector] = []
        for text in texts:
            async with self._turn:
                found.append(await asyncio.to_thread(reader, text))
        return tuple(found)

    async def _ready(self) -> Reader:
        """Loads it once, whoever waits for it; a caller who goes away does not stop that."""
        if self._loaded is not None:
            return self._loaded
        if self._loading is None:
            self._loading = asyncio.ensure_future(asyncio.to_thread(self._load))
            self._loading.add_done_callback(self._keep)
        return await asyncio.shield(self._loading)

    def _keep(self, loading: asyncio.Future[Reader]) -> None:
        self._loading = None
        if not loading.cancelled() and loading.exception() is None:
            self._loaded = loading.result()


def on_this_machine() -> LazyEmbedder:
    """The one that `tidegate models build embedder` makes."""
    return LazyEmbedder(_load, _present, width=WIDTH)


def of_file(settings: Embedding) -> dict[str, LazyEmbedder]:
    """The GGUF model of the settings, under its name; none when there is none. The file is only looked at. Raises BadConfig."""
    path = settings.path
    if path is None:
        return {}
    name = settings.name or re.sub(r"[^a-z0-9._-]+", "-", path.stem.casefold())
    if name == NAME:
        raise BadConfig(
            f"embedding.name: {NAME!r} is the embedder that is built in; choose another", code="bad_name"
        )
    return {name: LazyEmbedder(lambda: _pooled(path, settings), path.is_file, width=_width(path))}


def _width(path: Path) -> int:
    """What the file says; 0 when it cannot be read now: whoever asks is told then."""
    from tidegate.engines.gguf import read_header

    try:
        header = read_header(path)
        return header.number("embedding_length_out") or header.number("embedding_length")
    except Broken:
        return 0


def _pooled(path: Path, settings: Embedding) -> Reader:
    """Raises Broken: no model, one without embeddings, or more memory than is free."""
    from tidegate.engines.gguf import read_header
    from tidegate.engines.pooled import PooledModel
    from tidegate.models.memory import available, mebibytes, need_of

    window, free = settings.context_tokens, available()
    need = need_of(read_header(path), path.stat().st_size, context_tokens=window, batch_tokens=window).total
    if free is not None and need > free:
        raise Broken(
            f"this embedding model needs about {mebibytes(need)} of memory and {mebibytes(free)} are free; it was not loaded",
            code="memory_short",
            hint="choose a smaller file or embedding.context_tokens, or end other programs",
        )
    model = PooledModel(path, window=window, threads=settings.threads)

    def read(text: str) -> Vector:
        vector, tokens, whole = model.read(text)
        return Vector(vector.tobytes(), tokens, whole)

    return read


def _load() -> Reader:
    from tidegate.engines.embedder import WINDOW, shipped

    try:
        embedder = shipped()
    except Broken as error:
        again = " --again" if error.code == "embedder_broken" else ""
        raise Broken(
            error.message,
            code=error.code,
            hint=f'run "tidegate models build embedder{again}", then ask again',
        ) from error

    def read(text: str) -> Vector:
        pieces = len(embedder.pieces(text))
        return Vector(embedder.embed([text])[0].astype("<f4").tobytes(), pieces, pieces < WINDOW)

    return read


def _present() -> bool:
    from tidegate.assets import model_dir

    try:
        return (model_dir("embedder") / "graph.onnx").is_file()
    except Broken:
        return False
