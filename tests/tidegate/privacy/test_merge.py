"""Overlapping claims settle the same way every time, and what loses does not leak."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.privacy.merge import SPECIFICITY, merge
from tidegate.privacy.spans import Label, Span

TEXT = "Jan Klaassen NL91ABNA0417164300 and more words to cover here for everyone"


def span(
    start: int,
    end: int,
    label: Label = Label.PERSON,
    score: float = 0.5,
    source: str = "ner",
    valid: bool = False,
) -> Span:
    return Span(start, end, label, score, source, valid)


def test_a_proven_claim_beats_a_longer_one_and_the_rest_of_the_loser_stays() -> None:
    iban = span(13, 31, Label.IBAN_CODE, 0.9, "pattern:iban", valid=True)
    merged = merge([span(0, 31, score=0.99), iban], TEXT)
    assert [(s.start, s.end, s.label) for s in merged.spans] == [
        (0, 12, Label.PERSON),
        (13, 31, Label.IBAN_CODE),
    ]
    assert [(loss.span.label, loss.winner) for loss in merged.losses] == [(Label.PERSON, iban)]


def test_proof_beats_a_narrower_kind_without_it() -> None:
    card = span(13, 29, Label.CREDIT_CARD, 0.6, "pattern:card", valid=True)
    account = span(13, 31, Label.IBAN_CODE, 0.9, "pattern:iban")
    assert merge([account, card], TEXT).spans[0] == card


def test_between_two_unproven_claims_the_narrower_kind_wins() -> None:
    merged = merge([span(0, 12, Label.ORGANIZATION, 0.99), span(0, 12, Label.PERSON, 0.5)], TEXT)
    assert [s.label for s in merged.spans] == [Label.PERSON]


def test_between_equal_kinds_the_higher_score_then_the_longer_wins() -> None:
    assert merge([span(0, 3, score=0.9), span(0, 12, score=0.5)], TEXT).spans[0].score == 0.9
    assert merge([span(0, 3), span(0, 12)], TEXT).spans == (span(0, 12),)


def test_a_whole_swallows_what_lies_inside_it_even_when_proven() -> None:
    url = span(0, 20, Label.URL, 0.9, "pattern:url")
    assert merge([url, span(4, 10, Label.CREDIT_CARD, 1.0, "pattern:card", valid=True)], TEXT).spans == (url,)


def test_a_remainder_without_letters_is_dropped() -> None:
    merged = merge([span(0, 13), span(0, 12, Label.API_KEY)], TEXT)
    assert [(s.start, s.end) for s in merged.spans] == [(0, 12)]


def test_a_joining_word_between_two_winners_is_not_kept() -> None:
    text = "Bank of Bern"
    two = [span(0, 4, Label.PERSON), span(8, 12, Label.LOCATION, 0.9, "pattern:place", valid=True)]
    merged = merge([span(0, 12, Label.ORGANIZATION), *two], text)
    assert [(s.start, s.end) for s in merged.spans] == [(0, 4), (8, 12)]


def test_every_kind_has_a_rank() -> None:
    assert set(SPECIFICITY) == set(Label)


CLAIMS = st.lists(
    st.builds(
        lambda start, size, label, score, valid, ner: span(
            start, min(start + size, len(TEXT)), label, score, "ner" if ner else "pattern:x", valid
        ),
        st.integers(0, len(TEXT) - 1),
        st.integers(1, 30),
        st.sampled_from(list(Label)),
        st.sampled_from([0.3, 0.5, 0.9]),
        st.booleans(),
        st.booleans(),
    ),
    max_size=12,
)


@settings(max_examples=100, deadline=None)
@given(claims=CLAIMS)
def test_the_result_is_ordered_disjoint_and_independent_of_the_order_of_claims(claims: list[Span]) -> None:
    merged = merge(claims, TEXT).spans
    assert all(a.end <= b.start for a, b in pairwise(merged))
    assert merge(list(reversed(claims)), TEXT).spans == merged


@settings(max_examples=100, deadline=None)
@given(claims=CLAIMS)
def test_no_claimed_letter_is_left_bare_but_single_ones(claims: list[Span]) -> None:
    merged = merge(claims, TEXT).spans
    covered = {i for s in merged for i in range(s.start, s.end)}
    bare = sorted(i for s in claims for i in range(s.start, s.end) if i not in covered and TEXT[i].isalnum())
    for index in bare:
        neighbours = [i for i in (index - 1, index + 1) if i in bare and 0 <= i < len(TEXT)]
        assert not neighbours or all(not TEXT[i].isalnum() for i in neighbours)


def test_a_nationality_known_by_its_words_is_no_place_and_no_firm_but_a_name_stays_a_name() -> None:
    text = "She is Norwegian"
    nationality = Span(7, 16, Label.NRP, 0.75, "nrp")
    for label in (Label.LOCATION, Label.ORGANIZATION):
        claims = (nationality, Span(7, 16, label, 0.99, "ner"))
        assert [span.label for span in merge(claims, text).spans] == [Label.NRP]
    claims = (nationality, Span(7, 16, Label.PERSON, 0.5, "ner"))
    assert [span.label for span in merge(claims, text).spans] == [Label.PERSON]
