"""How much memory a model will need, from its header alone, before anything is loaded. Pure but for `available`.

Formulas, checked against llama.cpp's own buffer sizes (llama-cpp-python 0.3.36, CPU, flash attention, three shapes, within
2 %): the weights are mapped and become resident; the cache holds keys and values of every layer in f16 for a context
padded to 256 tokens; the compute buffer holds three feed-forward rows and four embedding rows per token of a batch in f32,
the attention mask in f16, and one row of logits.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tidegate.engines.gguf import Header
from tidegate.errors import Exhausted

_LIBRARY = 5 * 1024 * 1024  # graph, tokenizer code, llama.cpp itself: measured beyond the buffers
_PER_VOCABULARY_ENTRY = 300  # bytes, text and look-up tables; measured 160, with merges more
MOST_CACHE = 512 * 1024 * 1024
"""Bytes that all contexts of an engine take together, unless one alone takes more."""
MARGIN = 0.10
"""Share of the estimate kept free: other programs breathe."""


@dataclass(frozen=True, slots=True)
class Need:
    """Bytes, by what they are for."""

    weights: int
    cache: int
    compute: int
    rest: int

    @property
    def total(self) -> int:
        return self.weights + self.cache + self.compute + self.rest


def need_of(
    header: Header, file_bytes: int, *, context_tokens: int, batch_tokens: int, sequences: int = 1
) -> Need:
    """What one engine with this context for each of `sequences` will hold. An upper estimate where an architecture keeps
    less than every token."""
    tokens = min(context_tokens, header.trained_context or context_tokens)
    padded = -(-tokens // 256) * 256
    batch = min(batch_tokens, tokens)
    width, heads = header.number("embedding_length"), max(1, *header.per_layer("attention.head_count"), 1)
    key = header.number("attention.key_length") or width // heads
    value = header.number("attention.value_length") or width // heads
    kept = sum(header.per_layer("attention.head_count_kv")) or sum(header.per_layer("attention.head_count"))
    cache = sequences * (2 * padded * kept * (key + value) + _recurrent(header))
    rows = 4 * max(width, heads * key) + 3 * max(
        *header.per_layer("feed_forward_length"), _experts(header), width
    )
    vocabulary = header.lengths.get("tokenizer.ggml.tokens", 0) or header.number("vocab_size")
    compute = batch * 4 * rows + padded * batch * 2 + 4 * vocabulary
    return Need(file_bytes, cache, compute, _LIBRARY + _PER_VOCABULARY_ENTRY * vocabulary)


def sequences_that_fit(
    header: Header, file_bytes: int, free: int | None, *, context_tokens: int, batch_tokens: int, most: int
) -> int:
    """How many contexts, up to `most`, this model can hold in `free` bytes and in `MOST_CACHE`; 0 when not even one.

    None for `free`: not known, and then only the second bound counts.
    """

    def fits(count: int) -> bool:
        need = need_of(
            header, file_bytes, context_tokens=context_tokens, batch_tokens=batch_tokens, sequences=count
        )
        return free is None or need.total * (1 + MARGIN) <= free

    one = need_of(header, file_bytes, context_tokens=context_tokens, batch_tokens=batch_tokens).cache
    likely = range(min(most, max(1, MOST_CACHE // max(one, 1))), 0, -1)
    return next((count for count in likely if fits(count)), 0)


def _experts(header: Header) -> int:
    """Feed-forward width of the experts that work on one token."""
    return header.number("expert_feed_forward_length") * max(1, header.number("expert_used_count"))


def _recurrent(header: Header) -> int:
    """State of layers that keep a state instead of every token, f32."""
    inner = header.number("ssm.inner_size")
    return (
        4
        * header.number("block_count")
        * inner
        * (header.number("ssm.state_size") + header.number("ssm.conv_kernel"))
    )


def require_memory(need: int, free: int) -> None:
    """Raises Exhausted (memory_short) when a model that needs `need` bytes would not fit into `free`."""
    if need * (1 + MARGIN) > free:
        raise Exhausted(
            f"this model needs about {mebibytes(need)} of memory and {mebibytes(free)} are free; it was not loaded, and what "
            "served before still serves",
            code="memory_short",
            hint="choose a smaller quantisation, or end other programs",
        )


def mebibytes(count: int) -> str:
    return f"{count / 2**20:,.1f} MiB" if count < 100 * 2**20 else f"{count / 2**20:,.0f} MiB"


def available(proc: Path = Path("/proc"), cgroup: Path = Path("/sys/fs/cgroup")) -> int | None:
    """Bytes that a new process may use without pushing others out; None where the system does not say."""
    found = [count for count in (_system(proc), _group(cgroup)) if count is not None]
    return min(found, default=None)


def _system(proc: Path) -> int | None:
    try:
        lines = (proc / "meminfo").read_text("ascii", "replace").splitlines()
    except OSError:
        return None
    for line in lines:
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None


def _group(cgroup: Path) -> int | None:
    """What is left of this process's own limit (version 2 of control groups)."""
    try:
        most, used = ((cgroup / name).read_text("ascii").strip() for name in ("memory.max", "memory.current"))
    except (OSError, UnicodeDecodeError):
        return None
    return max(0, int(most) - int(used)) if most.isdigit() and used.isdigit() else None
