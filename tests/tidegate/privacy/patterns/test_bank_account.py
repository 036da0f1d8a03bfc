"""Bank accounts where they are named."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.bank_account import BANK_ACCOUNT

HITS = [
    ("account number 12345678", ["12345678"]),
    ("Kontonummer: 1234567890", ["1234567890"]),
    ("sort code 20-00-00, account 55779911", ["55779911"]),
    ('{"account_number":"000123456789"}', ["000123456789"]),
    ("BSB 062-000 Acc 12345678", ["12345678"]),
    ("a/c no 50100012345678 HDFC bank", ["50100012345678"]),
    ("bank account NL 12 345 678", ["NL 12 345 678"]),
    ("número de cuenta 2100 0418 45 0200051332", ["2100 0418 45 0200051332"]),
    ("rekeningnummer 12.34.56.789", ["12.34.56.789"]),
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
    "the account of 12 people",
    "a/c unit 4",
    "conto alla rovescia 10",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(BANK_ACCOUNT,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
