"""Text without anything private: made by one seed the same, in every kind, and nothing in it is marked."""

import random
from collections.abc import Callable

import pytest

pytest.importorskip("yaml", reason="PyYAML reads the home sentences")

from scripts.training import sources
from scripts.training.sentry_plain import WORDS, Plain, citation, code, field_word, measure, nameless_requests

NEEDS_DATA = pytest.mark.skipif(
    not (sources.data_root() / "snips").is_dir(), reason="the shared data sets are not here"
)


def drawn(seed: int, count: int = 200) -> list[str]:
    plain = Plain(sources.data_root().parent, random.Random(seed))
    return [plain.one().text for _ in range(count)]


@NEEDS_DATA
def test_one_seed_draws_the_same_texts_and_another_draws_others() -> None:
    assert drawn(3) == drawn(3)
    assert drawn(3) != drawn(4)


@NEEDS_DATA
def test_no_text_is_marked_and_no_field_of_a_frame_is_left_unfilled() -> None:
    plain = Plain(sources.data_root().parent, random.Random(5))
    for example in (plain.one() for _ in range(600)):
        assert example.spans == ()
        assert "{N}" not in example.text
        assert "{A}" not in example.text
        assert example.text.strip()


@NEEDS_DATA
def test_requests_that_speak_of_a_person_or_a_place_are_left_out() -> None:
    texts = nameless_requests(sources.data_root().parent)
    assert len(texts) > 3_000
    assert not any("[" in text for text in texts)


@pytest.mark.parametrize("maker", [field_word, citation, measure, code])
def test_a_maker_fills_every_frame(maker: Callable[[random.Random], str]) -> None:
    rng = random.Random(1)
    for _ in range(400):
        text = maker(rng)
        assert text.strip()
        assert "{w}" not in text


def test_sentences_come_in_ten_languages() -> None:
    import tomllib

    languages = tomllib.loads(WORDS.read_text(encoding="utf-8"))
    assert len(languages) == 10
    assert all(len(words["things"]) > 15 and len(words["frames"]) >= 9 for words in languages.values())
