"""What a folder of model files holds, before any native parser sees it. Reads headers and settings, loads nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from tidegate.engines.gguf import Header, read_header
from tidegate.errors import BadRequest, Broken
from tidegate.models.licence import Terms, from_header, plain
from tidegate.models.memory import Need, need_of
from tidegate.models.record import Kind, Licence

CONTEXT_TOKENS = 1024  # of the engine on a device: tidegate.engines.embedded.EDGE_LIMITS
BATCH_TOKENS = 256
_ONNX_NEEDS = {
    Kind.SENTRY: ("sentry.onnx", "sentry.json", "selftest.json", "vocab.txt"),
    Kind.EMBEDDER: ("graph.onnx", "tokenizer.json", "weights.bin"),
}
# An ONNX session holds about twice its files, and the runtime once; measured: sentry 62 MiB, embedder 70 MiB.
_ONNX_FACTOR = 2
_ONNX_RUNTIME = 30 * 1024 * 1024
_TALKS_NOT = frozenset({"bert", "nomic-bert", "jina-bert-v2", "clip", "t5encoder", "wavtokenizer-dec"})


@dataclass(frozen=True, slots=True)
class Facts:
    """What was seen. `weights` is the file to load; bytes; `context` in tokens."""

    kind: Kind
    weights: Path
    architecture: str
    quantisation: str
    context: int
    need: Need
    terms: Terms


class _OnnxSettings(msgspec.Struct):
    """The fields of an ONNX model's settings that matter here."""

    licence: str = ""
    window: int = 0
    weights: str = ""  # the file's name when it is not the usual one


def inspect(folder: Path) -> Facts:
    """Raises Broken (model_not_gguf, model_truncated, wrong_architecture, model_incomplete) and BadRequest (split_model)."""
    names = {path.name for path in folder.iterdir() if path.is_file()}
    for kind, files in _ONNX_NEEDS.items():
        if files[0] in names or (kind is Kind.SENTRY and files[1] in names):
            return _onnx(folder, kind, names)
    models = sorted(name for name in names if name.lower().endswith(".gguf"))
    if len(models) != 1:
        raise Broken(
            f"the folder holds {len(models)} GGUF files and no ONNX model that Tidegate can load; one model is expected",
            code="model_incomplete",
            hint="name the file itself",
        )
    return _gguf(folder / models[0])


def _gguf(path: Path) -> Facts:
    header = read_header(path)
    require_chat(header)
    need = need_of(header, path.stat().st_size, context_tokens=CONTEXT_TOKENS, batch_tokens=BATCH_TOKENS)
    return Facts(
        Kind.CHAT,
        path,
        plain(header.architecture),
        header.quantisation,
        header.trained_context,
        need,
        from_header(header),
    )


def require_chat(header: Header) -> None:
    """Raises Broken (wrong_architecture) and BadRequest (split_model) for a file that can never answer here."""
    if int(header.fields.get("split.count", 0) or 0) > 1:
        raise BadRequest(
            "this file is one part of a model in several; it was not kept",
            code="split_model",
            hint="merge the parts with llama.cpp's gguf-split, then pull the whole file",
        )
    require_talks(header.architecture)
    if not header.tensors:
        raise Broken(
            "the file holds a vocabulary and no weights; it was not kept",
            code="wrong_architecture",
            hint="choose a model",
        )


def require_talks(architecture: str) -> None:
    """Raises Broken (wrong_architecture) for a network that does not write text."""
    if not architecture or architecture in _TALKS_NOT:
        raise Broken(
            f"a model of the architecture {plain(architecture) or 'unknown'!r} does not write text; it was not kept",
            code="wrong_architecture",
            hint="choose a chat model",
        )


def _onnx(folder: Path, kind: Kind, names: set[str]) -> Facts:
    first, about, *others = _ONNX_NEEDS[kind]
    settings = _settings(folder / about) if about in names else _OnnxSettings()
    files = (settings.weights or first, about, *others)
    missing = [name for name in files if name not in names]
    if missing:
        raise Broken(
            f"the {kind} model lacks {', '.join(missing)}; it was not kept",
            code="model_incomplete",
            hint="pull the whole folder",
        )
    weights = folder / files[0]
    size = sum((folder / name).stat().st_size for name in files)
    need = Need(size * _ONNX_FACTOR, 0, 0, _ONNX_RUNTIME)
    terms = Terms(Licence(plain(settings.licence).lower()))
    return Facts(kind, weights, "onnx", "", settings.window, need, terms)


def _settings(path: Path) -> _OnnxSettings:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_OnnxSettings)
    except (OSError, msgspec.MsgspecError) as error:
        raise Broken(
            f"{path.name} cannot be read; the model was not kept",
            code="model_incomplete",
            hint="pull it again",
        ) from error
