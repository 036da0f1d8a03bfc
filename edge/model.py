"""Finds and loads the model of this device: a file of the settings, else the running update, else the embedded one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from edge.config import EdgeConfig, Model
from edge.remembered import THREADS, Remembered
from edge.routing.confidence import EmbeddedModel, LocalEngine, load_folder
from edge.update.agent import boot_slot
from edge.update.journal import FileJournal
from edge.update.machine import EMBEDDED, Generation
from edge.update.slots import Slots
from tidegate.errors import Broken
from tidegate.logs import Log

if TYPE_CHECKING:
    from tidegate.engines.llama import Limits


Load = Callable[[Path], Awaitable[LocalEngine]]


@dataclass(frozen=True, slots=True)
class Opened:
    """The model slot, and the generation that it serves (the embedded one when it serves none)."""

    local: EmbeddedModel
    serving: Generation


def slots_of(config: EdgeConfig) -> Slots:
    return Slots(config.state / "models")


def journal_of(config: EdgeConfig) -> FileJournal:
    return FileJournal(config.state / "update.json")


async def open_model(config: EdgeConfig, log: Log) -> Opened:
    """A model slot. It stays empty, with a line in the log, when no model can be used; the daemon works all the same."""
    load = _loader(config)
    if not config.model.enabled:
        log.info("no_local_model", reason="disabled")
        return Opened(EmbeddedModel(None, load), EMBEDDED)
    slot = boot_slot(slots_of(config), journal_of(config)) if config.model.path is None else None
    if slot is not None:
        try:
            return Opened(await _opened(slot.model, load), slot.generation)
        except Broken as error:
            log.error("update_does_not_load", error)  # the embedded one answers; the agent reports it
    try:
        return Opened(await _opened(model_path(config), load), EMBEDDED)
    except Broken as error:
        log.error("no_local_model", error)
        return Opened(EmbeddedModel(None, load), EMBEDDED)


def model_path(config: EdgeConfig) -> Path:
    """The weights this device has of its own: those of the settings, else the embedded ones. Raises Broken."""
    if config.model.path is not None:
        if not config.model.path.is_file():
            raise Broken(
                "model.path: there is no such file", code="model_missing", hint="correct the settings"
            )
        return config.model.path
    from tidegate.assets import model_dir
    from tidegate.engines.embedded import weights_path

    return weights_path(model_dir("edge"))


async def switch(config: EdgeConfig, local: EmbeddedModel) -> None:
    """Puts the model that the settings name in place of the one that serves. Raises Broken, with the old one still serving."""
    path = config.model.path
    slot = boot_slot(slots_of(config), journal_of(config)) if path is None else None
    await local.switch(slot.model if slot is not None else model_path(config), "")


async def _opened(path: Path, load: Load) -> EmbeddedModel:
    return EmbeddedModel(load_folder(await load(path), path.parent), load)


def _loader(config: EdgeConfig) -> Load:
    """Makes engines as the settings want them; the event loop goes on meanwhile. What it makes raises Broken."""

    async def load(path: Path) -> LocalEngine:
        return await asyncio.to_thread(load_now, path, config.model, config.state)

    return load


def limits(settings: Model, path: Path, threads: int, free: int | None) -> Limits:
    """Memory and time of the engine for a model: as the settings say, with as many slots as fit into `free` bytes.

    Raises Broken (memory_short) when not even one fits, and for a file that is no model.
    """
    from tidegate.engines.embedded import EDGE_LIMITS
    from tidegate.engines.gguf import read_header
    from tidegate.models.memory import mebibytes, need_of, sequences_that_fit

    batch, header, size = EDGE_LIMITS.batch_tokens, read_header(path), path.stat().st_size
    most = settings.slots + EDGE_LIMITS.spares
    fit = sequences_that_fit(
        header, size, free, context_tokens=settings.context_tokens, batch_tokens=batch, most=most
    )
    if fit == 0:
        need = need_of(header, size, context_tokens=settings.context_tokens, batch_tokens=batch).total
        raise Broken(
            f"this model needs about {mebibytes(need)} of memory and {mebibytes(free or 0)} are free; it was not loaded",
            code="memory_short",
            hint="choose a smaller model or model.context_tokens, or end other programs",
        )
    slots = min(settings.slots, max(1, fit - EDGE_LIMITS.spares))
    return replace(
        EDGE_LIMITS,
        context_tokens=settings.context_tokens,
        threads=threads,
        queued=settings.queue,
        slots=slots,
        spares=min(EDGE_LIMITS.spares, fit - slots),
    )


def load_now(path: Path, settings: Model, state: Path | None = None) -> LocalEngine:
    """The engine on the weights at `path`; blocks while it loads. Raises Broken.

    `state` remembers how many threads were found best.
    """
    try:
        from tidegate.engines.llama import LlamaEngine
    except ImportError as error:
        raise Broken(
            "the inference library cannot be loaded",
            code="engine_missing",
            hint="install llama-cpp-python again",
        ) from error
    from tidegate.models.memory import available

    found = Remembered(state / THREADS if state is not None else None)
    threads = settings.threads or found.threads(path)
    engine = LlamaEngine.load(path, limits=limits(settings, path, threads, available()))
    if not threads:
        found.remember(path, engine.threads)
    return engine
