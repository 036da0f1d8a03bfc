"""Finds and loads the model of this device: a file of the settings, else the running update, else the embedded one."""

from __future__ import annotations

import asyncio
from pathlib import Path

from edge.config import EdgeConfig
from edge.routing.confidence import EmbeddedModel, LocalEngine, load_folder
from tidegate.errors import Broken
from tidegate.logs import Log


async def open_model(config: EdgeConfig, log: Log) -> EmbeddedModel:
    """A model slot. It stays empty, with a line in the log, when no model can be used; the daemon works all the same."""
    if not config.model.enabled:
        log.info("no_local_model", reason="disabled")
        return EmbeddedModel(None, _load)
    try:
        path = model_path(config)
        engine = await _load(path)
    except Broken as error:
        log.error("no_local_model", error)
        return EmbeddedModel(None, _load)
    return EmbeddedModel(load_folder(engine, path.parent), _load)


def model_path(config: EdgeConfig) -> Path:
    """The weights this device should answer with. Raises Broken when there are none."""
    if config.model.path is not None:
        if not config.model.path.is_file():
            raise Broken(
                "model.path: there is no such file", code="model_missing", hint="correct the settings"
            )
        return config.model.path
    from tidegate.assets import model_dir
    from tidegate.engines.embedded import weights_path

    return weights_path(model_dir("edge"))


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
