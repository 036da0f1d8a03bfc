"""llama.cpp through llama-cpp-python's low-level functions: with `pooled` the only file that touches pointers.

Rule 1: one `Context` is used by one thread at a time. Rule 2: `free()` contexts before their `Weights`.
Reference: llama.h of the llama.cpp release that the wheel was built from.
"""

from __future__ import annotations

import ctypes
import hashlib
import re
from collections.abc import Callable, Sequence
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


MAPPED_FROM = 64 * 1024 * 1024  # bytes; below it a file is read into memory whoever may write to it


def may_map(path: Path) -> bool:
    """Whether the pages of a file may be used where they are: it is large, and nobody may write to it.

    A mapped file that is cut off in place ends the process at the next look (SIGBUS), and nothing can be done about it then.
    """
    known = path.stat()
    return known.st_size >= MAPPED_FROM and not known.st_mode & 0o222


class Weights:
    """A loaded model file: vocabulary and metadata. `digest` is the SHA-256 of the file."""

    def __init__(self, path: Path, *, mapped: bool | None = None) -> None:
        """`mapped`: the file's pages are used where they are, else it is read into memory; without a word, as `may_map` says.

        A mapped file may be replaced by another or deleted, and what is loaded stays as it was, but it must never be written
        to. Raises Broken: not a GGUF file, cut off, or an architecture this build cannot run."""
        header = read_header(path)
        mapped = may_map(path) if mapped is None else mapped
        lib = self._lib = library()
        params = lib.llama_model_default_params()
        params.load_mode = lib.LLAMA_LOAD_MODE_MMAP if mapped else lib.LLAMA_LOAD_MODE_NONE
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
        self._texts: dict[int, str] = {}
        self._ends: dict[int, bool] = {}
        self.vocab = self._lib.llama_model_get_vocab(model)
        self.vocab_size = int(self._lib.llama_vocab_n_tokens(self.vocab))
        self.trained_context = int(self._lib.llama_model_n_ctx_train(model))
        self.digest, self.bytes = file_digest(path), path.stat().st_size
        self.architecture = header.architecture
        self.name = str(header.fields.get("general.name", path.stem))
        template = self._lib.llama_model_chat_template(model, None)
        self.chat_template = template.decode("utf-8", "replace") if template else ""
        self.forgets = not (
            self._lib.llama_model_is_recurrent(model) or self._lib.llama_model_is_hybrid(model)
        )  # a part; a recurrent model has one state and can only go on from where it is
        self.pairs = self.forgets and header.quantisation in ("F32", "F16", "BF16")  # see schedule.company
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
        known = self._ends.get(token)
        if known is None:
            known = self._ends[token] = bool(self._lib.llama_vocab_is_eog(self.vocab, token))
        return known

    def text_of(self, token: int) -> str:
        """The vocabulary entry of a token, or the empty string when there is none."""
        known = self._texts.get(token)
        if known is None:
            known = self.piece(token).decode("utf-8", "replace") if 0 <= token < self.vocab_size else ""
            self._texts[token] = known
        return known

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
    """The working memory of several sequences. Each has cells of its own, so what runs in one never changes another.

    llama.cpp computes attention in one way for calls of `TILE` and more tokens and in another for shorter ones; within each
    way the values of a token do not depend on how many are fed at once, nor on other sequences (tested). Whoever keeps to
    one way per position gets the same bits every time.
    """

    def __init__(self, weights: Weights, *, size: int, sequences: int, batch: int, threads: int) -> None:
        """`size` tokens for each of `sequences`. Raises Broken when the memory cannot be had."""
        import numpy as np

        lib = self._lib = library()
        params = lib.llama_context_default_params()
        params.n_ctx, params.n_batch, params.n_ubatch = size * sequences, batch, batch
        params.n_seq_max = sequences
        params.n_outputs_max = max(
            sequences, 2
        )  # of a batch only the last token of each sequence is looked at
        params.kv_unified = False
        params.n_threads = params.n_threads_batch = threads
        params.no_perf = True
        self._context = lib.llama_init_from_model(weights.model, params)
        if not self._context:
            raise Broken(
                f"no memory for {sequences} contexts of {size} tokens",
                code="model_unusable",
                hint="set a smaller context or fewer slots",
            )
        self._memory = lib.llama_get_memory(self._context)
        self.room, self.sequences, self._pairs = batch, sequences, weights.pairs
        self.size = int(lib.llama_n_ctx(self._context)) // sequences
        room = max(batch, sequences)
        self._tokens, self._places = np.zeros(room, np.int32), np.zeros(room, np.int32)
        self._owners, self._wanted = np.zeros(room, np.int32), np.zeros(room, np.int8)
        self._batch = self._batch_over_arrays(room)
        self._put, self._at = self._tokens.data, self._places.data
        self._laid: Sequence[int] = ()  # whom the batch was last laid out for
        self._tables: dict[tuple[int, int], NDArray[np.float32]] = {}
        self._vocabulary = weights.vocab_size
        self._logits, self._logits_at = _lookups(lib)

    def _batch_over_arrays(self, room: int) -> ctypes.Structure:
        """A batch that reads from our arrays: filling it is a copy of slices, not a call for each token."""
        lib = self._lib
        one = ctypes.POINTER(lib.llama_seq_id)
        owners = self._owners.ctypes.data
        self._counts = (ctypes.c_int32 * room)(*([1] * room))
        self._owner_of = (one * room)(*(ctypes.cast(owners + 4 * i, one) for i in range(room)))
        batch: ctypes.Structure = lib.llama_batch()
        batch.embd = None
        batch.token = self._tokens.ctypes.data_as(ctypes.POINTER(lib.llama_token))
        batch.pos = self._places.ctypes.data_as(ctypes.POINTER(lib.llama_pos))
        batch.n_seq_id = ctypes.cast(self._counts, ctypes.POINTER(ctypes.c_int32))
        batch.seq_id = ctypes.cast(self._owner_of, ctypes.POINTER(one))
        batch.logits = self._wanted.ctypes.data_as(ctypes.POINTER(ctypes.c_int8))
        return batch

    def read(self, sequence: int, start: int, tokens: NDArray[np.int32], *, look: bool) -> None:
        """Feeds a piece of one sequence from position `start` on; with `look`, `row(len(tokens) - 1)` is then readable.

        At most `room` tokens. Raises Broken: what the sequence holds from `start` on is then undefined.
        """
        count = len(tokens)
        self._laid = ()
        self._tokens[:count] = tokens
        self._places[:count] = range(start, start + count)
        self._owners[:count] = sequence
        self._wanted[:count] = 0
        self._wanted[count - 1] = look
        if self._pairs and count > 1:
            self._wanted[count - 2] = look  # the last layer, too, multiplies more than one row
        self._compute(count)

    def step(self, sequences: Sequence[int], tokens: Sequence[int], places: Sequence[int]) -> None:
        """Feeds one token to each of some sequences, in rising order; their rows are then in `rows`. Raises Broken."""
        count = len(sequences)
        if sequences != self._laid:
            self._owners[:count] = sequences
            self._wanted[:count] = 1
            self._laid = sequences
        for index in range(count):
            self._put[index] = tokens[index]
            self._at[index] = places[index]
        self._compute(count)

    def _compute(self, count: int) -> None:
        self._batch.n_tokens = count
        status = int(self._lib.llama_decode(self._context, self._batch))
        if status != 0:
            raise Broken(
                f"the model could not compute a step (llama.cpp status {status})", code="model_failed"
            )

    def row(self, index: int) -> NDArray[np.float32]:
        """The logits after a token of the last call: a view, good until the next call."""
        row: NDArray[np.float32] = self._table(self._logits_at(self._context, index), 1)[0]
        return row

    def rows(self, count: int) -> NDArray[np.float32]:
        """The logits of all `count` sequences of the last `step`, one row each: a view, good until the next call."""
        return self._table(self._logits(self._context), count)

    def _table(self, address: int, count: int) -> NDArray[np.float32]:
        import numpy as np

        known = self._tables.get((address, count))
        if known is None:
            there = (ctypes.c_float * (count * self._vocabulary)).from_address(address)
            known = np.ctypeslib.as_array(there).reshape(count, self._vocabulary)
            self._tables[address, count] = known
        return known

    def cut(self, sequence: int, count: int) -> bool:
        """Forgets what a sequence holds after `count` tokens. False when this model cannot: it then holds nothing."""
        if self._lib.llama_memory_seq_rm(self._memory, sequence, count, -1):
            return True
        self._lib.llama_memory_seq_rm(self._memory, sequence, -1, -1)
        return count == 0

    def copy(self, source: int, target: int) -> None:
        """Makes `target` hold what `source` holds."""
        self._lib.llama_memory_seq_rm(self._memory, target, -1, -1)
        self._lib.llama_memory_seq_cp(self._memory, source, target, -1, -1)

    def use_threads(self, count: int) -> None:
        """From the next call on."""
        self._lib.llama_set_n_threads(self._context, count, count)

    def free(self) -> None:
        """Gives the memory back. The object is useless afterwards."""
        if self._context:
            self._lib.llama_free(self._context)
            self._context = None


def _lookups(lib: ModuleType) -> tuple[Callable[[object], int], Callable[[object, int], int]]:
    """Where the logits lie: of all rows, and of one. Addresses, not pointer objects.

    Both only look, so Python's lock is kept: to give it away and to wait for it again costs more than the look.
    """
    shared = lib.llama_cpp._lib  # noqa: SLF001  an own prototype
    all_ = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)
    one = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int32)
    return all_(("llama_get_logits", shared)), one(("llama_get_logits_ith", shared))


class Constraint:
    """A grammar that says which tokens may come next. Grammar text is GBNF."""

    def __init__(self, weights: Weights, gbnf: str) -> None:
        """Raises BadRequest when the grammar does not parse (the caller's schema made it)."""
        import numpy as np

        lib = self._lib = library()
        self._sampler = lib.llama_sampler_init_grammar(weights.vocab, gbnf.encode(), b"root")
        if not self._sampler:
            raise BadRequest(
                "the JSON schema cannot be turned into a grammar",
                code="unusable_schema",
                param="response_format",
            )
        layout = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])
        self._all = np.zeros(weights.vocab_size, dtype=layout)
        self._all["id"] = np.arange(weights.vocab_size, dtype=np.int32)
        self._one = np.zeros(1, dtype=layout)

    def permits(self, token: int) -> bool:
        """Whether this one token may come next: much cheaper than to ask about all."""
        self._one["id"], self._one["logit"] = token, 0.0
        self._apply(self._one)
        return float(self._one["logit"][0]) == 0.0

    def mask(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """The logits with everything the grammar forbids at minus infinity."""
        self._all["logit"] = logits
        self._apply(self._all)
        return self._all["logit"].copy()

    def _apply(self, candidates: NDArray[np.void]) -> None:
        lib = self._lib
        array = lib.llama_token_data_array(
            data=candidates.ctypes.data_as(lib.llama_token_data_p),
            size=len(candidates),
            selected=-1,
            sorted=False,
        )
        lib.llama_sampler_apply(self._sampler, ctypes.byref(array))

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
