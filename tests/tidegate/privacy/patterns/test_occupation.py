"""Jobs where a form asks for them."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.occupation import OCCUPATION

HITS = [
    ("Occupation: Barrister\nEmployer", ["Barrister"]),
    ("job title: Nurse, mental health, employer: X", ["Nurse, mental health"]),
    ("Beruf: Tischlerin", ["Tischlerin"]),
    ('"job_title": "Data analyst"', ["Data analyst"]),
    ("Beroep: verpleegkundige", ["verpleegkundige"]),
    ("Profession: Sound technician, broadcasting/film", ["Sound technician, broadcasting/film"]),
]
NEAR_MISSES = [
    "occupation: unknown",
    "job = build_all",
    "the job is done",
    "job: x",
    "occupation of the room",
    "job: deploy_prod",
    "Occupation\nEmployer",
    "profession matters",
    "jobs: 4",
    "job title: null",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(OCCUPATION,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
