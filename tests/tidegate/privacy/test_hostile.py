"""Texts made to be slow: the work grows with the text, not with its square. Work is counted, never timed."""

import importlib
import pkgutil
import re
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

import pytest

from tidegate.privacy import commitments, compose, document, patterns, placeholders
from tidegate.privacy.detect import Detector
from tidegate.privacy.placeholders import find_placeholders
from tidegate.privacy.redaction import redact
from tidegate.privacy.vault import Vault

UNITS = [
    "a", "1", "0 ", "1-", "eyJ", "a@", "a.", "a:", "[", "pass=", "token=1", "+44 7700 900123 ", "0123 4567 8", "http://x/))))", "http://",
    "+1(", "A", "Xstraße 1 ", "4111 1111 1111 1111 ", "1.1.1.1.", "aa:bb:cc:dd:ee:", "1.1.2024.", "0x0", "a\u200b", "1 A A A A A ", '"@',
    "a@b.c@", "sk-a-", "SG.aaaaaaaaaaaaaaaaaaa", "user: ", "DE89 3704 ", "4A", "-----BEGIN PRIVATE KEY-----", "::", "\\[", "١", "[PERSON_1·",
]  # fmt: skip
SIZE = 1200


def repeated(unit: str, size: int) -> str:
    return (unit * (size // len(unit) + 1))[:size]


def calls(text: str) -> int:
    """Function calls, Python's and C's, that one detection makes."""
    count = 0

    def on_event(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    detector = Detector()
    sys.setprofile(on_event)
    try:
        detector.find(text)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("unit", UNITS)
def test_twice_the_text_is_at_most_twice_the_work(unit: str) -> None:
    calls(repeated(unit, 200))  # lazy imports happen outside the count
    once, twice = calls(repeated(unit, SIZE)), calls(repeated(unit, 2 * SIZE))
    assert twice <= 2.3 * once + 1500


def regexes() -> Iterator[tuple[str, re.Pattern[str]]]:
    names = [
        f"{kind.__name__}.{m.name}"
        for kind in (patterns, compose)
        for m in pkgutil.iter_modules(kind.__path__)
    ]
    for module in (*map(importlib.import_module, names), commitments, document, placeholders):
        for name, value in vars(module).items():
            for item in value if isinstance(value, tuple) else (value,):
                for part in (
                    item
                    if isinstance(item, tuple)
                    else (item, getattr(item, "shape", None), getattr(item, "alone", None))
                ):
                    if isinstance(part, re.Pattern):
                        yield f"{module.__name__}.{name}", part


def open_ended(tree: Any, inside: bool = False) -> Iterator[str]:
    """Repeats without an upper bound that stand inside another repeat, or that could meet the same text twice."""
    from re import _constants as constants  # type: ignore[attr-defined]

    for operation, argument in tree:
        if operation in (constants.MAX_REPEAT, constants.MIN_REPEAT, constants.POSSESSIVE_REPEAT):
            _, highest, body = argument
            endless = highest == constants.MAXREPEAT
            if endless and inside:
                yield "nested"
            if endless and len(body) != 1:
                yield "compound"
            yield from open_ended(body, inside or highest > 1)
        elif operation is constants.SUBPATTERN:
            yield from open_ended(argument[-1], inside)
        elif operation is constants.BRANCH:
            for branch in argument[1]:
                yield from open_ended(branch, inside)


def test_no_pattern_repeats_an_open_ended_part() -> None:
    from re import _parser as parser  # type: ignore[attr-defined]

    seen = list(regexes())
    assert len(seen) > 150
    bad = [
        (name, why) for name, regex in seen for why in open_ended(parser.parse(regex.pattern, regex.flags))
    ]
    assert [b for b in bad if b[0] not in ALLOWED] == []


# Each is read left to right once per token: what follows the inner part is outside its alphabet.
ALLOWED = {
    "tidegate.privacy.patterns.api_key._SHAPES",
    "tidegate.privacy.patterns.jwt._SHAPE",
    "tidegate.privacy.patterns.phone._DECIMALS",
}


@pytest.mark.parametrize("unit", ["a", "word ", "A", "é"])
def test_a_megabyte_without_digits_goes_through_whole(unit: str) -> None:
    text = repeated(unit, 1_000_000)
    vault = Vault.open("conv_0123456789", b"k" * 32, 1.0)
    assert redact(text, Detector(), vault).text.text == text
    assert find_placeholders(text) == ()
