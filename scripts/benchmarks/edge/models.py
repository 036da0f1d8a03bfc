"""The two models that are timed, written here once and the same to the byte each time.

Both servers answer chat requests with them, greedily, and neither may end early: so the embedded model is copied with another
template and other names for the tokens that act (same weights, same work), and the large one is drawn at random.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import gguf
import numpy as np
import numpy.typing as npt

from scripts.decoder_file import Shape, describe, end_with, finish
from tidegate.assets import model_dir
from tidegate.engines.embedded import weights_path

CHAT = (
    "{%- for m in messages -%}<|{{ m.role }}|>{{ m.content }}{%- endfor -%}"
    "{%- if add_generation_prompt -%}<|assistant|>{%- endif -%}"
)
RENAMED = {"</s>": "<|bench-end|>", "<tool_call>": "<|bench-call|>", "<|pass|>": "<|bench-pass|>"}
NEVER_SAID = (
    "<|tools|>"  # opens a prompt; no model ever writes it, so that as the end token it never ends an answer
)
SEED = 20_261_124
_Q8 = gguf.GGMLQuantizationType.Q8_0


DRAWN = Shape(vocabulary=32_000, width=768, layers=12, heads=12, inner=2560)


def weights(shape: Shape) -> int:
    """How many a model of this shape has; a step reads all but the embeddings."""
    layer = 4 * shape.width**2 + 3 * shape.width * shape.inner
    return shape.layers * layer + 2 * shape.vocabulary * shape.width


def embedded_plain(folder: Path, chat: str = CHAT) -> Path:
    """The embedded model's weights as a model that chats without an end, by that template. Written once, then found."""
    source = weights_path(model_dir("edge"))
    with source.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256")
    digest.update(chat.encode())
    mark = digest.hexdigest()[:12]
    path = folder / f"embedded-plain-{mark}.gguf"
    if path.is_file():
        return path
    reader = gguf.GGUFReader(source)
    architecture = str(_value(reader, "general.architecture"))
    writer, part = _writer(path, architecture)
    writer.add_name("embedded-plain")
    for name in reader.fields:
        if name.startswith(f"{architecture}.") or name == "general.file_type":
            value = _value(reader, name)
            if isinstance(value, float):
                writer.add_float32(name, value)
            else:
                writer.add_uint32(name, int(value))
    words, kinds = _strings(reader, "tokenizer.ggml.tokens"), _numbers(reader, "tokenizer.ggml.token_type")
    _tokenizer(writer, [RENAMED.get(word, word) for word in words], kinds, reader, chat)
    for tensor in reader.tensors:
        writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
    return _finished(writer, part, path)


def drawn(folder: Path, shape: Shape = DRAWN, name: str = "drawn-150m") -> Path:
    """A llama of random Q8_0 weights, seeded, with the embedded model's vocabulary and filler words. Written once, then found."""
    path = folder / f"{name}-{SEED}.gguf"
    if path.is_file():
        return path
    reader = gguf.GGUFReader(weights_path(model_dir("edge")))
    writer, part = _writer(path, "llama")
    writer.add_name(name)
    describe(writer, shape, gguf.LlamaFileType.MOSTLY_Q8_0)
    words, kinds = _strings(reader, "tokenizer.ggml.tokens"), _numbers(reader, "tokenizer.ggml.token_type")
    filler = range(len(words), shape.vocabulary)
    words = [RENAMED.get(word, word) for word in words] + [f"filler{at}" for at in filler]
    _tokenizer(writer, words, kinds + [int(gguf.TokenType.NORMAL)] * len(filler), reader)
    rng = np.random.Generator(np.random.PCG64(SEED))
    for key, (rows, columns) in _matrices(shape).items():
        writer.add_tensor(key, _random_q8(rng, rows, columns), raw_dtype=_Q8)
    ones = np.ones(shape.width, np.float32)
    for key in (
        "output_norm",
        *(f"blk.{at}.{part}_norm" for at in range(shape.layers) for part in ("attn", "ffn")),
    ):
        writer.add_tensor(f"{key}.weight", ones)
    return _finished(writer, part, path)


def _writer(path: Path, architecture: str) -> tuple[gguf.GGUFWriter, Path]:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    return gguf.GGUFWriter(part, architecture), part


def _finished(writer: gguf.GGUFWriter, part: Path, path: Path) -> Path:
    finish(writer)
    return part.rename(path)


def _tokenizer(
    writer: gguf.GGUFWriter,
    words: Sequence[str],
    kinds: Sequence[int],
    reader: gguf.GGUFReader,
    chat: str = CHAT,
) -> None:
    writer.add_tokenizer_model(str(_value(reader, "tokenizer.ggml.model")))
    writer.add_tokenizer_pre(str(_value(reader, "tokenizer.ggml.pre")))
    writer.add_token_list(words)
    writer.add_token_types(kinds)
    writer.add_token_merges(_strings(reader, "tokenizer.ggml.merges"))
    end_with(writer, list(words).index(NEVER_SAID))
    writer.add_chat_template(chat)


def _matrices(shape: Shape) -> Mapping[str, tuple[int, int]]:
    """Rows and columns of every matrix."""
    width, inner = shape.width, shape.inner
    found = {"token_embd.weight": (shape.vocabulary, width), "output.weight": (shape.vocabulary, width)}
    for at in range(shape.layers):
        found |= {f"blk.{at}.attn_{part}.weight": (width, width) for part in ("q", "k", "v", "output")}
        found |= {f"blk.{at}.ffn_{part}.weight": (inner, width) for part in ("gate", "up")}
        found[f"blk.{at}.ffn_down.weight"] = (width, inner)
    return found


def _random_q8(rng: np.random.Generator, rows: int, columns: int) -> npt.NDArray[np.uint8]:
    """Blocks of Q8_0 as they lie in a file: a half-precision scale, then 32 numbers of a byte. Deviation about 0.02."""
    blocks = np.empty((rows, columns // 32, 34), np.uint8)
    blocks[..., :2] = np.frombuffer(np.float16(0.02 / 73).tobytes(), np.uint8)
    blocks[..., 2:] = rng.integers(-127, 128, (rows, columns // 32, 32), np.int8).view(np.uint8)
    return blocks.reshape(rows, -1)


def _value(reader: gguf.GGUFReader, name: str) -> str | int | float:
    found: object = reader.fields[name].contents()
    if not isinstance(found, str | int | float):
        raise TypeError(f"{name} is not one value")
    return found


def _strings(reader: gguf.GGUFReader, name: str) -> list[str]:
    return [str(one) for one in reader.fields[name].contents()]


def _numbers(reader: gguf.GGUFReader, name: str) -> list[int]:
    return [int(one) for one in reader.fields[name].contents()]
