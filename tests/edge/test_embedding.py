"""The device's embedder is loaded once, when it is needed, beside the event loop."""

from __future__ import annotations

import asyncio
import struct
import threading

import pytest

from edge.embedding import LazyEmbedder, Reader, Vector, on_this_machine
from tidegate.errors import Broken


class Missing:
    """A loader that fails until something has been built."""

    def __init__(self) -> None:
        self.tries = 0

    def __call__(self) -> Reader:
        self.tries += 1
        assert threading.current_thread() is not threading.main_thread()
        raise Broken("not built", code="embedder_missing")


async def test_what_is_missing_is_looked_for_again() -> None:
    load = Missing()
    lazy = LazyEmbedder(load, lambda: False)
    assert not lazy.present
    assert load.tries == 0
    for _ in range(2):
        with pytest.raises(Broken):
            await lazy.embed(["a"])
    assert load.tries == 2


class Slow:
    """Loads when it is told to; what it loads says one number."""

    def __init__(self) -> None:
        self.loads = 0
        self.go = threading.Event()

    def __call__(self) -> Reader:
        self.loads += 1
        assert self.go.wait(20)
        return lambda text: Vector(struct.pack("<f", 1.0), len(text), whole=True)


async def test_it_is_loaded_once_even_when_the_first_caller_goes_away() -> None:
    load = Slow()
    lazy = LazyEmbedder(load, lambda: True)
    first = asyncio.create_task(lazy.embed(["a"]))
    second = asyncio.create_task(lazy.embed(["abc"]))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    first.cancel()
    load.go.set()
    (vector,) = await second
    assert first.cancelled()
    assert (vector.raw, vector.pieces, vector.whole) == (struct.pack("<f", 1.0), 3, True)
    await lazy.embed(["b"])
    assert load.loads == 1


async def test_the_built_embedder_puts_like_beside_like_and_says_what_it_did_not_read() -> None:
    lazy = on_this_machine()
    if not lazy.present:
        pytest.skip("the embedder is not built: tidegate models build embedder")
    (cat, kitten, tax), (long,) = await asyncio.gather(
        lazy.embed(["the cat sleeps", "a kitten is asleep", "the tax return is due in May"]),
        lazy.embed(["word " * 600]),
    )
    assert cosine(cat.raw, kitten.raw) > cosine(cat.raw, tax.raw) + 0.2
    assert (cat.whole, cat.pieces, long.whole, long.pieces) == (True, 5, False, 256)


def cosine(one: bytes, other: bytes) -> float:
    return sum(a * b for a, b in zip(struct.unpack("<384f", one), struct.unpack("<384f", other), strict=True))
