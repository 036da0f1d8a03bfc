"""The detector as a whole: one answer, always the same, and honest about what it cannot see."""

import dataclasses
import subprocess
import sys
from itertools import pairwise

import pytest

from tidegate.errors import Broken
from tidegate.privacy.detect import Detector, Ner, build_detector
from tidegate.privacy.patterns import DETECTORS
from tidegate.privacy.spans import Label, Span

QUIET = """The EN 60335-2-40:2014 standard and RFC 2616 replace ISO 9001:2015 section 4.3.2.
Order 10023345 ships 12 units of part AB-4711-C at 1,249.50 EUR each, total 14.994,00 EUR; invoice 2024-00913.
Firmware 2.14.3 (build 20240117) fixes error E42; serial SN0034567 and model WPL-15 are not affected.
commit 9fceb02d0ae598e95dc970b74767f19372d61af8, id 550e8400-e29b-41d4-a716-446655440000, crc 0xDEADBEEF.
for (int i = 0; i < 10; ++i) { total += prices[i] * 1.19; } // see main.cpp:42
Die Pumpe lief 12 Stunden bei 55 °C und 3,5 bar; das Ventil 3/4 Zoll kostet 24,90 Euro. Siehe Seite 17, Absatz 2.
La vanne DN25 coûte 35 € et pèse 1,2 kg ; voir la page 12 du manuel. De ketel heeft 24 kW en 230 V, zie hoofdstuk 4.
GET /api/v2/items?page=3&limit=50 HTTP/1.1 200 1532 0.023; retry in 30 s, attempt 2 of 5, pid 48213, port 8443.
"""


def test_ordinary_technical_text_is_left_alone() -> None:
    assert [QUIET[s.start : s.end] for s in Detector().find(QUIET)] == []


def test_the_same_text_gives_the_same_spans_in_order_and_disjoint() -> None:
    text = "Mr. Smith, 12 High Street, London SW1A 1AA, +44 7700 900123, smith@example.org, born 3.5.85"
    spans = Detector().find(text)
    assert spans == Detector(patterns=tuple(reversed(DETECTORS))).find(text)
    assert all(a.end <= b.start for a, b in pairwise(spans))
    assert [s.label for s in spans] == [
        Label.TITLE, Label.PERSON, Label.STREET_ADDRESS, Label.PHONE_NUMBER, Label.EMAIL_ADDRESS, Label.DATE_TIME,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "frame", ["{}", "x={};", '{{"k":"{}"}}', "<b>{}</b>", "({})", "a\n{}\nb", "{},{}", "'{}'", "k: {}\\n"]
)
@pytest.mark.parametrize(
    "value",
    [
        "4111111111111111",
        "DE89370400440532013000",
        "eva@example.org",
        "+44 7700 900123",
        "2001:db8::7",
        "203.0.113.7",
        "00:1A:2B:3C:4D:5E",
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
    ],
)
def test_formatted_kinds_are_found_whatever_stands_around_them(frame: str, value: str) -> None:
    text = frame.format(value, value)
    assert {text[s.start : s.end] for s in Detector().find(text)} == {value}


def test_names_of_fields_are_no_names_of_people() -> None:
    spans = (Span(0, 4, Label.LOCATION, 0.9, "ner"), Span(10, 14, Label.PERSON, 0.9, "ner"))
    detector = dataclasses.replace(Detector(), ner=lambda text: spans)
    assert [s.start for s in detector.find("IBAN tell Anna")] == [10]


def test_a_detector_without_names_says_so() -> None:
    assert build_detector(ner=False).degraded is not None
    assert Detector().degraded is None


def test_a_missing_model_is_an_error_unless_degradation_is_allowed() -> None:
    def missing() -> Ner:
        raise Broken("the name model is missing", code="ner_missing")

    with pytest.raises(Broken):
        build_detector(load=missing)
    assert (
        build_detector(allow_degraded=True, load=missing).degraded
        == "names are not looked for: the name model is missing"
    )


def test_every_pattern_has_a_name_of_its_own_and_a_known_label() -> None:
    assert len({p.name for p in DETECTORS}) == len(DETECTORS) >= 52
    assert all(p.labels and set(p.labels) <= set(Label) for p in DETECTORS)


def test_explain_names_the_claims_that_gave_way() -> None:
    why = Detector().explain("https://203.0.113.7/x")
    assert [s.label for s in why.spans] == [Label.URL]
    assert [loss.span.source for loss in why.losses] == ["pattern:ipv4"]


def test_importing_the_detector_loads_no_heavy_library() -> None:
    script = (
        "import sys; from tidegate.privacy.redaction import redact; from tidegate.privacy.detect import Detector;"
        "Detector().find('no numbers here'); print([m for m in ('phonenumbers','stdnum','numpy','onnxruntime') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"
