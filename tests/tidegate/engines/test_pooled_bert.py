"""Encoders in GGUF files: a tiny BERT gives the vectors of the same network in numpy, pooled as its file says."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np
import pytest

from edge.config import Embedding
from edge.embedding import of_file
from tests.fakes.bert_gguf import CLS, MARKS, PLACES, SEP, UNKNOWN, WIDTH, WORDS, Bert, Floats
from tidegate.engines.pooled import PooledModel
from tidegate.errors import Broken

BERT = Bert.drawn()
TEXT = "The lights in the kitchen"
IDS = [
    CLS,
    *(len(MARKS) + WORDS.index(one) for one in ("▁the", "▁light", "s", "▁in", "▁the", "▁kitchen")),
    SEP,
]


def pooled(path: Path, pooling: gguf.PoolingType | None, window: int = PLACES) -> PooledModel:
    return PooledModel(BERT.write(path / "bert.gguf", pooling), window=window)


def unit(row: Floats) -> Floats:
    return np.asarray(row / np.linalg.norm(row), np.float32)


@pytest.mark.parametrize(
    ("pooling", "rows"),
    [
        (gguf.PoolingType.MEAN, slice(None)),
        (gguf.PoolingType.CLS, slice(1)),
        (gguf.PoolingType.LAST, slice(-1, None)),
        (gguf.PoolingType.NONE, slice(None)),  # no vector for a text: the mean is taken
        (None, slice(None)),
    ],
)
def test_a_text_gets_the_vector_that_the_network_gives_pooled_as_the_file_says(
    tmp_path: Path, pooling: gguf.PoolingType | None, rows: slice
) -> None:
    model = pooled(tmp_path, pooling)
    vector, read, whole = model.read(TEXT)
    model.close()
    assert (model.width, vector.shape, vector.dtype.str, read, whole) == (
        WIDTH,
        (WIDTH,),
        "<f4",
        len(IDS),
        True,
    )
    assert float(np.linalg.norm(vector)) == pytest.approx(1.0, abs=1e-6)
    expected = unit(BERT.last_layer(IDS)[rows].mean(axis=0))
    assert float(vector @ expected) > 0.9999


def test_ways_of_pooling_differ_and_texts_too(tmp_path: Path) -> None:
    vectors = []
    for pooling in (gguf.PoolingType.MEAN, gguf.PoolingType.CLS, gguf.PoolingType.LAST):
        model = pooled(tmp_path, pooling)
        vectors += [model.read(TEXT)[0], model.read("the hall is warmer")[0]]
        model.close()
    for at, one in enumerate(vectors):
        assert all(float(one @ other) < 0.999 for other in vectors[at + 1 :])


def test_a_text_has_the_same_vector_to_the_bit_whatever_was_read_before(tmp_path: Path) -> None:
    model = pooled(tmp_path, gguf.PoolingType.MEAN)
    first = model.read(TEXT)[0].tobytes()
    model.read("off " * 15)
    assert model.read(TEXT)[0].tobytes() == first
    model.close()


def test_unknown_words_and_marks_in_a_text_are_read_as_text(tmp_path: Path) -> None:
    model = pooled(tmp_path, gguf.PoolingType.CLS)
    vector, read, _ = model.read("the xylophone")
    expected = unit(BERT.last_layer([CLS, len(MARKS), UNKNOWN, SEP])[0])
    assert (read, float(vector @ expected) > 0.9999) == (4, True)
    assert model.read("[SEP]")[1] > 3, "brackets and letters, not the mark"
    model.close()


def test_a_long_text_is_cut_and_still_ends_as_the_network_knows_it(tmp_path: Path) -> None:
    model = pooled(tmp_path, gguf.PoolingType.LAST, window=10)
    vector, read, whole = model.read("light " * 100)
    model.close()
    assert (read, whole) == (10, False)
    light = len(MARKS) + WORDS.index("▁light")
    assert float(vector @ unit(BERT.last_layer([CLS, *[light] * 8, SEP])[-1])) > 0.9999


def test_a_window_beyond_the_networks_places_is_its_places(tmp_path: Path) -> None:
    model = pooled(tmp_path, gguf.PoolingType.MEAN, window=4096)
    assert model.window == PLACES
    assert model.read("light " * 100)[1:] == (PLACES, False)
    model.close()


def test_a_network_that_ranks_has_no_vectors_and_says_so(tmp_path: Path) -> None:
    with pytest.raises(Broken, match="ranks texts"):
        pooled(tmp_path, gguf.PoolingType.RANK)


def test_a_file_that_lacks_a_part_of_the_network_is_refused_by_name(tmp_path: Path) -> None:
    path = BERT.write(tmp_path / "bert.gguf", gguf.PoolingType.MEAN, leave="blk.1.ffn_up.weight")
    with pytest.raises(Broken, match=r"bert\.gguf was not loaded: architecture 'bert'"):
        PooledModel(path, window=PLACES)


async def test_the_door_serves_it_under_the_files_name(tmp_path: Path) -> None:
    (name, one), *others = of_file(
        Embedding(path=BERT.write(tmp_path / "tiny.gguf", gguf.PoolingType.MEAN), context_tokens=512)
    ).items()
    vectors = await one.embed([TEXT, "the hall is off"])
    assert (name, one.width, others, [len(v.raw) for v in vectors]) == ("tiny", WIDTH, [], [4 * WIDTH] * 2)
