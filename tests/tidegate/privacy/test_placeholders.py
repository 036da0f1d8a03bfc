"""The grammar both tiers read."""

import pytest

from tidegate.privacy.placeholders import ALPHABET, MAX_LENGTH, check_character, find_placeholders, make

ONE = make("PERSON", 12, "k3f")


def names(text: str) -> list[str]:
    return [p.name for p in find_placeholders(text)]


def test_a_made_placeholder_is_found_where_it_stands() -> None:
    (found,) = find_placeholders(f"dear {ONE}, hello")
    assert (found.start, found.end) == (5, 5 + len(ONE))
    assert (found.kind, found.number, found.intact, found.canonical) == ("PERSON", 12, True, True)


@pytest.mark.parametrize(
    "bent",
    [
        ONE.lower(),
        ONE.replace("·", "."),
        ONE.replace("·", "•"),
        ONE.replace("·", "-"),
        ONE.replace("·", ":"),
        ONE.replace("·", "\\u00b7"),
        ONE.replace("·", "Â·"),
        ONE.replace("·", "&middot;"),
        ONE.replace("[", "\\[").replace("]", "\\]").replace("_", "\\_"),
        ONE.upper(),
    ],
)
def test_forms_that_models_bend_it_into_are_read_as_the_same(bent: str) -> None:
    (found,) = find_placeholders(f"<{bent}>")
    assert (found.name, found.intact, found.end - found.start) == (ONE, True, len(bent))
    assert not found.canonical


@pytest.mark.parametrize(
    "text",
    [
        "[PERSON_12]",
        "PERSON_12·k3f9",
        "[PERSON_12·k3f]",
        "[PERSON 12·k3f9]",
        "[PERSON_0·k3f9]",
        "[12]",
        "[]",
        "[[",
        "[PERSON_12·k3fi]",
    ],
)
def test_what_people_write_too_is_left_as_text(text: str) -> None:
    assert names(text) == []


def test_an_altered_one_is_found_and_not_intact() -> None:
    wrong = ONE[:-2] + next(c for c in ALPHABET if c != ONE[-2]) + "]"
    (found,) = find_placeholders(wrong)
    assert not found.intact
    assert find_placeholders(wrong.replace("·", ".")) == (), (
        "a bent form whose check fails is text in brackets"
    )


def test_an_unknown_kind_in_the_exact_shape_is_found_and_not_intact() -> None:
    (found,) = find_placeholders("[" + "SECRET_1·k3f" + check_character("SECRET", 1, "k3f") + "]")
    assert not found.intact


def test_every_single_change_of_number_or_nonce_is_noticed() -> None:
    for number in (1, 7, 10, 42, 199):
        right = check_character("PHONE_NUMBER", number, "a2z")
        for place in range(len(str(number))):
            for digit in "0123456789":
                other = int(str(number)[:place] + digit + str(number)[place + 1 :])
                assert other == number or check_character("PHONE_NUMBER", other, "a2z") != right
        for place in range(3):
            for letter in ALPHABET:
                nonce = "a2z"[:place] + letter + "a2z"[place + 1 :]
                assert nonce == "a2z" or check_character("PHONE_NUMBER", number, nonce) != right


def test_neighbours_and_nested_brackets_are_told_apart() -> None:
    other = make("IBAN_CODE", 1, "k3f")
    assert names(f"[{ONE}{other}]") == [ONE, other]
    assert names(f"[PERSON_1·{ONE}") == [ONE]


def test_a_megabyte_of_brackets_is_read_in_one_pass() -> None:
    for text in ("[" * 1_000_000, "[PERSON_1" * 20_000, "\\[" * 200_000, "[" + "A_" * 500_000):
        assert find_placeholders(text) == ()


def test_no_form_is_longer_than_a_stream_holds_back() -> None:
    longest = "\\[" + "MEDICAL_RECORD".replace("_", "\\_") + "\\_9999999\\&middot;k3f9\\]"
    assert len(longest) <= MAX_LENGTH
