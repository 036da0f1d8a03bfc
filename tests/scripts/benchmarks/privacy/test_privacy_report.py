"""The report as Markdown and JSON; measures with finders that are known to the letter."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from scripts.benchmarks.privacy import leaks, quality, recorded, untouched
from scripts.benchmarks.privacy.finders import OURS
from scripts.benchmarks.privacy.parts import Errors
from scripts.benchmarks.privacy.report import (
    Detail,
    Line,
    Report,
    as_json,
    markdown,
    markers,
    shown,
    written,
)
from scripts.benchmarks.privacy.values import Mark, Row, marked
from scripts.evaluation.intervals import Estimate


@dataclass(frozen=True)
class Word:
    """Finds every occurrence of some words, under one label."""

    name: str
    words: tuple[str, ...]
    label: str = "PERSON"
    version: str = "0"

    def find(self, texts: Sequence[str]) -> list[tuple[Mark, ...]]:
        return [
            tuple(Mark(text.index(w), text.index(w) + len(w), self.label) for w in self.words if w in text)
            for text in texts
        ]

    def hide(self, texts: Sequence[str]) -> list[tuple[Mark, ...]]:
        return self.find(texts)


BLIND = Word("blind", ())
REPORT = Report(
    {"cpus": 2, "load": [0.5, 0.25]},
    [Line("a | b", "F1 .85", "0.900", True, "met", {"peer": "0.100"}, "own, 3 rows")],
    [Detail("Behind it", "A note.", ["x", "y"], [["1", "2"]])],
    "said by the scorer",
)


def test_markdown_has_a_column_per_peer_and_pipes_do_not_break_it() -> None:
    text = markdown(REPORT)
    assert "| measure | bar | Tidegate |  | peer | over |" in text
    assert "| a \\| b | F1 .85 | 0.900 | met | 0.100 | own, 3 rows |" in text
    assert "### Behind it" in text
    assert "```text\nsaid by the scorer\n```" in text


def test_writing_replaces_what_is_between_the_markers_and_nothing_else() -> None:
    begin, end = markers("privacy")
    page = f"# Title\n\n{begin}\nold\n{end}\n\nafter\n"
    once = written(page, REPORT)
    assert "old" not in once
    assert once.startswith("# Title\n\n")
    assert once.endswith(f"{end}\n\nafter\n")
    assert written(once, REPORT) == once


def test_a_page_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="markers"):
        written("# Title\n", REPORT)


def test_the_report_is_plain_json() -> None:
    read = json.loads(json.dumps(as_json(REPORT)))
    assert read["lines"][0]["met"] is True
    assert read["scorer"] == "said by the scorer"


def test_a_figure_is_shown_with_its_interval_and_a_missing_one_as_a_dash() -> None:
    assert shown(Estimate(0.5, 0.25, 0.75, 9), 2) == "0.50 [0.25, 0.75]"
    assert shown(Estimate(math.nan, math.nan, math.nan, 0)) == "–"


def test_false_finds_are_counted_per_thousand_tokens() -> None:
    rows = [Row("one two three four", (), "prose"), Row("bad two three four", (), "prose")]
    line = untouched.clean([Word(OURS, ("bad",)), BLIND], rows, Errors()).lines[0]
    assert line.ours.startswith("125.00")
    assert line.met is False
    assert line.peers["blind"].startswith("0.00")


def test_chat_units_left_fail_the_bar_and_so_does_masking_everything() -> None:
    rows = [
        marked("tell {PERSON|Ana Prado} that the parcel came back on a wet and windy afternoon in the end")
    ]
    found = leaks.chat([Word(OURS, ("Ana Prado",)), BLIND], rows, Errors())
    assert found.lines[0].met is True
    assert found.lines[0].peers["blind"].startswith("1.000")
    everything = leaks.chat([Word(OURS, (rows[0].text,)), BLIND], rows, Errors()).lines[0]
    assert everything.met is False
    assert "masked" in everything.verdict


def test_a_name_half_hidden_is_not_hidden() -> None:
    rows = [Row("ask Ana Prado", (Mark(4, 13, "PERSON"),), "as written")]
    assert leaks.adversarial_names([Word(OURS, ("Ana",))], rows, Errors()).lines[0].ours.startswith("0.000")
    assert (
        leaks.adversarial_names([Word(OURS, ("Ana Prado",))], rows, Errors())
        .lines[0]
        .ours.startswith("1.000")
    )


def test_rows_of_others_are_judged_on_the_kinds_they_mark() -> None:
    rows = [marked("{PERSON|Ana} waits")]
    finder = [Word(OURS, ("Ana",)), Word("loud", ("waits",), "URL")]
    own = quality.mixed(finder, rows, "rows", "", Errors()).lines[0]
    foreign = quality.mixed(finder, rows, "rows", "", Errors(), foreign=True).lines[0]
    assert "P 0.00" in own.peers["loud"]
    assert "P nan" in foreign.peers["loud"] or foreign.peers["loud"].startswith("0.000")
    assert own.ours.startswith("1.000")


def test_errors_tell_what_was_missed_and_what_was_false() -> None:
    errors = Errors()
    errors.note("m", marked("{PERSON|Ana} saw a cat", "g"), [Mark(10, 13, "LOCATION")])
    assert [what for _, _, what, _ in errors.entries] == ["missed PERSON 'Ana'", "false LOCATION 'cat'"]


def test_fuzz_records_are_added_up_and_an_unreadable_one_is_a_failure(tmp_path: Path) -> None:
    assert "no records" in recorded.measure(tmp_path).lines[0].verdict
    (tmp_path / "a.json").write_text('{"name": "a", "inputs": 1200, "failures": 0, "seconds": 3.5}')
    (tmp_path / "b.json").write_text('{"name": "b", "inputs": 300, "failures": 0, "seconds": 1}')
    assert recorded.measure(tmp_path).lines[0].ours == "1,500, 0"
    (tmp_path / "c.json").write_text("{")
    assert recorded.measure(tmp_path).lines[0].met is False
