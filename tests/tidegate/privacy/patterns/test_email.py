"""E-mail addresses, written plainly or not."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.email import EMAIL

HITS = [
    ("write to eva@example.org.", ["eva@example.org"]),
    ("<o'neil+x@mail.example.co.uk>", ["o'neil+x@mail.example.co.uk"]),
    ('{"mail":"a.b@c.de"}', ["a.b@c.de"]),
    ("email=eva@example.org;ok", ["eva@example.org"]),
    ("user%40example.com", ["user%40example.com"]),
    ("john [at] example [dot] com", ["john [at] example [dot] com"]),
    ("jürgen@müller.de", ["jürgen@müller.de"]),
    ("eva@example.org,bob@example.net", ["eva@example.org", "bob@example.net"]),
    ("EVA@EXAMPLE.ORG", ["EVA@EXAMPLE.ORG"]),
    ("mailto:eva@example.org?subject=x", ["eva@example.org"]),
    ("eva&#64;example.org", ["eva&#64;example.org"]),
    ("eva@[192.168.0.1]", ["eva@[192.168.0.1]"]),
    ("eva@example.com555-0100", ["eva@example.com"]),
    ('"eva smith"@example.org', ['"eva smith"@example.org']),
    ("eva@\u200bexample.org", ["eva@\u200bexample.org"]),
    ("anna AT example DOT com", ["anna AT example DOT com"]),
    ("anna at example dot org", ["anna at example dot org"]),
    ("contact anna @ example.org", ["anna @ example.org"]),
    ("email anna @ example.org please", ["anna @ example.org"]),
]
NEAR_MISSES = [
    "@property",
    "a @ b",
    "user@localhost",
    "image@sha256:abcdef",
    "package@1.2.3",
    "git@github.com:team/repo.git",
    "@angular/core",
    "3 pieces @ 4.50 each",
    "a@b",
    "meet me at noon",
    "@@ -1,3 +1,4 @@",
    "x = a@b.T",
    "meet at noon dot",
    "look at this dot now",
    "anna @ home",
    "prices @ example.org",
    "email me @ noon",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(EMAIL,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
