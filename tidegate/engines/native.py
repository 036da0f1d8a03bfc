"""llama.cpp through llama-cpp-python's low-level functions: the only file that touches pointers.

Rule 1: one `Context` is used by one thread at a time. Rule 2: `free()` contexts before their `Weights`.
Reference: llama.h of the llama.cpp release that the wheel was built from.
"""

from __future__ import annotations

import ctypes
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from tidegate.engines.gguf import read_header
from tidegate.errors import BadRequest, Broken

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_TAG = re.compile(r"<.+>|\[[^\]\s\"]+\]|\uff5c.+\uff5c", re.DOTALL)
_CONTROL, _USER_DEFINED, _UNKNOWN = 1 << 3, 1 << 4, 1 << 0
_PIECE_BYTES = 256


def library() -> ModuleType:
    """llama_cpp, silenced. Raises Broken when it is not installed or its shared libraries do not load."""
    try:
        import llama_cpp
    except (ImportError, OSError, RuntimeError) as error:
        raise Broken(
            f"llama-cpp-python cannot be loaded ({type(error).__name__})",
            code="engine_missing",
            hint="run scripts/setup",
        ) from error
    if not hasattr(llama_cpp, "tidegate_quiet"):
        quiet = llama_cpp.llama_log_callback(_say_nothing)
        llama_cpp.llama_log_set(quiet, ctypes.c_void_p(0))
        setattr(llama_cpp, "tidegate_quiet", quiet)  # noqa: B010  keeps the callback alive as long as the library
        llama_cpp.llama_backend_init()
    return llama_cpp


def _say_nothing(_level: int, _text: bytes, _data: int | None) -> None:
    """llama.cpp prints prompts and paths at debug level; nothing of it belongs in our logs."""


@dataclass(frozen=True, slots=True)
class Special:
    """A token that acts, not speaks: its id and the text a template writes it with."""

    token: int
    text: str


def acts(text: str, *, own: bool) -> bool:
    """Whether a token acts. One that a model defined as its `own` does only when it looks like a tag, `<tool_call>`.

    Others are text that is written in one piece: runs of spaces, or the fixed parts of a call in the embedded models.
    """
    return not own or bool(_TAG.fullmatch(text))


class Weights:
    """A loaded model file: vocabulary and metadata. `digest` is the SHA-256 of the file."""

    def __init__(self, path: Path) -> None:
        """Raises Broken: not a GGUF file, cut off, or an architecture this build cannot run."""
        header = read_header(path)
        self._lib = library()
        params = self._lib.llama_model_default_params()
        params.load_mode = self._lib.LLAMA_LOAD_MODE_MMAP
        params.n_gpu_layers = 0
        params.use_extra_bufts = False  # repacked copies of the weights would double their memory
        model = self._lib.llama_model_load_from_file(str(path).encode(), params)
        if not model:
            raise Broken(
                f"the model file {path.name} was not loaded: architecture {header.architecture or 'unknown'!r} or its "
                "tensors are not what this build of llama.cpp can run",
                code="model_unusable",
                hint="install a model for this version, or update Tidegate",
            )
        self.model = model
        self._pieces: dict[int, bytes] = {}
        self.vocab = self._lib.llama_model_get_vocab(model)
        self.vocab_size = int(self._lib.llama_vocab_n_tokens(self.vocab))
        self.trained_context = int(self._lib.llama_model_n_ctx_train(model))
        self.digest = file_digest(path)
        self.architecture = header.architecture
        self.name = str(header.fields.get("general.name", path.stem))
        template = self._lib.llama_model_chat_template(model, None)
        self.chat_template = template.decode("utf-8", "replace") if template else ""
        self.adds_bos = bool(self._lib.llama_vocab_get_add_bos(self.vocab))
        self.bos = int(self._lib.llama_vocab_bos(self.vocab))
        self.eos = int(self._lib.llama_vocab_eos(self.vocab))
        self.specials = self._specials()

    def tokens(self, text: str, *, special: bool) -> list[int]:
        """Token ids of a piece of text, no BOS added. `special` lets control tokens in the text act."""
        raw = text.encode()
        room = len(raw) + 8
        out = (self._lib.llama_token * room)()
        count = int(self._lib.llama_tokenize(self.vocab, raw, len(raw), out, room, False, special))
        if count < 0:  # more tokens than bytes: a vocabulary that adds pieces of its own
            out = (self._lib.llama_token * -count)()
            count = int(self._lib.llama_tokenize(self.vocab, raw, len(raw), out, -count, False, special))
        return [int(token) for token in out[:count]]

    def piece(self, token: int) -> bytes:
        """The bytes a token stands for; control tokens as their text."""
        known = self._pieces.get(token)
        if known is None:
            known = self._pieces[token] = self._spelled(token)
        return known

    def _spelled(self, token: int) -> bytes:
        buffer = ctypes.create_string_buffer(_PIECE_BYTES)
        count = int(self._lib.llama_token_to_piece(self.vocab, token, buffer, _PIECE_BYTES, 0, True))
        if count < 0:
            buffer = ctypes.create_string_buffer(-count)
            count = int(self._lib.llama_token_to_piece(self.vocab, token, buffer, -count, 0, True))
        return buffer.raw[:count]

    def ends(self, token: int) -> bool:
        """Whether the token ends a generation."""
        return bool(self._lib.llama_vocab_is_eog(self.vocab, token))

    def text_of(self, token: int) -> str:
        """The vocabulary entry of a token, or the empty string when there is none."""
        return self.piece(token).decode("utf-8", "replace") if 0 <= token < self.vocab_size else ""

    def _specials(self) -> tuple[Special, ...]:
        attribute = self._lib.llama_vocab_get_attr
        found = []
        for token in range(self.vocab_size):
            kind = attribute(self.vocab, token)
            if kind & (_CONTROL | _USER_DEFINED | _UNKNOWN):
                text = self.text_of(token)
                if len(text.strip()) > 1 and acts(text, own=not kind & (_CONTROL | _UNKNOWN)):
                    found.append(Special(token, text))
        return tuple(found)

    def free(self) -> None:
        """Gives the memory back. The object is useless afterwards."""
        if self.model:
            self._lib.llama_model_free(self.model)
            self.model = None


class Context:
    """The working memory of one sequence: feed tokens, read the logits after the last one."""

    def __init__(self, weights: Weights, *, size: int, batch: int, threads: int) -> None:
        """Raises Broken when the memory cannot be had."""
        lib = self._lib = library()
        params = lib.llama_context_default_params()
        params.n_ctx, params.n_batch, params.n_ubatch = size, batch, batch
        params.n_seq_max = 1
        params.n_outputs_max = 1  # only the last token's logits are read
        params.n_threads = params.n_threads_batch = threads
        params.no_perf = True
        self._context = lib.llama_init_from_model(weights.model, params)
        if not self._context:
            raise Broken(
                f"no memory for a context of {size} tokens",
                code="model_unusable",
                hint="set a smaller context",
            )
        self._memory = lib.llama_get_memory(self._context)
        self._batch = lib.llama_batch_init(batch, 0, 1)
        self._room = batch
        self._row = ctypes.c_float * weights.vocab_size
        self.size = int(lib.llama_n_ctx(self._context))
        self.held: list[int] = []

    def keep(self, count: int) -> None:
        """Forgets everything after the first `count` tokens."""
        if count < len(self.held) and not self._lib.llama_memory_seq_rm(self._memory, 0, count, -1):
            self._lib.llama_memory_clear(self._memory, True)  # recurrent models cannot forget a part
            del self.held[:]
        del self.held[count:]

    def feed(self, tokens: Sequence[int]) -> None:
        """Appends up to one batch of tokens; the logits of the last are then readable. Raises Broken."""
        batch, start, last = self._batch, len(self.held), len(tokens) - 1
        batch.n_tokens = len(tokens)
        for i, token in enumerate(tokens):
            batch.token[i] = token
            batch.pos[i] = start + i
            batch.n_seq_id[i] = 1
            batch.seq_id[i][0] = 0
            batch.logits[i] = i == last
        status = int(self._lib.llama_decode(self._context, batch))
        if status != 0:
            self.keep(0)
            raise Broken(
                f"the model could not compute a step (llama.cpp status {status})", code="model_failed"
            )
        self.held.extend(tokens)

    @property
    def room(self) -> int:
        """How many tokens `feed` takes at once."""
        return self._room

    def logits(self) -> NDArray[np.float32]:
        """The logits after the last token fed: a view, good until the next `feed`."""
        import numpy as np

        pointer = self._lib.llama_get_logits_ith(self._context, -1)
        row = self._row.from_address(ctypes.addressof(pointer.contents))
        return np.ctypeslib.as_array(row)

    def free(self) -> None:
        """Gives the memory back. The object is useless afterwards."""
        if self._context:
            self._lib.llama_batch_free(self._batch)
            self._lib.llama_free(self._context)
            self._context = None


class Constraint:
    """A grammar that says which tokens may come next. Grammar text is GBNF."""

    def __init__(self, weights: Weights, gbnf: str) -> None:
        """Raises BadRequest when the grammar does not parse (the caller's schema made it)."""
        self._lib = library()
        self._sampler = self._lib.llama_sampler_init_grammar(weights.vocab, gbnf.encode(), b"root")
        if not self._sampler:
            raise BadRequest(
                "the JSON schema cannot be turned into a grammar",
                code="unusable_schema",
                param="response_format",
            )

    def mask(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """The logits with everything the grammar forbids at minus infinity."""
        import numpy as np

        lib = self._lib
        layout = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])
        candidates = np.zeros(len(logits), dtype=layout)
        candidates["id"] = np.arange(len(logits), dtype=np.int32)
        candidates["logit"] = logits
        array = lib.llama_token_data_array(
            data=candidates.ctypes.data_as(lib.llama_token_data_p),
            size=len(logits),
            selected=-1,
            sorted=False,
        )
        lib.llama_sampler_apply(self._sampler, ctypes.byref(array))
        masked = np.full(len(logits), -np.inf, dtype=np.float32)
        masked[candidates["id"]] = candidates["logit"]
        return masked

    def accept(self, token: int) -> None:
        """Moves on past a token that the mask allowed."""
        self._lib.llama_sampler_accept(self._sampler, token)

    def free(self) -> None:
        """Gives the memory back. The object is useless afterwards."""
        if self._sampler:
            self._lib.llama_sampler_free(self._sampler)
            self._sampler = None


def file_digest(path: Path) -> str:
    """SHA-256 of a file, 64 hex digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
