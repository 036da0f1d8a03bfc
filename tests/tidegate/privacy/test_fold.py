"""What looks alike becomes alike; other scripts stay what they are."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.privacy.fold import fold


@pytest.mark.parametrize(
    ("source", "plain"),
    [
        ("Kаthаrinа Lindqvіst", "Katharina Lindqvist"),  # Cyrillic letters among Latin ones
        ("Αnna Βerg", "Anna Berg"),  # Greek capitals
        ("𝐀𝐧𝐧𝐚 𝓑𝓮𝓻𝓰", "Anna Berg"),
        ("Ａｎｎａ", "Anna"),
        ("Ⓐⓝⓝⓐ", "Anna"),
        ("A\u0301nna", "Ánna"),
        ("A\u0336n\u0336n\u0336a\u0336", "Anna"),
        ("An\u200bna\u2060", "Anna"),
        ("Сосо сар", "Coco cap"),  # look-alikes alone, in a text without that script
        ("１２٣४", "1234"),
        ("a–b c’s", "a-b c's"),
    ],
)
def test_look_alikes_are_folded(source: str, plain: str) -> None:
    assert fold(source)[0] == plain


@pytest.mark.parametrize(
    "text",
    [
        "Привет, как дела",
        "Ελληνικά και άλλα",
        "שלום עולם",
        "日本語の文章",
        "Grüße aus Köln",
        "été à Liège",
        "สวัสดี",
        "नमस्ते",
        "naïve café",
    ],
)
def test_text_of_another_script_stays(text: str) -> None:
    assert fold(text)[0] == text


odd = st.text(
    alphabet=st.one_of(
        st.sampled_from("aZ9 .-аеоАВΑα\u0301\u0336\u200b\u00ad\ufe0f１٢𝐀Ⓐ"),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=60,
)


@settings(max_examples=300, deadline=None)
@given(odd)
def test_every_letter_leads_back_to_a_place_of_the_source_and_order_is_kept(source: str) -> None:
    text, offsets = fold(source)
    last = 0
    for index in range(len(text)):
        start, end = offsets.back(index, index + 1)
        assert last <= start < end <= len(source)
        last = end
    assert not text or offsets.back(0, len(text))[1] <= len(source)


@settings(max_examples=100, deadline=None)
@given(odd)
def test_folding_twice_is_folding_once(source: str) -> None:
    once = fold(source)[0]
    assert fold(once)[0] == once
