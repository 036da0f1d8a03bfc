"""Where the table goes: every page once, each card with its own rows, nothing else touched."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("yaml", reason="the training data readers need PyYAML")

from scripts.evaluation.intervals import wilson
from scripts.evaluation.pages import write
from scripts.evaluation.rows import Bar, Row, Section
from scripts.evaluation.table import marker

FACTS: dict[str, str | int] = dict.fromkeys(
    ("processor", "instructions", "cores", "load", "python", "llama-cpp-python", "onnxruntime"), "x"
)


def section(model: str, card: str) -> Section:
    rows = (Row(model, f"measure of {model}", wilson(3, 40), bar=Bar(0.85)),)
    return Section(model, f"file of {model}", rows, card=card)


@pytest.fixture
def house(tmp_path: Path) -> Path:
    for folder in ("models/edge", "models/sentry", "docs/images"):
        (tmp_path / folder).mkdir(parents=True)
    for page in ("models/README.md", "models/edge/CARD.md", "models/sentry/CARD.md"):
        (tmp_path / page).write_text(f"# {page}\n", encoding="utf-8")
    return tmp_path


def test_the_readme_has_every_row_and_a_card_its_own(house: Path) -> None:
    sections = [section("edge", "edge"), section("sentry", "sentry"), section("sentry-small", "sentry")]
    changed = write(house, sections, {"edge": "<svg/>"}, FACTS, 20)
    assert len(changed) == 4
    readme = (house / "models/README.md").read_text(encoding="utf-8")
    assert all(f"measure of {s.model}" in readme for s in sections)
    assert "](../docs/images/confidence-edge.svg)" in readme
    assert readme.count("Bars met 0, missed ") == 2
    edge = (house / "models/edge/CARD.md").read_text(encoding="utf-8")
    assert "measure of edge" in edge
    assert "](../../docs/images/confidence-edge.svg)" in edge
    assert "sentry" not in edge
    sentry = (house / "models/sentry/CARD.md").read_text(encoding="utf-8")
    assert "measure of sentry |" in sentry
    assert "measure of sentry-small" in sentry
    assert (house / "docs/images/confidence-edge.svg").read_text(encoding="utf-8") == "<svg/>"


def test_writing_twice_is_writing_once(house: Path) -> None:
    sections = [section("edge", "edge")]
    write(house, sections, {}, FACTS, 20)
    once = (house / "models/README.md").read_text(encoding="utf-8")
    write(house, sections, {}, FACTS, 20)
    assert (house / "models/README.md").read_text(encoding="utf-8") == once
    assert once.count(marker("begin", "edge")) == 1


def test_measuring_one_model_leaves_the_figures_of_the_others(house: Path) -> None:
    write(house, [section("edge", "edge"), section("sentry", "sentry")], {}, FACTS, 20)
    write(house, [section("edge", "edge")], {}, FACTS, 300)
    readme = (house / "models/README.md").read_text(encoding="utf-8")
    assert "measure of sentry" in readme
    assert readme.count("300 requests per row") == 1
    assert readme.count("20 requests per row") == 1


def test_a_model_that_is_not_shipped_is_written_nowhere(house: Path) -> None:
    assert write(house, [section("edge-q4", "")], {"edge-q4": "<svg/>"}, FACTS, 20) == []
