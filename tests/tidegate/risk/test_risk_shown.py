"""The report and the made-up month: what they draw follows from what happened."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from tidegate.errors import BadRequest
from tidegate.risk.cli import app
from tidegate.risk.monitor import State
from tidegate.risk.promise import Promise
from tidegate.risk.report import report, svg, terminal
from tidegate.risk.simulate import World, days, timeline, verdict

PROMISE = Promise(0.05)
SHORT = World(days=8, a_day=300, audit=0.5, drift_day=4, drift=0.5, refit_after=2)
RNG = np.random.default_rng(4)
SURE = RNG.random(500)
WEAK = (RNG.random(500) < SURE).astype(np.float64)


def test_the_report_draws_figures_that_can_be_counted_by_hand() -> None:
    found = report(SURE, WEAK, np.ones(500))
    assert found.wrong == pytest.approx(1 - WEAK.mean())
    assert found.risk[-1].y == pytest.approx(found.wrong)
    assert [found.quality[0].y, found.quality[-1].y] == pytest.approx([WEAK.mean(), 1.0])
    assert all(
        p.low <= p.y <= p.high for panel in (found.reliability, found.risk, found.quality) for p in panel
    )


def test_the_picture_is_sound_xml_the_same_each_time_and_escapes_its_title() -> None:
    drawn = svg("a < b", report(SURE, WEAK, None))
    assert drawn == svg("a < b", report(SURE, WEAK, None))
    assert ET.fromstring(drawn).tag.endswith("svg")
    assert drawn.count("<circle") == 10


def test_without_a_strong_model_no_quality_is_drawn() -> None:
    assert "mean quality" not in terminal(report(SURE, WEAK, None))


def test_a_month_with_drift_rings_the_alarm_and_the_same_seed_gives_the_same_month() -> None:
    month = list(days(SHORT, PROMISE, seed=1))
    assert month == list(days(SHORT, PROMISE, seed=1))
    rung = [day.number for day in month if any("ALARM" in event for event in day.events)]
    assert rung
    assert rung[0] >= 4
    assert "the alarm rang on day" in verdict(month, PROMISE)
    assert any(day.state is not State.KEEPING for day in month)


def test_a_quiet_month_keeps_its_promise() -> None:
    month = list(days(World(days=10, drift_day=99), PROMISE, seed=3))
    assert all(day.state is State.KEEPING for day in month)
    assert "held" in verdict(month, PROMISE)


def test_an_outage_of_audits_and_their_delay_postpone_what_is_known() -> None:
    late = World(days=4, a_day=100, audit=1.0, delay=2, outage=(1, 1))
    first, *_ = days(late, PROMISE, seed=1)
    assert first.seen == 0.0
    assert first.events == ("no audits",)


def test_every_day_has_a_line() -> None:
    drawn = timeline(list(days(SHORT, PROMISE, seed=1)), PROMISE)
    assert sum(line[:3].strip().isdecimal() for line in drawn.splitlines()) == 8


def test_the_command_refuses_worlds_that_cannot_be(tmp_path: Path) -> None:
    for options in (["--outage", "5"], ["--audit", "0"], ["--days", "0"]):
        done = CliRunner().invoke(app, ["simulate", *options])
        assert isinstance(done.exception, BadRequest)


def test_none_wrong_of_few_kept_is_no_proof_of_none() -> None:
    """A bootstrap over rows without a mistake has seen none and would claim certainty; Wilson's interval does not."""
    sure, weak = np.linspace(0.1, 0.9, 100), np.ones(100)
    found = report(sure, weak, None).risk
    assert [point.y for point in found] == [0.0] * len(found)
    assert found[4].high > 0.25  # ten kept
    assert 0.03 < found[-1].high < 0.05  # a hundred kept
    assert [point.high for point in found] == sorted((point.high for point in found), reverse=True)


def test_each_panel_says_what_it_asks_and_what_its_dashed_line_is() -> None:
    drawn = svg("x", report(SURE, WEAK, WEAK, SURE))
    for words in (
        "Does P(right) mean what it says?",
        "dashed: by entropy alone",
        "What does asking the cloud gain?",
    ):
        assert words in drawn
