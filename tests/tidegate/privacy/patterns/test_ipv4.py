"""IPv4 addresses of somebody."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.ipv4 import IPV4

HITS = [
    ("ip 127.150.48.201", ["127.150.48.201"]),
    ("from 192.168.1.20:8080", ["192.168.1.20"]),
    ("10.0.0.1/24", ["10.0.0.1"]),
    ("[8.8.8.8]", ["8.8.8.8"]),
    ('{"ip":"172.16.254.1"}', ["172.16.254.1"]),
    ("ip=203.0.113.7,ok", ["203.0.113.7"]),
    ("203.0.113.7.", ["203.0.113.7"]),
    ("http 203.0.113.7-", ["203.0.113.7"]),
    ("192.168.001.020", ["192.168.001.020"]),
    ("192[.]168[.]1[.]20", ["192[.]168[.]1[.]20"]),
]
NEAR_MISSES = [
    "v1.2.3.4",
    "127.0.1.1",
    "version 1.2.3.4",
    "256.1.1.1",
    "1.2.3",
    "1.2.3.4.5",
    "127.0.0.1",
    "0.0.0.0",
    "255.255.255.0",
    "OID 1.3.6.1.4.1",
    "firmware 10.2.3.4",
    "section 1.2.3.4",
    "x192.168.1.1",
    "EC 3.4.21.4",
    "192.168.01.20",
    "EC 1.1.1.1",
    "a[1][2][3]",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(IPV4,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
