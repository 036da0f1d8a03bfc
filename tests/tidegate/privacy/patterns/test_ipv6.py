"""IPv6 in every form."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.ipv6 import IPV6

HITS = [
    ("addr 2001:db8::1 up", ["2001:db8::1"]),
    ("fe80::1%eth0", ["fe80::1%eth0"]),
    ("2001:0db8:85a3:0000:0000:8a2e:0370:7334", ["2001:0db8:85a3:0000:0000:8a2e:0370:7334"]),
    ("[2001:db8::ff00:42:8329]:443", ["2001:db8::ff00:42:8329"]),
    ("::ffff:1.2.3.4", ["::ffff:1.2.3.4"]),
    ('"ip":"2001:db8::2"', ["2001:db8::2"]),
    ("2001:DB8::A/64", ["2001:DB8::A"]),
    ("64:ff9b::192.0.2.33", ["64:ff9b::192.0.2.33"]),
]
NEAR_MISSES = [
    "12:34:56",
    "std::string",
    "a::b",
    "::1",
    "::",
    "00:1A:2B:3C:4D:5E",
    "face::add(x)",
    "1:2:3:4:5:6:7:8:9",
    "x = y[::2]",
    "10:00::",
    "https://x",
    "a: b: c",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(IPV6,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
