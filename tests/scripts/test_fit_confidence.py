"""Measuring P(right): what counts as right, and what a fit on known outcomes reports."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("yaml", reason="the training data readers need PyYAML")

from scripts.fit_confidence import Outcome, fit, is_right, written
from scripts.fit_confidence import tested as report_of
from scripts.fit_requests import FURTHER, crowded, examples, further
from scripts.training import data, sources
from scripts.training.records import Call
from tidegate.chat import ToolCall
from tidegate.engines.port import Draft
from tidegate.risk.calibrate import read_calibration
from tidegate.risk.features import AFTER, BEFORE

EXPECTED = (Call("PlayMusic", (("artist", "Miles Davis"), ("year", 1959))),)


def draft(name: str, arguments: dict[str, object]) -> Draft:
    return Draft("", (ToolCall("c", name, json.dumps(arguments)),))


@pytest.mark.parametrize(
    ("name", "arguments", "right"),
    [
        ("PlayMusic", {"artist": "miles  davis", "year": 1959}, True),
        ("PlayMusic", {"year": "1959", "artist": "Miles Davis"}, True),
        ("PlayMusic", {"artist": "Miles", "year": 1959}, False),
        ("PlayMusic", {"artist": "Miles Davis"}, False),
        ("PlayMusic", {"artist": "Miles Davis", "year": 1959, "album": "x"}, False),
        ("playmusic", {"artist": "Miles Davis", "year": 1959}, False),
    ],
)
def test_a_call_is_right_when_it_is_exactly_the_one_asked_for(
    name: str, arguments: dict[str, object], right: bool
) -> None:
    assert is_right(draft(name, arguments), EXPECTED) is right


def test_a_call_nobody_asked_for_is_wrong() -> None:
    assert not is_right(draft("PlayMusic", {}), None)
    assert not is_right(Draft(""), EXPECTED)


def outcomes(count: int, seed: int) -> list[Outcome]:
    """Outcomes whose rightness follows one feature, so that the best possible report is known."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        sure, passed = float(rng.normal()), bool(rng.random() < 0.2)
        right = not passed and bool(rng.random() < 1 / (1 + np.exp(-3 * sure - 1)))
        after = dict.fromkeys(AFTER, 0.0) | {"value_logprob": sure, "words": float(rng.normal())}
        before = dict.fromkeys(BEFORE, 0.0) | {"pass_odds": 4.0 if passed else -4.0}
        found.append(Outcome("snips", True, passed, not passed, right, after, before))
    return found


def test_a_fit_holds_its_promise_on_outcomes_it_has_not_seen(tmp_path: Path) -> None:
    made = fit(outcomes(700, 1))
    report = report_of(made, outcomes(1500, 2), 700)
    assert report.test_auroc > 0.9
    assert report.test_ece < 0.05
    assert report.test_error_kept < 0.15
    assert report.test_coverage > 0.4
    assert report.before_test_auroc > 0.6
    written(tmp_path / "confidence.json", "a" * 64, made)
    written(tmp_path / "confidence.json", "b" * 64, made)
    assert read_calibration(tmp_path / "confidence.json", "a" * 64) == made


def test_a_model_that_is_hardly_ever_right_is_not_calibrated() -> None:
    with pytest.raises(SystemExit):
        fit([o for o in outcomes(200, 3) if not o.right])


@pytest.mark.shared
@pytest.mark.skipif(not (sources.data_root() / "snips").is_dir(), reason="the shared data sets are not here")
def test_requests_are_also_measured_among_tools_that_have_nothing_to_do_with_them() -> None:
    corpus, rng = data.load(), random.Random(1)
    plain = list(data.held_out("snips", "calibration", corpus))[:60]
    sizes = set()
    for example in plain:
        found = crowded(example, corpus, rng)
        names = [spec.name for spec in found.specs]
        assert len(set(names)) == len(names)
        assert {call.name for call in example.expected_calls or ()} <= set(names)
        about = data.topics(" ".join([example.text, *(spec.name for spec in example.specs)]))
        new = [spec for spec in found.specs if spec not in example.specs]
        assert not any(data.topics(spec.name) & about for spec in new)
        sizes.add(len(names))
    assert len(sizes) > 4  # the number of tools tells nothing about where a request comes from
    assert {len(e.specs) for e in examples(corpus, "calibration", 200)} > {7}


@pytest.mark.shared
@pytest.mark.skipif(not (sources.data_root() / "snips").is_dir(), reason="the shared data sets are not here")
def test_further_requests_are_of_the_same_fold_and_none_of_those_that_promises_are_tested_on() -> None:
    corpus = data.load()
    chosen = examples(corpus, "calibration", 300)
    found = further(chosen, corpus, "calibration")
    assert not {e.text for e in found} & {e.text for e in chosen}
    assert len({(e.source, e.text) for e in found}) == len(found)
    assert all(data.half(e.text) == "calibration" for e in found if e.source == "homes")
    assert all(data.fold(e.text) == "calibration" for e in found if e.source != "homes")
    assert sum(e.source == "homes" for e in found) == FURTHER["homes"]
    assert found == further(chosen, corpus, "calibration")
