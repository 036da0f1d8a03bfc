"""Companies by their legal form."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.company import COMPANY

HITS = [
    ("Acme Widgets Inc.", ["Acme Widgets Inc."]),
    ("the Müller & Söhne GmbH in", ["Müller & Söhne GmbH"]),
    ("Dupont S.A.R.L.", ["Dupont S.A.R.L."]),
    ("Siemens AG", ["Siemens AG"]),
    ("with Smith, Jones and Partners Ltd", ["Jones and Partners Ltd"]),
    ("Van Dijk B.V.", ["Van Dijk B.V."]),
    ("Contoso Pty Ltd", ["Contoso Pty Ltd"]),
    ("Foo Bar, LLC", ["Foo Bar, LLC"]),
    ("at Robinson and Sons today", ["Robinson and Sons"]),
    ("Reynolds Group called", ["Reynolds Group"]),
    ("Lemoine et Fils", ["Lemoine et Fils"]),
    ("Pedersoli s.r.l.", ["Pedersoli s.r.l."]),
    ("Bolaños y asociados", ["Bolaños y asociados"]),
    ("Hendriks & Zonen", ["Hendriks & Zonen"]),
]
NEAR_MISSES = [
    "GmbH",
    "the Ltd",
    "limited time",
    "TYPE AG",
    "a corporation",
    "The AG",
    "inc. VAT",
    "Spa day",
    "version 2 SAS",
    "no limited edition",
    "Working Group",
    "the User Group",
    "fathers and sons",
    "two and co",
    "The Group",
    "a holding pattern",
    "Health Insurance",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(COMPANY,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
