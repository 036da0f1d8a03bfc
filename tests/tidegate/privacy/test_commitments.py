"""The cloud finds a private value in a text exactly, without having been sent it."""

import pytest

from tidegate.privacy.commitments import commit, leaks, normal_form

SALT = b"0123456789abcdef"


def committed(*values: str) -> list[bytes]:
    return [c for c in (commit(SALT, v) for v in values) if c is not None]


@pytest.mark.parametrize(
    ("value", "text", "found"),
    [
        ("Jan Klaassen", "Dear JAN  klaassen, hello", "JAN  klaassen"),
        ("+31 6 1234 5678", "call +31612345678 now", "31612345678"),
        ("4111111111111111", "card 4111-1111-1111-1111.", "4111-1111-1111-1111"),
        (
            "Lindenallee 5, 20095 Hamburg",
            "to Lindenallee 5 / 20095 Hamburg today",
            "Lindenallee 5 / 20095 Hamburg",
        ),
        ("eva@example.org", "write eva@example.org", "eva@example.org"),
    ],
)
def test_a_committed_value_is_found_in_another_spelling(value: str, text: str, found: str) -> None:
    assert [text[a:b] for a, b in leaks(text, SALT, committed(value))] == [found]


@pytest.mark.parametrize("text", ["Dear Jan, hello", "Klaassen Jan", "Jankl aassens", "", "Jan Klaassens"])
def test_a_part_or_another_order_is_not_the_value(text: str) -> None:
    assert leaks(text, SALT, committed("Jan Klaassen")) == ()


def test_short_values_are_not_committed_to() -> None:
    assert commit(SALT, "Al") is None
    assert commit(SALT, "J. P.") is None


def test_another_salt_gives_other_commitments() -> None:
    assert commit(SALT, "Jan Klaassen") != commit(b"x" * 16, "Jan Klaassen")
    assert leaks("Jan Klaassen", b"x" * 16, committed("Jan Klaassen")) == ()


def test_the_normal_form_keeps_letters_and_digits_of_every_script() -> None:
    assert normal_form(" Ａnna-Łucja Öz_1 ") == "annałucjaöz1"
