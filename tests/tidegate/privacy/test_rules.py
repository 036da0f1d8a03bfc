"""What the operator adds and takes away."""

import pytest

from tidegate.errors import BadConfig
from tidegate.privacy.detect import Detector
from tidegate.privacy.redaction import redact
from tidegate.privacy.rules import own_rules
from tidegate.privacy.spans import Label
from tidegate.privacy.vault import Vault


def hidden(text: str, detector: Detector) -> list[tuple[str, Label]]:
    return [(text[s.start : s.end], s.label) for s in detector.find(text)]


def test_own_patterns_are_found_in_code_points() -> None:
    rules = own_rules(
        patterns=[("ticket", r"TCK-\d{4}", Label.CUSTOM), ("badge", r"B\d{3}", Label.EMPLOYEE_ID)]
    )
    assert hidden("Größe ✓ TCK-1234 B777 TCK-12", Detector(rules=rules)) == [
        ("TCK-1234", Label.CUSTOM),
        ("B777", Label.EMPLOYEE_ID),
    ]


def test_words_to_hide_are_hidden_in_any_case_as_whole_words() -> None:
    detector = Detector(rules=own_rules(hide=["Project Falcon", "C++"]))
    assert hidden("project falcon, Project Falcons, c++", detector) == [
        ("project falcon", Label.CUSTOM),
        ("c++", Label.CUSTOM),
    ]


def test_a_value_to_show_is_left_and_what_is_like_it_is_not() -> None:
    detector = Detector(rules=own_rules(show=["help@example.org", "+49 30 901820"]))
    text = "help@example.org, eva@example.org, +49 30 901820"
    assert [value for value, _ in hidden(text, detector)] == ["eva@example.org"]


def test_a_kind_that_is_allowed_leaves_even_when_it_is_proved() -> None:
    detector = Detector(rules=own_rules(allow=[Label.CREDIT_CARD]))
    text = "card 4111 1111 1111 1111, IBAN DE89370400440532013000"
    assert [label for _, label in hidden(text, detector)] == [Label.IBAN_CODE]
    done = redact(text, detector, Vault.open("c", b"k" * 32, 1.0))
    assert "4111 1111 1111 1111" in done.text.text


@pytest.mark.parametrize("expression", ["(", r"(?=x)", r"(a)\1", "a*", "x" * 2001, "", "[z-a]"])
def test_what_is_no_linear_expression_is_named(expression: str) -> None:
    with pytest.raises(BadConfig, match="'mine'"):
        own_rules(patterns=[("mine", expression, Label.CUSTOM)])


@pytest.mark.parametrize("expression", ["(a+)+$", "(a|aa)+$", "(x+x+)+y"])
def test_expressions_that_run_away_elsewhere_end_here(expression: str) -> None:
    detector = Detector(patterns=(), rules=own_rules(patterns=[("evil", expression, Label.CUSTOM)]))
    assert detector.find("a" * 100_000 + "x" * 100_000 + "!") == ()
