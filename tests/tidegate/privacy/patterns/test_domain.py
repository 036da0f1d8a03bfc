"""Domain names, and addresses without a scheme."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.domain import DOMAIN

HITS = [
    ("www.example.nl, and", ["www.example.nl"]),
    ("go to example.de/path now", ["example.de/path"]),
    ("example.com", ["example.com"]),
    ("shop.example.co.uk!", ["shop.example.co.uk"]),
    ("host=example.com:8080/x", ["example.com:8080/x"]),
    ("müller.de", ["müller.de"]),
    ("ping router.local", ["router.local"]),
    ("server build01.internal", ["build01.internal"]),
]
NEAR_MISSES = [
    "README.md",
    "main.py and lib.rs",
    "node.js",
    "e.g. this",
    "end.In the",
    "version 1.2.3",
    "os.path.join",
    "obj.com()",
    "a.b",
    "foo.com_bar",
    "3.14",
    "ASP.NET Core",
    "asp.net",
    "com.example.app",
    "threading.local",
    "self.internal",
    "import java.util.local",
    "org.acme.service.io",
    "com.acme.dev",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(DOMAIN,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
