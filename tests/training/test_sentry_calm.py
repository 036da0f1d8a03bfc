"""Calm text with placeholders and long numbers: made by one seed the same, in the shape a vault writes, no field unfilled."""

from __future__ import annotations

import random

from scripts.training.sentry_calm import calm, number, placeholder
from tidegate.privacy.placeholders import SEPARATOR, find_placeholders


def test_one_seed_draws_the_same_texts_and_another_draws_others() -> None:
    assert [calm(random.Random(3)) for _ in range(5)] == [calm(random.Random(3)) for _ in range(5)]
    assert calm(random.Random(3)) != calm(random.Random(4))


def test_a_made_placeholder_has_the_shape_of_a_vaults_and_is_now_and_then_bent() -> None:
    rng = random.Random(1)
    made = [placeholder(rng) for _ in range(300)]
    canonical = [text for text in made if SEPARATOR in text]
    assert 150 < len(canonical) < 260
    for text in canonical:
        (found,) = find_placeholders(f"hello {text}, bye")
        assert (found.start, found.end) == (6, 6 + len(text))


def test_no_field_of_a_frame_is_left_and_both_kinds_of_text_come() -> None:
    rng = random.Random(2)
    texts = [calm(rng) for _ in range(500)]
    assert not any("{p}" in text or "{n}" in text or "{{" in text for text in texts)
    held = sum(bool(list(find_placeholders(text))) for text in texts)
    assert 200 < held < 450


def test_numbers_are_long_and_not_always_written_the_same_way() -> None:
    rng = random.Random(4)
    numbers = [number(rng) for _ in range(200)]
    assert all(sum(character.isdigit() for character in one) >= 6 for one in numbers)
    assert any(" " in one for one in numbers)
    assert any(one.isdigit() for one in numbers)
