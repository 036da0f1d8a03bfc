"""Other readings: what is escaped, spread out or packed is seen too, and hidden where it stands."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.privacy import views
from tidegate.privacy.detect import Detector
from tidegate.privacy.spans import Label, Span

NAME = "Katharina Lindqvist"


def names(text: str) -> tuple[Span, ...]:
    at = text.find(NAME)
    return (Span(at, at + len(NAME), Label.PERSON, 0.9, "ner"),) if at >= 0 else ()


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


FORMS = [
    ("call K.a.t.h.a.r.i.n.a L.i.n.d.q.v.i.s.t now", ["K.a.t.h.a.r.i.n.a L.i.n.d.q.v.i.s.t"]),
    ("call K-a-t-h-a-r-i-n-a L-i-n-d-q-v-i-s-t now", ["K-a-t-h-a-r-i-n-a L-i-n-d-q-v-i-s-t"]),
    ("q=Katharina%20Lindqvist&x=1", ["Katharina%20Lindqvist"]),
    ("Katharina Lindqv&#105;st", ["Katharina Lindqv&#105;st"]),
    ('{"name":"Katharina Lindqv\\u0069st"}', ["Katharina Lindqv\\u0069st"]),
    ("note\\nKatharina Lindqvist\\n", ["Katharina Lindqvist"]),
    (f"x {b64('ask ' + NAME)} y", [b64("ask " + NAME)]),
    (f"x {b64('ask ' + b64('for ' + NAME))} y", [b64("ask " + b64("for " + NAME))]),
    (f"x {('ask ' + NAME).encode().hex()} y", [("ask " + NAME).encode().hex()]),
    (b64("mail eva@example.org"), [b64("mail eva@example.org")]),
    ("Kаthаrinа Lindqvіst", ["Kаthаrinа Lindqvіst"]),
    ("Kath\u200barina Lindqvist's", ["Kath\u200barina Lindqvist"]),
    ("eva%40example.org", ["eva%40example.org"]),
    ("Fax:\\n030 901820\\nmail:\\neva@example.org", ["030 901820", "eva@example.org"]),
    ("Phone\\n\\n(07700) 900123\\n", ["(07700) 900123"]),
    ("4%31%31%31 1111 1111 1111", ["4%31%31%31 1111 1111 1111"]),
]
QUIET = [
    "U.S.A. and e.g. this",
    "a, b, c, d, e are letters",
    "100%25 sure &amp; safe &lt;b&gt;",
    "C:\\new\\temp\\readme.md",
    "sha 9fceb02d0ae598e95dc970b74767f19372d61af8",
    f"{b64('nothing private stands in here')}",
    "internationalization and counterrevolutionaries",
    "1-2-3-4-5-6-7-8",
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ",
    "x ? y : z && w || v -> u",
]


def found(text: str) -> list[str]:
    return [text[s.start : s.end] for s in Detector(ner=names).find(text)]


@pytest.mark.parametrize(("text", "values"), FORMS)
def test_a_value_in_another_form_is_hidden_where_it_stands(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", QUIET)
def test_other_readings_of_ordinary_text_find_nothing(text: str) -> None:
    assert found(text) == []


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.sampled_from('ab%20&#;x\\u04n.-_ 6"é\u200b'), max_size=80))
def test_every_reading_leads_back_into_its_text(text: str) -> None:
    for reading in (views.unescaped(text), views.gathered(text)):
        if reading is None:
            continue
        last = 0
        for index in range(len(reading.text)):
            start, end = reading.offsets.back(index, index + 1)
            assert 0 <= start <= end <= len(text) + 2
            assert start >= last - 2
            last = start


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_may_be_packed(raw: bytes) -> None:
    for parcel in views.parcels(f"x {base64.b64encode(raw).decode()} y {raw.hex()}"):
        assert parcel.text
