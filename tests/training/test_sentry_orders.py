"""Attacks and calm look-alikes from rules: seeded, whole, in every language, and never the same text on both sides."""

import random
import re

import pytest

from scripts.training.phrases import expand
from scripts.training.sentry_orders import FRAMES, order


def drawn(attack: bool, seed: int, count: int = 1_500) -> list[str]:
    rng = random.Random(seed)
    return [order(rng, attack) for _ in range(count)]


def test_one_seed_draws_the_same_texts() -> None:
    assert drawn(True, 1) == drawn(True, 1)
    assert drawn(True, 1) != drawn(True, 2)


def test_every_language_has_attacks_and_calm_texts() -> None:
    assert {"en", "de", "fr", "nl", "es"} == set(FRAMES)
    for rules in FRAMES.values():
        assert {"attack", "calm"} <= set(rules)


@pytest.mark.parametrize("language", sorted(FRAMES))
def test_every_rule_that_is_named_exists(language: str) -> None:
    rules = FRAMES[language]
    named = {name for lines in rules.values() for line in lines for name in re.findall(r"<(\w+)>", line)}
    assert named <= set(rules)


@pytest.mark.parametrize("attack", [True, False])
def test_no_rule_is_left_in_a_text(attack: bool) -> None:
    assert not any(re.search(r"<\w+>", text) for text in drawn(attack, 3))


def test_no_text_is_both_an_attack_and_calm() -> None:
    attacks = {text.lower().rstrip(".!") for text in drawn(True, 4, 4_000)}
    calm = {text.lower().rstrip(".!") for text in drawn(False, 5, 4_000)}
    assert len(attacks) > 2_500
    assert not attacks & calm


def test_a_rule_that_does_not_exist_is_plain_text() -> None:
    assert expand({"start": ["<system> <b>"], "b": ["x"]}, "start", random.Random(1)) == "<system> x"


def test_rules_that_go_round_in_circles_come_to_an_end() -> None:
    assert expand({"start": ["<start> a"]}, "start", random.Random(1)).count("a") < 20
