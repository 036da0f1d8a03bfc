"""URLs and bare domains."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.url import URL

HITS = [
    ("see https://example.com/a?b=(c).", ["https://example.com/a?b=(c)"]),
    ("(http://x.example/y)", ["http://x.example/y"]),
    ('<a href="https://example.com">', ["https://example.com"]),
    ("ftp://files.example.org", ["ftp://files.example.org"]),
    ("postgres://u:p@db.example/x", ["postgres://u:p@db.example/x"]),
    ("http://[2001:db8::1]:8080/x", ["http://[2001:db8::1]:8080/x"]),
    ("https://[2001:db8::1]:8443/x", ["https://[2001:db8::1]:8443/x"]),
    ("hxxps://example[.]org/x", ["hxxps://example[.]org/x"]),
]
NEAR_MISSES = [
    "README.md",
    "main.py and lib.rs",
    "node.js",
    "e.g. this",
    "end.In the",
    "version 1.2.3",
    "os.path.join",
    "http://",
    "://x",
    "obj.com()",
    "a.b",
    "http://json-schema.org/draft-07/schema#",
    "foo.com_bar",
    "3.14",
    "hxxp is no scheme",
    "http://[x",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(URL,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
