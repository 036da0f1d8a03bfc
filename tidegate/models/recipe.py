"""What the embedder is made from and what must come out: hashes that travel with the program."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

from tidegate.errors import Broken

if TYPE_CHECKING:
    from collections.abc import Mapping

RECIPE = Path(__file__).parent / "recipes" / "embedder"
SELF_TEST = "selftest.json"


class Recipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`recipe.json`. Hashes are SHA-256, 64 hex digits. `folder` is where the model's files lie in the package."""

    package: str
    version: str
    package_sha256: str
    licence: str
    folder: str
    model_sha256: str  # model.safetensors, float32
    tokenizer_sha256: str  # tokenizer.json, taken over as it is
    graph_sha256: str  # graph.onnx, shipped beside the recipe
    weights_sha256: str  # weights.bin, what packing the model gives on every machine

    @property
    def built(self) -> Mapping[str, str]:
        """The files of a built embedder and their hashes."""
        return MappingProxyType(
            {
                "graph.onnx": self.graph_sha256,
                "tokenizer.json": self.tokenizer_sha256,
                "weights.bin": self.weights_sha256,
            }
        )


def read_recipe(folder: Path = RECIPE) -> Recipe:
    """The shipped recipe. Raises Broken when this installation has lost it."""
    try:
        return msgspec.json.decode((folder / "recipe.json").read_bytes(), type=Recipe)
    except (OSError, msgspec.MsgspecError) as error:
        raise Broken(
            "the embedder's recipe cannot be read", code="recipe_missing", hint="reinstall tidegate"
        ) from error
