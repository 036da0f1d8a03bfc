"""IBAN: country, length, mod-97; any grouping and case."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.iban import IBAN

HITS = [
    ("IBAN DE89 3704 0044 0532 0130 00.", ["DE89 3704 0044 0532 0130 00"]),
    ("GB82WEST12345698765432", ["GB82WEST12345698765432"]),
    ("nl91abna0417164300", ["nl91abna0417164300"]),
    ("FR14 2004 1010 0505 0001 3M02 606 and", ["FR14 2004 1010 0505 0001 3M02 606"]),
    ('{"iban":"BE68539007547034"}', ["BE68539007547034"]),
    ("to NO93 8601 1117 947, please", ["NO93 8601 1117 947"]),
    ("CH93-0076-2011-6238-5295-7", ["CH93-0076-2011-6238-5295-7"]),
    ("MT84MALT011000012345MTLCAST001S", ["MT84MALT011000012345MTLCAST001S"]),
    ("mistyped iban: DE88 3704 0044 0532 0130 00", ["DE88 3704 0044 0532 0130 00"]),
    ("iban=ES9121000418450200051332&x", ["ES9121000418450200051332"]),
    ("DE89\n3704 0044 0532 0130 00", ["DE89\n3704 0044 0532 0130 00"]),
]
NEAR_MISSES = [
    "DE88 3704 0044 0532 0130 00",
    "DE89 3704 0044 0532 0130",
    "ZZ89370400440532013000",
    "XDE89370400440532013000",
    "DE89370400440532013000X",
    "the model DE89 weighs 3704 grams",
    "GB29 NWBK",
    "a1b2c3d4e5f6",
    "ISO 27001 and EN 60335",
    "sha DE89370400440532013000abcdef",
    "DE89\n3704 0044 0532 0130 01",
    "GB29\nNWBK of the bank",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(IBAN,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
