"""Finds and loads the model of this device: a file of the settings, else the running update, else the embedded one."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from edge.config import EdgeConfig
from edge.routing.confidence import EmbeddedModel, LocalEngine, load_folder
from edge.update.agent import boot_slot
from edge.update.journal import FileJournal
from edge.update.machine import EMBEDDED, Generation
from edge.update.slots import Slots
from tidegate.errors import Broken
from tidegate.logs import Log


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
    if not config.model.enabled:
        log.info("no_local_model", reason="disabled")
        return Opened(EmbeddedModel(None, _load), EMBEDDED)
    slot = boot_slot(slots_of(config), journal_of(config)) if config.model.path is None else None
    if slot is not None:
        try:
            return Opened(await _opened(slot.model), slot.generation)
        except Broken as error:
            log.error("update_does_not_load", error)  # the embedded one answers; the agent reports it
    try:
        return Opened(await _opened(model_path(config)), EMBEDDED)
    except Broken as error:
        log.error("no_local_model", error)
        return Opened(EmbeddedModel(None, _load), EMBEDDED)


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


async def _opened(path: Path) -> EmbeddedModel:
    return EmbeddedModel(load_folder(await _load(path), path.parent), _load)


async def _load(path: Path) -> LocalEngine:
    """The engine on the weights at `path`; the event loop goes on meanwhile. Raises Broken."""
    return await asyncio.to_thread(load_now, path)


def load_now(path: Path) -> LocalEngine:
    """The engine on the weights at `path`; blocks while it loads. Raises Broken."""
    try:
        from tidegate.engines.embedded import EDGE_LIMITS
        from tidegate.engines.llama import LlamaEngine
    except ImportError as error:
        raise Broken(
            "the inference library cannot be loaded",
            code="engine_missing",
            hint="install llama-cpp-python again",
        ) from error
    return LlamaEngine.load(path, limits=EDGE_LIMITS)
