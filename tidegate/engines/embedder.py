"""Sentences to vectors: the embedder built by `tidegate models build embedder`, run by onnxruntime on one thread.

One text per run: a text's vector never depends on what it is embedded with, and memory stays that of one text. Long
before short, so that the runtime's buffers grow once. A batch with padding was measured and gains 3 % on a CPU. The files
prove themselves at load: their hashes are those of the recipe, and frozen texts must come out where the original
float32 network puts them, otherwise `Broken`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tidegate.assets import model_dir
from tidegate.errors import BadConfig, Broken
from tidegate.models.recipe import RECIPE, SELF_TEST, Recipe, read_recipe

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import onnxruntime as ort
    from tokenizers import Tokenizer

    Floats = npt.NDArray[np.float32]

WIDTH: Final = 384
MOST_PIECES: Final = 512  # the network has no places beyond
WINDOW: Final = 256  # pieces of a text that are read, [CLS] and [SEP] included: what the network was made for
CHARS_PER_PIECE: Final = 32  # of a text, what lies beyond window * this is not even cut into pieces
LEAST_COSINE: Final = 0.99  # with the float32 network, on the self-test


class Embedder:
    """Safe to share between threads. Make one with `Embedder.load`."""

    def __init__(self, session: ort.InferenceSession, tokenizer: Tokenizer, *, window: int = WINDOW) -> None:
        if not 3 <= window <= MOST_PIECES:
            raise BadConfig(f"the embedder reads 3 to {MOST_PIECES} pieces of a text, not {window}")
        tokenizer.no_padding()
        tokenizer.enable_truncation(window)
        self._session = session
        self._tokenizer = tokenizer
        self._chars = window * CHARS_PER_PIECE

    @classmethod
    def load(cls, folder: Path, *, threads: int = 1, window: int = WINDOW) -> Embedder:
        """Open the embedder in `folder` and prove it. Raises Broken: missing or changed files, failed self-test."""
        recipe = read_recipe()
        check(folder, recipe)
        embedder = cls(
            _session(folder / "graph.onnx", threads), _tokenizer(folder / "tokenizer.json"), window=window
        )
        embedder.prove(json.loads((RECIPE / SELF_TEST).read_bytes()))
        return embedder

    @property
    def width(self) -> int:
        """Numbers per vector."""
        return WIDTH

    def embed(self, texts: Sequence[str]) -> Floats:
        """One row of length 1 per text: float32 [len(texts), 384]; the cosine of two texts is the product of their rows.

        Of a text only the beginning counts, `window` pieces (about 180 words). The same text gives the same row, to the bit,
        on one machine. Raises Broken when the runtime fails.
        """
        import numpy as np

        ids = [self.pieces(text) for text in texts]
        rows = np.zeros((len(ids), WIDTH), dtype=np.float32)
        for at in sorted(range(len(ids)), key=lambda at: -len(ids[at])):
            rows[at] = self._run(ids[at])
        return rows

    def pieces(self, text: str) -> list[int]:
        """The ids that are read of `text`, [CLS] first and [SEP] last. Lone surrogates read as `?`."""
        whole = text[: self._chars].encode("utf-8", "replace").decode("utf-8")
        return [int(piece) for piece in self._tokenizer.encode(whole).ids]

    def _run(self, ids: list[int]) -> Floats:
        import numpy as np

        try:
            (vector,) = self._session.run(["vector"], {"ids": np.array(ids, dtype=np.int64)})
        except Exception as error:  # the runtime's own untyped errors end here
            raise broken("the embedder failed while reading a text") from error
        return np.asarray(vector, dtype=np.float32)

    def prove(self, vectors: Mapping[str, object]) -> None:
        """Compare with the frozen vectors of the float32 network. Raises Broken on the first that is elsewhere."""
        import numpy as np

        rows = vectors.get("vectors")
        if not isinstance(rows, list) or not rows:
            raise broken("the embedder's self-test cannot be read")
        for row in rows:
            if self.pieces(row["text"]) != row["ids"]:
                raise broken("the embedder's self-test failed: words are cut differently here")
            cosine = float(np.dot(self.embed([row["text"]])[0], np.asarray(row["vector"], dtype=np.float32)))
            if not cosine >= LEAST_COSINE:
                raise broken("the embedder's self-test failed: this machine computes other numbers")


def shipped(environ: Mapping[str, str] | None = None) -> Embedder:
    """The embedder built on this machine. Raises Broken (embedder_missing, embedder_broken)."""
    try:
        folder = model_dir("embedder") if environ is None else model_dir("embedder", environ)
    except Broken as error:
        raise missing() from error
    return Embedder.load(folder)


def check(folder: Path, recipe: Recipe) -> None:
    """Whether the files in `folder` are those that the recipe makes. Raises Broken."""
    for name, digest in recipe.built.items():
        try:
            found = digest_of(folder / name)
        except OSError as error:
            raise missing() from error
        if found != digest:
            raise broken(f"{name} of the embedder is not what this version of Tidegate makes")


def digest_of(path: Path) -> str:
    """SHA-256, hex. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def missing() -> Broken:
    return Broken(
        "the embedder has not been built on this machine",
        code="embedder_missing",
        hint='run "tidegate models build embedder"; until then texts are compared by words alone',
    )


def broken(message: str) -> Broken:
    return Broken(
        message,
        code="embedder_broken",
        hint='texts are compared by words alone; run "tidegate models build embedder --again"',
    )


def _tokenizer(path: Path) -> Tokenizer:
    try:
        from tokenizers import Tokenizer

        return Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises plain Exception
        raise broken("the embedder's word list cannot be read") from error


def _session(path: Path, threads: int) -> ort.InferenceSession:
    """A CPU session that holds little memory: no arena, no spinning threads."""
    try:
        import onnxruntime as ort
    except ImportError as error:
        raise broken("the embedder needs onnxruntime, which is not installed") from error
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime's own untyped errors end here
        raise broken("the embedder cannot be opened by onnxruntime") from error
