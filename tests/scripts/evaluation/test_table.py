"""The table says every figure, every bar, and above all every bar that was missed."""

from __future__ import annotations

import json
import math
import re

import pytest

from scripts.evaluation.intervals import Estimate, wilson
from scripts.evaluation.rows import Bar, Row, Section, Unit
from scripts.evaluation.table import as_json, cells, markdown, marker, replaced, summary, text

BEGIN, END = marker("begin", "edge"), marker("end", "edge")


def row(
    value: float, bar: Bar | None = None, unit: Unit = Unit.SHARE, low: float = -1.0, high: float = -1.0
) -> Row:
    low, high = (value, value) if low < 0 else (low, high)
    return Row("edge", "right | wrong", Estimate(value, low, high, 40), unit, bar)


@pytest.mark.parametrize(
    ("made", "verdict"),
    [
        (row(0.85, Bar(0.85)), "met"),
        (row(0.849, Bar(0.85)), "missed"),
        (row(0.9, Bar(0.85), low=0.8, high=0.95), "met, open"),
        (row(0.8, Bar(0.85), low=0.7, high=0.9), "missed, open"),
        (row(0.8, Bar(0.85), low=0.75, high=0.84), "missed"),
        (row(0.04, Bar(0.05, at_least=False)), "met"),
        (row(0.06, Bar(0.05, at_least=False)), "missed"),
        (row(0.9), ""),
        (row(math.nan, Bar(0.5)), ""),
    ],
)
def test_a_figure_is_held_against_its_bar_and_an_interval_that_spans_it_is_called_open(
    made: Row, verdict: str
) -> None:
    assert made.verdict == verdict


def test_a_missed_bar_is_named_in_the_summary_and_what_was_not_measured_is_counted() -> None:
    rows = [
        row(0.9, Bar(0.85)),
        Row("edge", "exact call", wilson(10, 40), bar=Bar(0.85)),
        Row("edge", "public tasks", None, bar=Bar(0.4), note="not here"),
    ]
    assert summary(rows) == "Bars met 1, missed 1, not measured 1. Missed: edge, exact call."


def test_figures_carry_unit_interval_and_count() -> None:
    assert cells(Row("edge", "exact", wilson(30, 40), bar=Bar(0.85)))[2:6] == (
        "75.0 % [59.8, 85.8]",
        "40",
        "at least 85 %",
        "missed, open",
    )
    assert cells(row(0.9134, unit=Unit.SCORE, low=0.9, high=0.93))[2] == "0.913 [0.900, 0.930]"
    assert cells(row(412.4, Bar(400), Unit.RATE))[2:5] == ("412 tokens/s", "40", "at least 400 tokens/s")
    assert cells(Row("edge", "x", None, note="only 3 requests"))[2:4] == ("not measured", "")


def test_every_row_is_in_text_markdown_and_json() -> None:
    rows = (row(0.5, Bar(0.6)), Row("edge", "second", None), row(math.nan))
    lines = text(rows).splitlines()
    assert len(lines) == 4
    assert "missed" in lines[1]
    table = markdown(rows, with_model=False).splitlines()
    assert len(table) == 5
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in table} == {7}  # a bar in a cell is escaped
    found = json.loads(as_json([Section("edge", "a file", rows)], {"cores": 2}))
    assert [r["value"] for r in found["rows"]] == [0.5, None, None]
    assert found["machine"] == {"cores": 2}


def test_only_what_stands_between_the_markers_changes() -> None:
    page = f"# Card\n\nbefore\n\n{BEGIN}\nold\n{END}\n\nafter\n"
    once = replaced(page, "edge", "new")
    assert once == f"# Card\n\nbefore\n\n{BEGIN}\nnew\n{END}\n\nafter\n"
    assert replaced(once, "edge", "new") == once
    assert replaced(once, "sentry", "other").startswith(
        once.rstrip()
    )  # another model's block is another block


def test_a_page_without_markers_gets_them_at_its_end() -> None:
    once = replaced("# Card\n", "edge", "new")
    assert once.startswith("# Card\n\n## ")
    assert replaced(once, "edge", "newer").count(BEGIN) == 1


@pytest.mark.parametrize("page", [BEGIN, END, f"{END}\n{BEGIN}", f"{BEGIN}{END}{BEGIN}{END}"])
def test_damaged_markers_stop_the_writing(page: str) -> None:
    with pytest.raises(ValueError, match="damaged"):
        replaced(page, "edge", "new")
