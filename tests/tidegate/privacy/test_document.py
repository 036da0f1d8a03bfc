"""Hidden characters are folded away for matching, and every offset leads back to the text as it came."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.privacy.document import Document


def test_plain_text_is_left_as_it_is() -> None:
    text = "card 4111, Grüße aus Köln"
    assert Document(text).text == text


def test_zero_width_characters_are_left_out_and_counted() -> None:
    document = Document("a\u200b4\u200c\u200d1x")
    assert document.text == "a41x"
    assert [document.original(i, i + 1) for i in range(4)] == [(0, 1), (2, 3), (5, 6), (6, 7)]
    assert document.original(1, 3) == (2, 6), "hidden characters inside a find belong to it"


def test_look_alikes_become_what_they_look_like() -> None:
    assert Document("４１\u00a0١٢–3＠").text == "41 12-3@"


def test_lower_case_never_changes_the_length() -> None:
    document = Document("İSTANBUL ẞ 4")
    assert len(document.lower) == len(document.text)


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet=st.sampled_from("a4 .\u200b\u00ad\ufeff\u00a0４é–"), max_size=40))
def test_every_kept_character_leads_back_to_itself(source: str) -> None:
    document = Document(source)
    for index, character in enumerate(document.text):
        start, end = document.original(index, index + 1)
        assert end == start + 1
        assert Document(source[start:end]).text == character
