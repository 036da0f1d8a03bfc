"""The pictures: what is drawn follows from the outcomes, and the file is well-formed."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np
import pytest

pytest.importorskip("yaml", reason="the training data readers need PyYAML")

from scripts.evaluation.certainty import Judged
from scripts.evaluation.chart import at_threshold, reliability, risk_coverage, svg


def judged(sure: list[float], right: list[bool], keep_at: float = 0.5) -> Judged:
    zeros = np.zeros(len(sure))
    return Judged(np.array(sure), np.array(right), np.array(right), zeros, zeros, keep_at, 0.1)


def test_the_curve_keeps_the_surest_first_and_ends_with_everything() -> None:
    points = risk_coverage(judged([0.9, 0.8, 0.4, 0.1], [True, False, True, False]))
    assert [p.kept for p in points] == [0.25, 0.5, 0.75, 1.0]
    assert [p.wrong for p in points] == [0.0, 0.5, pytest.approx(1 / 3), 0.5]


def test_requests_of_equal_confidence_are_kept_together() -> None:
    points = risk_coverage(judged([0.9, 0.9, 0.1], [True, False, True]))
    assert [p.kept for p in points] == pytest.approx([2 / 3, 1.0])
    assert [p.wrong for p in points] == pytest.approx([0.5, 1 / 3])


def test_the_threshold_is_marked_where_it_keeps_something() -> None:
    kept = at_threshold(judged([0.9, 0.6, 0.4], [True, False, False]))
    assert kept is not None
    assert (kept.kept, kept.wrong) == (pytest.approx(2 / 3), 0.5)
    assert at_threshold(judged([0.4], [True])) is None


def test_groups_hold_every_request_once_the_least_sure_first() -> None:
    rng = np.random.default_rng(2)
    sure = rng.random(47).tolist()
    groups = reliability(judged(sure, (rng.random(47) < 0.5).tolist()))
    assert sum(g.right.n for g in groups) == 47
    assert [g.claimed for g in groups] == sorted(g.claimed for g in groups)


@pytest.mark.parametrize("count", [0, 1, 3, 50])
def test_the_picture_is_well_formed_and_the_same_each_time(count: int) -> None:
    rng = np.random.default_rng(1)
    found = judged(rng.random(count).tolist(), (rng.random(count) < 0.5).tolist())
    picture = svg("edge & <others>", found)
    assert ET.fromstring(picture)[0].text == "edge & <others>"
    assert picture == svg("edge & <others>", found)
