"""Hashed passwords in their common forms."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.password_hash import PASSWORD_HASH

HITS = [
    (
        "hash $2b$12$EixZaYVK1fsbw1ZfbX3OXePaWxn96p36WQoeG6Lruj3vjPGga31lW",
        ["$2b$12$EixZaYVK1fsbw1ZfbX3OXePaWxn96p36WQoeG6Lruj3vjPGga31lW"],
    ),
    (
        "root:$6$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/:x",
        [
            "$6$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/"
        ],
    ),
    (
        "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$RdescudvJCsgt3ub",
        ["$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$RdescudvJCsgt3ub"],
    ),
    ("$1$abcdefgh$irWbblnpmw.5z7wgBnprh0", ["$1$abcdefgh$irWbblnpmw.5z7wgBnprh0"]),
]
NEAR_MISSES = [
    "$2b$12$short",
    "costs $6 and $7",
    "$1$x",
    "echo $1 $2",
    "$argon2id$",
    "price: $5$",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(PASSWORD_HASH,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
