"""The encoder: exact places, bounded work, and a self-test that bites."""

from __future__ import annotations

import json
import shutil
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.assets import model_dir
from tidegate.errors import BadRequest, Broken
from tidegate.privacy.encoder import MAX_CHARS, MAX_PIECES, Encoder, windows
from tidegate.privacy.package import read_package
from tidegate.privacy.wordpiece import MAX_WORD, WordPiece, plain, split


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder.load(model_dir("sentry"))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(model_dir("sentry"), tmp_path / "sentry"))


# ---------------------------------------------------------------------------------------------------------- words


@given(st.text(max_size=300))
@settings(max_examples=400, deadline=None)
def test_words_are_in_order_and_everything_between_them_is_white_space(text: str) -> None:
    words = split(text)
    at = 0
    for word in words:
        assert at <= word.start < word.end <= len(text)
        assert not text[at : word.start].strip()
        at = word.end
    assert not text[at:].strip()


@given(st.text(alphabet="aé\u0301ß\u200bŒ東🙂._- \n\u202eИ٣", max_size=120))
@settings(max_examples=300, deadline=None)
def test_every_word_has_pieces_and_every_piece_has_features(text: str) -> None:
    pieces = _WORDPIECE.encode(text)
    assert len(pieces.ids) == len(pieces.shapes) == len(pieces.glues) >= len(pieces.words)
    assert len(pieces.firsts) == len(pieces.words)
    assert all(before < after for before, after in pairwise(pieces.firsts))


_WORDPIECE = WordPiece.load(model_dir("sentry") / "vocab.txt")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Jörg O'Neil", ["Jörg", "O", "'", "Neil"]),
        ("e\u0301a snake_case", ["e\u0301a", "snake", "_", "case"]),
        ("an\u200bna", ["an\u200bna"]),
        ("......", ["......"]),
        ("東京!", ["東", "京", "!"]),
        ('{"name":"Ann"}', ["{", '"', "name", '"', ":", '"', "Ann", '"', "}"]),
        ("🙂🙂 x", ["🙂🙂", "x"]),
        ("", []),
        (" \n\t", []),
    ],
)
def test_a_text_is_cut_where_a_reader_would_cut_it(text: str, words: list[str]) -> None:
    assert [text[word.start : word.end] for word in split(text)] == words


@pytest.mark.parametrize(
    ("word", "bare"), [("Müller", "muller"), ("ÉCOLE", "ecole"), ("an\u200bna", "anna"), ("straße", "straße")]
)
def test_the_vocabulary_sees_words_without_case_accents_and_joiners(word: str, bare: str) -> None:
    assert plain(word) == bare


def test_a_word_of_any_length_without_a_break_is_one_unknown_piece() -> None:
    assert _WORDPIECE.encode("x" * (MAX_WORD + 1)).ids == [_WORDPIECE.unknown]
    assert _WORDPIECE.encode("x" * MAX_WORD).ids


# -------------------------------------------------------------------------------------------------------- windows


@st.composite
def _texts(draw: st.DrawFn) -> list[int]:
    lengths = draw(st.lists(st.integers(1, 24), max_size=120))
    firsts, at = [], 0
    for length in lengths:
        firsts.append(at)
        at += length
    return [*firsts, at]


@given(_texts(), st.integers(30, 130))
@settings(max_examples=300, deadline=None)
def test_each_word_is_scored_exactly_once_by_a_window_that_reads_its_first_piece(
    starts: list[int], body: int
) -> None:
    firsts, pieces = starts[:-1], starts[-1]
    cover = windows(firsts, pieces, body, body // 3)
    scored = [word for window in cover for word in range(window.first, window.last)]
    assert scored == list(range(len(firsts)))
    for window in cover:
        assert window.end - window.start <= body
        assert all(window.start <= firsts[word] < window.end for word in range(window.first, window.last))


# ----------------------------------------------------------------------------------------------------------- scan


def test_a_word_has_the_same_scores_however_often_a_text_is_scanned(encoder: Encoder) -> None:
    text = "Ann Example lives at 5 Sample Street."
    first = encoder.scan(text)
    fresh = Encoder.load(model_dir("sentry")).scan(text)
    assert np.array_equal(first.tags, fresh.tags)
    assert first.injection == fresh.injection


def test_probabilities_of_a_word_sum_to_one(encoder: Encoder) -> None:
    scan = encoder.scan("Dear Mrs Sample,\nyour order is on its way. " * 12)
    assert scan.tags.shape == (len(scan.words), len(encoder.settings.tags))
    assert np.allclose(scan.tags.sum(axis=1), 1.0, atol=1e-4)


def test_a_scan_shows_no_text_when_printed(encoder: Encoder) -> None:
    assert "Zebulon" not in repr(encoder.scan("Zebulon was here"))


_HOSTILE = [
    "x" * 1_000_000,
    "." * 1_000_000,
    "\u0301" * 200_000,
    "\u200b" * 200_000,
    "",
    "\x00\ud800\udfff",
    "🙂" * 50_000,
]


@pytest.mark.parametrize("text", _HOSTILE, ids=range(len(_HOSTILE)))
def test_hostile_text_costs_a_handful_of_windows(encoder: Encoder, text: str) -> None:
    assert len(encoder.scan(text).words) <= 8


def test_text_beyond_the_limits_is_refused_by_name_of_the_limit(encoder: Encoder) -> None:
    with pytest.raises(BadRequest, match="characters") as refused:
        encoder.scan("a" * (MAX_CHARS + 1))
    assert f"at most {MAX_CHARS} characters" in (refused.value.hint or "")
    with pytest.raises(BadRequest, match="word pieces") as refused:
        encoder.scan("a." * 80_000)
    assert f"at most {MAX_PIECES} word pieces" in (refused.value.hint or "")


# ------------------------------------------------------------------------------------------------------ self-test


def test_a_changed_expected_number_stops_the_load(copy: Path) -> None:
    path = copy / "selftest.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["vectors"][0]["tags"][4][0] = 1 - content["vectors"][0]["tags"][4][0]
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(Broken, match="other numbers"):
        Encoder.load(copy)


def test_words_cut_differently_stop_the_load(copy: Path) -> None:
    path = copy / "selftest.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["vectors"][0]["ids"][0] += 1
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(Broken, match="cut differently"):
        Encoder.load(copy)


def test_a_self_test_without_vectors_proves_nothing_and_stops_the_load(copy: Path) -> None:
    (copy / "selftest.json").write_text('{"tolerance": 0.03, "vectors": []}', encoding="utf-8")
    with pytest.raises(Broken, match="proves nothing"):
        Encoder.load(copy)


def test_weights_that_lost_a_byte_stop_the_load(copy: Path) -> None:
    path = read_package(copy).weights
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(Broken, match="not the ones"):
        Encoder.load(copy)


def test_missing_weights_stop_the_load(copy: Path) -> None:
    read_package(copy).weights.unlink()
    with pytest.raises(Broken, match="cannot be read"):
        Encoder.load(copy)


@pytest.mark.parametrize("name", ["../sentry.onnx", "/sentry.onnx", "sub/sentry.onnx", "sentry.json", ""])
def test_settings_that_name_weights_elsewhere_stop_the_load(copy: Path, name: str) -> None:
    path = copy / "sentry.json"
    path.write_text(json.dumps(json.loads(path.read_bytes()) | {"weights": name}), encoding="utf-8")
    with pytest.raises(Broken, match="cannot be read"):
        Encoder.load(copy)


def test_the_weights_may_have_a_name_of_their_own(copy: Path) -> None:
    path = copy / "sentry.json"
    read_package(copy).weights.rename(copy / "second.onnx")
    path.write_text(json.dumps(json.loads(path.read_bytes()) | {"weights": "second.onnx"}), encoding="utf-8")
    assert Encoder.load(copy).scan("turn off the lights").injection < 0.5


@pytest.mark.parametrize("name", ["sentry.json", "vocab.txt", "selftest.json"])
def test_a_missing_file_stops_the_load(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(Broken, match="cannot be read"):
        Encoder.load(copy)


def test_the_untouched_copy_loads(copy: Path) -> None:
    assert Encoder.load(copy).settings.window > 0
