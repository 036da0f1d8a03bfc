"""Values that were hidden are found again, however many there are, as whole words only."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tidegate.privacy.known import Known
from tidegate.privacy.placeholders import LITERAL

PHONES = [f"+49 30 {number}" for number in range(1_000_000, 1_000_200)]


def known(values: list[tuple[str, str]]) -> Known:
    made = Known()
    for kind, value in values:
        made.add(kind, value)
    return made


def found(text: str, one: Known) -> set[str]:
    return {text[span.start : span.end] for span in one.repeats(text)}


MANY = [
    *(("PHONE_NUMBER", phone) for phone in PHONES),
    ("PERSON", "Anna Lindqvist"),
    ("PERSON", "Bo Li"),
    ("CUSTOM", "#-!?#-!?"),
]


def test_each_of_many_is_found_again_and_a_name_by_its_surname() -> None:
    text = f"Ms Lindqvist, {PHONES[7]}; Li called {PHONES[150]} #-!?#-!?"
    assert found(text, known(MANY)) == {"Lindqvist", PHONES[7], PHONES[150], "#-!?#-!?"}


def test_inside_a_longer_word_or_number_nothing_is_found() -> None:
    assert found(f"Lindqvistgatan {PHONES[7]}0 x{PHONES[8]}", known(MANY)) == set()


def test_what_the_users_text_said_itself_and_what_is_short_is_not_looked_for() -> None:
    assert found("[PERSON_1·k3f9] 123", known([(LITERAL, "[PERSON_1·k3f9]"), ("PASSWORD", "123")])) == set()


def test_forgotten_values_are_not_found() -> None:
    one = known(MANY)
    one.clear()
    assert found(PHONES[7], one) == set()


words = st.sampled_from(
    ["ann", "anna berg", "a-b", "+49 30", "30 12", "(30)", "x@y.z", "--", "ab", "berg", "Ann Berg", "é1"]
)


@given(
    st.lists(words, min_size=25, max_size=40),
    st.lists(st.one_of(words, st.sampled_from(list(" -.ax1"))), max_size=12),
)
def test_many_are_found_where_each_alone_would_be(values: list[str], text: list[str]) -> None:
    """Looked up by a word, they stand where a plain search finds them."""
    several = known([("CUSTOM", value) for value in values])
    whole = "".join(text)
    alone = {(span.start, span.end) for value in values for span in known([("CUSTOM", value)]).repeats(whole)}
    assert alone <= {(span.start, span.end) for span in several.repeats(whole)}
