"""Names of models and files: what comes from outside never becomes a path before it has passed here. Pure."""

from __future__ import annotations

import re
from typing import NewType

from tidegate.errors import BadRequest

ModelName = NewType("ModelName", str)

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,199}")
_FOREIGN = re.compile(r"[^a-z0-9._-]+")
_ENDINGS = (".gguf", ".onnx", ".tar.gz", ".tgz", ".tar", ".zip")
SHIPPED = ("edge", "cloud", "sentry", "embedder")
"""Names of the models that come with Tidegate: no other model may take one."""


def model_name(text: str) -> ModelName:
    """A name as the store keeps it: small letters, digits, `.`, `_`, `-`, at most 64. Raises BadRequest (bad_name)."""
    if not _NAME.fullmatch(text) or ".." in text:
        raise BadRequest(
            "a model's name has small letters, digits, dots, dashes and underscores, 64 at most",
            code="bad_name",
            param="name",
            hint="choose one with --name",
        )
    return ModelName(text)


def new_name(text: str) -> ModelName:
    """A name for a model of one's own. Raises BadRequest (bad_name, name_taken)."""
    if text in SHIPPED:
        raise BadRequest(
            f"{text!r} is the name of a model that comes with Tidegate",
            code="name_taken",
            param="name",
            hint="choose another with --name",
        )
    return model_name(text)


def file_name(text: str) -> str:
    """One plain file name, no folder in it. Raises BadRequest (bad_file_name)."""
    if not _FILE.fullmatch(text) or ".." in text:
        raise BadRequest(
            "a file name is not one that may be written here (letters, digits, `.`, `_`, `-`, `+`; no folders)",
            code="bad_file_name",
            hint="rename the file",
        )
    return text


def suggested(text: str) -> ModelName:
    """A name made from a file name: `Qwen3-0.6B-Q8_0.gguf` becomes `qwen3-0.6b-q8_0`. Raises BadRequest (bad_name)."""
    base = text.rstrip("/").rpartition("/")[2].lower()
    for ending in _ENDINGS:
        base = base.removesuffix(ending)
    return new_name(_FOREIGN.sub("-", base).replace("..", ".").strip("-._")[:64].rstrip("-._"))
