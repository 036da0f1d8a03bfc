"""Signs about a clock: the first one that speaks against it is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.checkup.clock import SLACK_S, Signs, judge, look
from edge.checkup.found import Finding
from edge.config import EdgeConfig

NOW = 1_790_000_000.0


@pytest.mark.parametrize(
    ("signs", "finding", "said"),
    [
        (Signs(NOW), Finding.OK, "not known"),
        (Signs(NOW, synchronised=True), Finding.OK, "a time server sets it"),
        (Signs(NOW, synchronised=False), Finding.ATTENTION, "no time server"),
        (Signs(NOW, newest=NOW + SLACK_S + 1), Finding.ATTENTION, "was set back"),
        (Signs(NOW, newest=NOW + SLACK_S - 1, synchronised=True), Finding.OK, ""),
        (Signs(NOW, begins=NOW + 3600), Finding.BROKEN, "no connection can work"),
        (Signs(NOW, newest=NOW + 3600, begins=NOW + 3600), Finding.BROKEN, "certificate begins"),
        (Signs(NOW, newest=NOW - 10, begins=NOW - 3600, synchronised=True), Finding.OK, ""),
    ],
)
def test_a_clock_is_judged_by_what_speaks_against_it(signs: Signs, finding: Finding, said: str) -> None:
    check = judge("clock", signs)
    assert check.finding is finding
    assert said in check.said
    assert bool(check.next) is (finding is not Finding.OK)


def test_a_device_that_has_nothing_yet_has_a_clock_all_the_same(tmp_path: Path) -> None:
    assert not look("clock", EdgeConfig(state=tmp_path / "none")).broken
