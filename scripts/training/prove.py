"""Shows that an exported file computes what the trainer computed, through the whole path a request takes.

The path: OpenAI messages and tools -> the template inside the GGUF, rendered by jinja2 -> llama.cpp's tokenizer ->
llama.cpp's decode. Compared with the trainer: token ids of the prompt, logits after it, and the greedy answer.
"""

from __future__ import annotations

import ctypes
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import llama_cpp
import numpy as np
import numpy.typing as npt
import torch
from jinja2.sandbox import ImmutableSandboxedEnvironment

from scripts.training import data
from scripts.training.export import Trained
from scripts.training.packing import plain
from scripts.training.template import END, prompt_of

LONGEST_ANSWER = 96
Logits = npt.NDArray[np.float32]


def _say_nothing(level: int, text: bytes, user_data: ctypes.c_void_p) -> None:
    """llama.cpp's own log lines say nothing a reader of this proof needs."""


_silent = llama_cpp.llama_log_callback(_say_nothing)


class Exported:
    """A GGUF opened through llama.cpp's low-level interface, one sequence, one thread. Close it after use."""

    def __init__(self, path: Path, context: int = 1024) -> None:
        llama_cpp.llama_log_set(_silent, ctypes.c_void_p(0))
        llama_cpp.llama_backend_init()
        model_params = llama_cpp.llama_model_default_params()
        self._model = llama_cpp.llama_model_load_from_file(str(path).encode(), model_params)
        if not self._model:
            raise ValueError(f"{path}: llama.cpp cannot load this file; export it again")
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = params.n_batch = params.n_ubatch = context
        params.n_threads = params.n_threads_batch = 1
        # An f32 cache: the default half-precision one would hide what the comparison is to show.
        params.type_k = params.type_v = llama_cpp.GGML_TYPE_F32
        params.flash_attn_type = llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED
        params.no_perf = True
        self._context = llama_cpp.llama_init_from_model(self._model, params)
        self._vocab = llama_cpp.llama_model_get_vocab(self._model)
        self.size = llama_cpp.llama_vocab_n_tokens(self._vocab)
        template = llama_cpp.llama_model_chat_template(self._model, None).decode()
        self._template = ImmutableSandboxedEnvironment().from_string(template)

    def prompt(self, example: data.Example) -> str:
        """The prompt as the template inside the file renders it."""
        return self._template.render(
            messages=example.messages, tools=example.tools, add_generation_prompt=True
        )

    def tokens(self, text: str) -> list[int]:
        """Token ids, tags recognised, nothing added."""
        raw = text.encode()
        room = (llama_cpp.llama_token * (len(raw) + 8))()
        count = llama_cpp.llama_tokenize(self._vocab, raw, len(raw), room, len(raw) + 8, True, True)
        return list(room[:count])

    def piece(self, token: int) -> bytes:
        """The bytes of one token, tags spelled out."""
        room = ctypes.create_string_buffer(256)
        count = llama_cpp.llama_token_to_piece(self._vocab, token, room, 256, 0, True)
        return room.raw[:count]

    def logits(self, ids: list[int], fresh: bool = True) -> Logits:
        """Scores after the last of `ids`; `fresh` forgets what came before."""
        if fresh:
            llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(self._context), True)
        array = (llama_cpp.llama_token * len(ids))(*ids)
        if llama_cpp.llama_decode(self._context, llama_cpp.llama_batch_get_one(array, len(ids))) != 0:
            raise ValueError(f"llama.cpp refused a batch of {len(ids)} tokens")
        found = llama_cpp.llama_get_logits_ith(self._context, -1)
        return np.array(np.ctypeslib.as_array(found, shape=(self.size,)), dtype=np.float32)

    def greedy(self, ids: list[int], end: int, room: int = LONGEST_ANSWER) -> list[int]:
        """The greedy continuation, without the closing token."""
        out: list[int] = []
        scores = self.logits(ids)
        while len(out) < room:
            best = int(scores.argmax())
            if best == end:
                break
            out.append(best)
            scores = self.logits([best], fresh=False)
        return out

    def close(self) -> None:
        """Frees the model."""
        llama_cpp.llama_free(self._context)
        llama_cpp.llama_model_free(self._model)


def trainer_logits(trained: Trained, ids: list[int]) -> Logits:
    """The trainer's scores after the last of `ids`."""
    with torch.no_grad():
        hidden = trained.model(plain(ids))[-1]
        found: Logits = trained.model.logits(hidden).numpy()
    return found


def trainer_greedy(trained: Trained, ids: list[int], end: int, room: int = LONGEST_ANSWER) -> list[int]:
    """The trainer's greedy continuation, without the closing token."""
    out: list[int] = []
    while len(out) < room:
        best = int(trainer_logits(trained, ids + out).argmax())
        if best == end:
            break
        out.append(best)
    return out


@dataclass(frozen=True, slots=True)
class Proof:
    """What the comparison found on `prompts` prompts."""

    prompts: int
    same_tokens: int
    same_text: int
    same_top: int
    largest_difference: float

    def line(self) -> str:
        """One line for the terminal and the card."""
        return (
            f"{self.prompts} prompts: prompt tokens equal {self.same_tokens}, greedy text equal {self.same_text},"
            f" top token equal {self.same_top}, largest logit difference {self.largest_difference:.2e}"
        )


def prompts(corpus: data.Corpus, count: int) -> Iterator[data.Example]:
    """Held-out examples of every source in turn."""
    feeds = [
        data.held_out(s, "test", corpus)
        for s in ("snips", "hwu64", "slurp", "clinc150", "homes", "banking77")
    ]
    return itertools.islice((e for group in zip(*feeds, strict=False) for e in group), count)


@dataclass(frozen=True, slots=True)
class Reference:
    """What the trainer makes of one prompt."""

    example: data.Example
    ids: list[int]
    logits: Logits
    answer: list[int]


def references(
    trained: Trained, examples: Iterable[data.Example], room: int = LONGEST_ANSWER
) -> list[Reference]:
    """The trainer's side, computed once for every file; answers are cut at `room` tokens."""
    end = trained.codec.token_to_id(END) or 0
    found = []
    for example in examples:
        ids = trained.codec.encode(prompt_of(example)).ids
        found.append(
            Reference(example, ids, trainer_logits(trained, ids), trainer_greedy(trained, ids, end, room))
        )
    return found


def prove(path: Path, wanted: list[Reference], room: int = LONGEST_ANSWER) -> Proof:
    """Compares the file with the trainer's answers."""
    exported = Exported(path)
    end = exported.tokens(END)[0]
    same_tokens = same_text = same_top = 0
    largest = 0.0
    for reference in wanted:
        ids = exported.tokens(exported.prompt(reference.example))
        same_tokens += ids == reference.ids
        theirs = exported.logits(ids)
        largest = max(largest, float(np.abs(reference.logits - theirs).max()))
        same_top += int(reference.logits.argmax()) == int(theirs.argmax())
        same_text += reference.answer == exported.greedy(ids, end, room)
    exported.close()
    return Proof(len(wanted), same_tokens, same_text, same_top, largest)
