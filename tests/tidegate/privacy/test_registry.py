"""No detector can be lost unnoticed: each has its file, its entry, its table, and something that only it finds."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path

import pytest

from tidegate.privacy import patterns
from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns import DETECTORS
from tidegate.privacy.patterns.base import Pattern

HELPERS = {"__init__", "base", "moment", "named", "national_ids", "others", "own_checks"}
TABLES = Path(__file__).parent / "patterns"
FILES = sorted(path.stem for path in Path(patterns.__path__[0]).glob("*.py") if path.stem not in HELPERS)


@cache
def hits(name: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    spec = importlib.util.spec_from_file_location(f"table_{name}", TABLES / f"test_{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return tuple((text, tuple(values)) for text, values in module.HITS)


def test_every_detector_has_its_file_its_entry_and_its_table() -> None:
    assert [pattern.name for pattern in sorted(DETECTORS, key=lambda one: one.name)] == FILES
    assert all((TABLES / f"test_{name}.py").is_file() for name in FILES)


@pytest.mark.parametrize("name", FILES)
def test_without_it_something_of_its_table_is_lost(name: str) -> None:
    whole = Detector()
    rest = Detector(patterns=tuple(one for one in DETECTORS if one.name != name))
    assert any(whole.find(text) != rest.find(text) for text, _ in hits(name))


@pytest.mark.parametrize("name", FILES)
def test_beside_all_the_others_everything_of_its_table_is_hidden(name: str) -> None:
    for text, values in hits(name):
        covered = [(span.start, span.end) for span in Detector().find(text)]
        for value in values:
            at = text.find(value)
            letters = {index for index in range(at, at + len(value)) if text[index].isalnum()}
            hidden = {index for start, end in covered for index in range(start, end)}
            assert letters <= hidden, (text, value)


@pytest.mark.parametrize("pattern", DETECTORS, ids=lambda one: one.name)
def test_the_prefilter_never_silences_a_detector(pattern: Pattern) -> None:
    """`wants` errs only towards True: what a detector finds unasked, it finds when asked."""
    for text, _ in hits(pattern.name):
        document = Detector().document(text)
        assert pattern.wants(document) or not list(pattern.find(document))
