"""Bank accounts where they are named."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.bank_account import BANK_ACCOUNT

HITS = [
    ("account number 12345678", ["12345678"]),
    ("Kontonummer: 1234567890", ["1234567890"]),
    ("sort code 20-00-00, account 55779911", ["55779911"]),
    ('{"account_number":"000123456789"}', ["000123456789"]),
]
NEAR_MISSES = [
    "12345678",
    "20-00-00",
    "the account 55779911 of the forum",
    "your account 12 at the bank",
    "account of 1999",
    "routing table 12",
    "on account of 12345678x",
    "konto",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(BANK_ACCOUNT,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
