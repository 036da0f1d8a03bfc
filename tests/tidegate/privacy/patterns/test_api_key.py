"""Keys by the prefixes of their issuers."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.api_key import API_KEY

HITS = [
    ("sk-proj-abcdefghijklmnopqrstuv123", ["sk-proj-abcdefghijklmnopqrstuv123"]),
    ("ghp_abcdefghijklmnopqrstuvwxyz0123456789", ["ghp_abcdefghijklmnopqrstuvwxyz0123456789"]),
    ("AKIAIOSFODNN7EXAMPLE", ["AKIAIOSFODNN7EXAMPLE"]),
    ("xoxb-123456789012-abcdefABCDEF", ["xoxb-123456789012-abcdefABCDEF"]),
    ("AIzaSyA1234567890abcdefghijklmnopqrstuv", ["AIzaSyA1234567890abcdefghijklmnopqrstuv"]),
    ("hf_abcdefghijklmnopqrstuvwxyzABCDEFGH", ["hf_abcdefghijklmnopqrstuvwxyzABCDEFGH"]),
    ("glpat-abcdefghij0123456789", ["glpat-abcdefghij0123456789"]),
    ('{"k":"sk-abcdefghijklmnopqrstuvwxyz"}', ["sk-abcdefghijklmnopqrstuvwxyz"]),
    ("npm_abcdefghijklmnopqrstuvwxyz0123456789", ["npm_abcdefghijklmnopqrstuvwxyz0123456789"]),
    ("DATABRICKS dapi1234567890abcdef1234567890abcdef", ["dapi1234567890abcdef1234567890abcdef"]),
    (
        "discord MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs",
        ["MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs"],
    ),
    (
        "sas ?sv=2019-12-12&sig=lJzRc1YdHaAA2KCNJJ1tkYwF%2FmKK6Ygw0NGe170Xu5%3D",
        ["sig=lJzRc1YdHaAA2KCNJJ1tkYwF%2FmKK6Ygw0NGe170Xu5%3D"],
    ),
]
NEAR_MISSES = [
    "sk-short",
    "task-management-and-more-things",
    "ghp_",
    "AKIA",
    "AKIAlowercase",
    "xoxo",
    "eyJ",
    "desk-abcdefghijklmnopqrstuvwxyz",
    "key-value",
    "hf_short",
    "a.b.c-d and MyModule.method.other",
    "dapi is a name",
    "sig=1",
    "see tvly-page",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(API_KEY,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
