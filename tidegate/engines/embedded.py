"""The models that ship with Tidegate, found where they are installed."""

from __future__ import annotations

from pathlib import Path

from tidegate.assets import model_dir
from tidegate.engines.llama import Limits, LlamaEngine
from tidegate.errors import Broken

EDGE_LIMITS = Limits(context_tokens=1024, batch_tokens=256, slots=8, spares=1)
CLOUD_LIMITS = Limits(context_tokens=2048, batch_tokens=256, slots=4, spares=1)


def weights_path(folder: Path) -> Path:
    """The one model file of a folder. Raises Broken when there is none, or more than one to choose from."""
    found = sorted(folder.glob("*.gguf"))
    if len(found) == 1:
        return found[0]
    reason = "no .gguf file" if not found else f"{len(found)} .gguf files, and one is expected"
    raise Broken(
        f"the model folder {folder.name} holds {reason}", code="model_missing", hint="install it again"
    )


def load_edge(limits: Limits = EDGE_LIMITS) -> LlamaEngine:
    """The device's own model; blocks while it loads. Raises Broken."""
    return LlamaEngine.load(weights_path(model_dir("edge")), limits=limits)


def load_cloud(limits: Limits = CLOUD_LIMITS) -> LlamaEngine:
    """The cloud tier's default model; blocks while it loads. Raises Broken."""
    return LlamaEngine.load(weights_path(model_dir("cloud")), limits=limits)
