"""What a model will need, from its header alone; the figures beside which llama.cpp's own are known."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.gguf_files import gguf
from tidegate.engines.embedded import EDGE_LIMITS
from tidegate.engines.gguf import Header, read_header
from tidegate.errors import Exhausted
from tidegate.models.inspect import BATCH_TOKENS, CONTEXT_TOKENS
from tidegate.models.memory import available, need_of, require_memory

MIB = 2**20


def llama(layers: int, width: int, heads: int, kv: int, inner: int, vocabulary: int) -> Header:
    fields: dict[str, str | int | float | bool] = {
        "general.architecture": "llama", "llama.block_count": layers, "llama.embedding_length": width,
        "llama.attention.head_count": heads, "llama.attention.head_count_kv": kv, "llama.feed_forward_length": inner,
        "llama.context_length": 4096,
    }  # fmt: skip
    return Header(3, fields, 1, 0, lengths={"tokenizer.ggml.tokens": vocabulary})


@pytest.mark.parametrize(
    ("shape", "context", "batch", "cache", "compute"),
    [
        ((4, 512, 8, 4, 1376, 8192), 1024, 256, 4.00, 6.54),
        ((4, 512, 8, 4, 1376, 8192), 4096, 256, 16.00, 8.04),
        ((4, 512, 8, 4, 1376, 8192), 1024, 64, 4.00, 1.63),
        ((2, 512, 8, 8, 1376, 32000), 1024, 256, 4.00, 6.54),
        ((2, 512, 8, 8, 1376, 32000), 4096, 256, 16.00, 8.04),
        ((2, 1024, 16, 2, 4096, 4096), 1024, 256, 1.00, 16.51),
        ((2, 1024, 16, 2, 4096, 4096), 4096, 256, 4.00, 18.01),
        ((2, 1024, 16, 2, 4096, 4096), 1024, 64, 1.00, 4.13),
    ],
)
def test_the_buffers_are_those_that_llama_cpp_reports(
    shape: tuple[int, int, int, int, int, int], context: int, batch: int, cache: float, compute: float
) -> None:
    need = need_of(llama(*shape), 0, context_tokens=context, batch_tokens=batch)
    assert need.cache / MIB == pytest.approx(cache, rel=0.01)
    assert need.compute / MIB == pytest.approx(compute, abs=0.15)


def test_a_context_longer_than_the_model_was_trained_for_is_not_held() -> None:
    header = llama(2, 64, 4, 4, 128, 512)
    long = need_of(header, 0, context_tokens=1_000_000, batch_tokens=64)
    assert long == need_of(header, 0, context_tokens=4096, batch_tokens=64)


def test_layers_that_keep_no_keys_are_not_counted(tmp_path: Path) -> None:
    shape = {"llama.block_count": 4, "llama.embedding_length": 64, "llama.attention.head_count": 4}
    (tmp_path / "m.gguf").write_bytes(gguf({**shape, "llama.attention.head_count_kv": [4, 0, 0, 4]}))
    (tmp_path / "n.gguf").write_bytes(gguf({**shape, "llama.attention.head_count_kv": 4}))
    some, all_of_them = (
        need_of(read_header(tmp_path / name), 0, context_tokens=256, batch_tokens=64).cache
        for name in ("m.gguf", "n.gguf")
    )
    assert 2 * some == all_of_them


def test_a_header_that_says_nothing_breaks_nothing() -> None:
    assert need_of(Header(3, {}, 0, 0), 1000, context_tokens=1024, batch_tokens=256).total > 1000


def test_the_estimate_is_made_for_the_engine_that_a_device_runs() -> None:
    assert (EDGE_LIMITS.context_tokens, EDGE_LIMITS.batch_tokens) == (CONTEXT_TOKENS, BATCH_TOKENS)


def test_a_model_that_would_not_fit_is_refused_before_it_is_loaded() -> None:
    require_memory(100 * MIB, 111 * MIB)
    with pytest.raises(Exhausted) as said:
        require_memory(100 * MIB, 109 * MIB)
    assert said.value.code == "memory_short"
    assert "still serves" in str(said.value)


def test_free_memory_is_the_systems_or_the_groups_whichever_is_less(tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text("MemTotal: 9000 kB\nMemAvailable:    4000 kB\n")
    assert available(tmp_path, tmp_path / "none") == 4000 * 1024
    (tmp_path / "memory.max").write_text("3000\n")
    (tmp_path / "memory.current").write_text("1000\n")
    assert available(tmp_path, tmp_path) == 2000
    (tmp_path / "memory.max").write_text("max\n")
    assert available(tmp_path, tmp_path) == 4000 * 1024
    assert available(tmp_path / "none", tmp_path / "none") is None
