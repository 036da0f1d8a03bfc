"""Vectors of any GGUF model: what llama.cpp pools over a text's tokens, in the way that the file says; of length 1.

Beside `tidegate.engines.native` the only file that touches llama.cpp's pointers. One text per call: its vector never depends on what it
is embedded with. A file that names no way of pooling (a language model) is pooled by the mean of its last layer.
Reference: `examples/embedding` and llama.h of the llama.cpp release that the wheel was built from.
"""

from __future__ import annotations

import ctypes
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from tidegate.engines.gguf import read_header
from tidegate.engines.native import Weights, library
from tidegate.errors import Broken

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LEAST = 3  # tokens of a window


class PooledModel:
    """Safe to share between threads: texts are read one at a time. `window` is how many tokens of a text are read."""

    def __init__(self, path: Path, *, window: int, threads: int = 1) -> None:
        """Raises Broken: no model, one that has no embeddings (a vocabulary alone, a ranker), or no memory for it."""
        if not read_header(path).tensors:
            raise _none(path, "it holds a vocabulary alone")
        self._weights = Weights(path)
        self._context: object | None = None
        try:
            self._open(path, window, threads)
        except BaseException:
            self.close()
            raise
        self._lock = threading.Lock()

    def _open(self, path: Path, window: int, threads: int) -> None:
        lib = self._lib = library()
        weights = self._weights
        trained = weights.trained_context or window
        self.window = max(LEAST, min(window, trained))
        self._context = self._made(threads, lib.LLAMA_POOLING_TYPE_UNSPECIFIED)
        if int(lib.llama_pooling_type(self._context)) == lib.LLAMA_POOLING_TYPE_NONE:
            lib.llama_free(self._context)
            self._context = self._made(threads, lib.LLAMA_POOLING_TYPE_MEAN)
        self.pooling = int(lib.llama_pooling_type(self._context))
        if self.pooling == lib.LLAMA_POOLING_TYPE_RANK:
            raise _none(path, "it ranks texts")
        self.width = int(lib.llama_model_n_embd_out(weights.model))
        if self.width <= 0:
            raise _none(path, "its vectors have no numbers")
        self._ends = bool(lib.llama_vocab_get_add_eos(weights.vocab)) or bool(
            lib.llama_vocab_get_add_sep(weights.vocab)
        )
        self._encodes = bool(lib.llama_model_has_encoder(weights.model)) and not bool(
            lib.llama_model_has_decoder(weights.model)
        )

    def _made(self, threads: int, pooling: int) -> object:
        lib = self._lib
        params = lib.llama_context_default_params()
        params.n_ctx = params.n_batch = params.n_ubatch = self.window  # a text is read in one piece
        params.n_seq_max = 1
        params.embeddings = True
        params.pooling_type = pooling
        params.n_threads = params.n_threads_batch = threads
        params.no_perf = True
        made: object = lib.llama_init_from_model(self._weights.model, params)
        if not made:
            raise Broken(
                f"no memory for an embedding model with {self.window} tokens",
                code="embedder_broken",
                hint="set a smaller embedding.context_tokens",
            )
        return made

    @property
    def digest(self) -> str:
        """SHA-256 of the file, hex."""
        return self._weights.digest

    def read(self, text: str) -> tuple[NDArray[np.float32], int, bool]:
        """The text's vector, how many tokens were read, and whether that was all of them. Raises Broken when it cannot be computed."""
        import numpy as np

        tokens = self._tokens(text)
        whole = len(tokens) <= self.window
        if not whole:
            kept = tokens[: self.window]
            tokens = [*kept[:-1], tokens[-1]] if self._ends else kept
        with self._lock:
            vector = self._computed(tokens)
        length = float(np.linalg.norm(vector))
        if not np.isfinite(length) or length <= 0.0:
            raise Broken("the model made no vector of this text", code="embedder_broken")
        return (vector / length).astype("<f4"), len(tokens), whole

    def _tokens(self, text: str) -> list[int]:
        """With what the model puts around a text; marks in it stay text."""
        lib, raw = self._lib, text.encode("utf-8", "replace")
        room = len(raw) + 8
        out = (lib.llama_token * room)()
        count = int(lib.llama_tokenize(self._weights.vocab, raw, len(raw), out, room, True, False))
        if count < 0:
            out = (lib.llama_token * -count)()
            count = int(lib.llama_tokenize(self._weights.vocab, raw, len(raw), out, -count, True, False))
        return [int(token) for token in out[:count]]

    def _computed(self, tokens: list[int]) -> NDArray[np.float32]:
        import numpy as np

        lib = self._lib
        memory = lib.llama_get_memory(self._context)
        if memory:
            lib.llama_memory_clear(memory, True)
        array = (lib.llama_token * len(tokens))(*tokens)
        batch = lib.llama_batch_get_one(array, len(tokens))
        compute = lib.llama_encode if self._encodes else lib.llama_decode
        status = int(compute(self._context, batch)) if tokens else -1
        found = lib.llama_get_embeddings_seq(self._context, 0) if status == 0 else None
        if not found:
            raise Broken(
                f"the embedding model could not read a text (llama.cpp status {status})",
                code="embedder_broken",
            )
        row = ctypes.cast(found, ctypes.POINTER(ctypes.c_float * self.width)).contents
        return np.array(row, dtype=np.float32)

    def close(self) -> None:
        """Gives the memory back. The object is useless afterwards."""
        if self._context:
            self._lib.llama_free(self._context)
            self._context = None
        self._weights.free()


def _none(path: Path, why: str) -> Broken:
    return Broken(
        f"{path.name} has no embeddings: {why}",
        code="embedder_broken",
        hint="choose another file for embedding.path",
    )
