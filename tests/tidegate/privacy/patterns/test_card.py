"""Payment cards: every length and range that is issued, no number that merely is long."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.card import CARD

HITS = [
    ("card 4111 1111 1111 1111 exp 12/26", ["4111 1111 1111 1111"]),
    ("5500-0000-0000-0004", ["5500-0000-0000-0004"]),
    ("amex 3782 822463 10005.", ["3782 822463 10005"]),
    ("370000000000002", ["370000000000002"]),
    ("2-series 2221000000000009", ["2221000000000009"]),
    ("mastercard 5105105105105100", ["5105105105105100"]),
    ("diners 30569309025904", ["30569309025904"]),
    ("discover 6011000990139424", ["6011000990139424"]),
    ("jcb 3530111333300000", ["3530111333300000"]),
    ("jcb of 15 digits 213131871463648", ["213131871463648"]),
    ("maestro of 12 digits 501800000009", ["501800000009"]),
    ("visa of 13 digits 4222222222222", ["4222222222222"]),
    ("visa of 19 digits 4000000000000000006", ["4000000000000000006"]),
    ("unionpay 6200000000000005", ["6200000000000005"]),
    ('{"pan":"4111111111111111","n":4111111111111111}', ["4111111111111111", "4111111111111111"]),
    ("2024 4111 1111 1111 1111", ["4111 1111 1111 1111"]),
    ("level=info pan=4111111111111111;x", ["4111111111111111"]),
    ("4111 1111 1111 1111 12/26", ["4111 1111 1111 1111"]),
    ("4111 1111 1111 1111 5500 0000 0000 0004", ["4111 1111 1111 1111", "5500 0000 0000 0004"]),
    ("4111.1111.1111.1111", ["4111.1111.1111.1111"]),
]
NEAR_MISSES = [
    "card 4111 1111 1111 1112",
    "order 1234567890123456",
    "0000 0000 0000 0000",
    "timestamp 1700000000000",
    "x4111111111111111",
    "4111111111111111y",
    "3.4111111111111111",
    "41111111111111111111111",
    "EAN 4006381333931",
    "4111 1111",
    "uuid 41111111-1111-4111-8111-111111111111",
    "tracking 1Z9999999999999999",
    "serial 501800000009",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(CARD,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
