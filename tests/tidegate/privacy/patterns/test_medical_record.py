"""Medical record and insurance numbers where they are named."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.medical_record import MEDICAL_RECORD

HITS = [
    ("MRN 00987654", ["00987654"]),
    ("patient id: P-778899", ["P-778899"]),
    ("Patientennummer 4471120", ["4471120"]),
    ('{"mrn":"MR-10042"}', ["MR-10042"]),
    ("chart no. C99887", ["C99887"]),
    ("**MRN:** 00471182", ["00471182"]),
    ("Fall-Nr. 2023-118812", ["2023-118812"]),
    ("`mrn`: `00471182`", ["00471182"]),
    ("chart # 55102", ["55102"]),
    ("hospital no H123456", ["H123456"]),
    ("patient no: 77-12-34", ["77-12-34"]),
]
NEAR_MISSES = [
    "00987654",
    "patient in bed 12",
    "mrn",
    "insurance costs 1200",
    "medical records of 1999",
    "policy number unknown",
    "chart # follows",
    "hospital no longer open",
    "med rec room",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(MEDICAL_RECORD,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
