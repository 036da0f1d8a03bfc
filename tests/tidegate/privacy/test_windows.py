"""Long texts window by window: nothing is lost or said twice, no value is cut, and memory does not grow with the text."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.privacy.detect import Detector
from tidegate.privacy.redaction import redact_stretch
from tidegate.privacy.vault import Vault
from tidegate.privacy.windows import Window, windows

DETECTOR = Detector()
LETTER = (
    "Dear all, the number of the office is +49 30 901820 and the card is 4111 1111 1111 1111.\n"
    "Write to eva@example.org about IBAN DE89 3704 0044 0532 0130 00, or call +44 7700 900123 today.\n"
)
KEY = (
    "-----BEGIN PRIVATE KEY-----\n" + "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n" * 8 + "-----END PRIVATE KEY-----\n"
)


def vault() -> Vault:
    return Vault.open("c", b"k" * 32, 1.0)


def redacted(
    chunks: list[str], one: Vault, *, window: int, around: int = 200, longest: int = 4000
) -> list[str]:
    cut = windows(chunks, window=window, longest=longest, around=around)
    made: list[str] = []
    try:
        now = next(cut)
        while True:
            done, ended = redact_stretch(now.text, now.first, now.last, DETECTOR, one)
            made.append(done.text.text)
            now = cut.send(ended)
    except StopIteration:
        return made


def stretches(chunks: list[str], *, window: int, longest: int) -> list[Window]:
    cut = windows(chunks, window=window, longest=longest, around=10)
    made: list[Window] = []
    try:
        made.append(next(cut))
        while True:
            made.append(cut.send(made[-1].last))
    except StopIteration:
        return made


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(450, 900))
def test_however_it_is_cut_all_comes_back_and_no_value_is_left_or_split(
    rng: random.Random, window: int
) -> None:
    text = "".join(
        rng.choice((LETTER, KEY, "word " * rng.randint(1, 60), "\n", "x" * rng.randint(1, 90)))
        for _ in range(rng.randint(1, 9))
    )
    edges = sorted(rng.randrange(len(text) + 1) for _ in range(5))
    chunks = [text[a:b] for a, b in zip([0, *edges], [*edges, len(text)], strict=True)]
    one = vault()
    joined = "".join(redacted(chunks, one, window=window))
    assert one.restore(joined) == text
    for value in (
        "4111 1111 1111 1111",
        "eva@example.org",
        "DE89 3704 0044 0532 0130 00",
        "+44 7700 900123",
        "MIIEvQ",
    ):
        assert value not in joined
    if LETTER in text:
        assert {"4111 1111 1111 1111", "eva@example.org", "+44 7700 900123"} <= {
            entry.value for entry in one.values()
        }


def test_a_value_over_the_end_of_a_window_is_hidden_whole_with_the_next() -> None:
    text = "x" * 90 + " 4111 1111 1111 1111 " + "y" * 90
    one = vault()
    made = redacted([text], one, window=100)
    assert [entry.value for entry in one.values()] == ["4111 1111 1111 1111"]
    assert len(made) > 1


def test_the_word_that_names_a_value_may_stand_in_the_window_before() -> None:
    text = "z" * 30 + "\n" + "the number of the passport is\n" + "X1234567 " + "y" * 80
    one = vault()
    redacted([text], one, window=80)
    assert "X1234567" in {entry.value for entry in one.values()}


def test_windows_end_at_lines_then_at_spaces_then_anywhere() -> None:
    line, words, solid = "a" * 70 + "\n", "b" * 30 + " ", "c" * 500
    for text, end in ((line * 5, "\n"), (words * 10, " ")):
        assert all(w.text[w.last - 1] == end for w in stretches([text], window=100, longest=300)[:-1])
    assert [w.last - w.first for w in stretches([solid], window=100, longest=300)] == [300, 200]


def test_the_text_held_is_bounded_however_long_the_text_is() -> None:
    made = stretches(["word " * 10] * 5000, window=1000, longest=4000)
    assert sum(w.last - w.first for w in made) == 250_000
    assert max(len(w.text) for w in made) < 1200


def test_nothing_gives_no_window() -> None:
    assert stretches([], window=100, longest=300) == []
    assert stretches(["", ""], window=100, longest=300) == []
