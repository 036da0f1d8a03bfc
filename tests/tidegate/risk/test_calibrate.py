"""P(right) of a draft."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.calibrations import curve, measured
from tidegate.chat import Message, Prompt, Role, Tool, ToolCall
from tidegate.engines.port import Draft, Finish, TokenScore
from tidegate.errors import Broken
from tidegate.risk.calibrate import (
    FAILED,
    PASSED,
    PRIOR,
    CalibrationFile,
    Curve,
    confidence,
    is_quoted,
    prospect,
    read_calibration,
)
from tidegate.risk.fit import Steps
from tidegate.risk.trees import Tree

ASK = Prompt((Message(Role.USER, "stop"),), (Tool("Stop", ""),))
CALL = (ToolCall("c", "Stop", "{}"),)


def draft(logprob: float = -0.1, finish: Finish = Finish.TOOL_CALLS, **extra: float) -> Draft:
    return Draft(
        "", CALL if finish is Finish.TOOL_CALLS else (), finish, (TokenScore("x", logprob),), features=extra
    )


def test_not_for_me_never_serves_the_request() -> None:
    assert confidence(draft(finish=Finish.PASS), ASK, measured(0.6)) == PASSED
    unsure, sure = (confidence(draft(finish=Finish.PASS, pass_p=p), ASK, measured(0.6)) for p in (0.5, 0.99))
    assert 0 <= sure < unsure < PASSED


@pytest.mark.parametrize(
    "broken",
    [draft(finish=Finish.LENGTH), draft(finish=Finish.STOP, broken_call=1.0), draft(finish=Finish.STOP)],
)
def test_a_draft_that_broke_off_is_worth_next_to_nothing(broken: Draft) -> None:
    assert confidence(broken, ASK, measured(0.6)) <= FAILED


def test_without_a_calibration_nothing_is_trusted_above_the_prior_but_order_is_kept() -> None:
    sure, unsure = (confidence(draft(p), ASK, None) for p in (-0.01, -2.0))
    assert unsure < sure <= PRIOR


@given(st.floats(-30, 0), st.floats(-30, 0))
def test_a_likelier_draft_is_never_less_trusted(a: float, b: float) -> None:
    low, high = sorted((a, b))
    made = measured(0.6)
    assert confidence(draft(low), ASK, made) <= confidence(draft(high), ASK, made)
    assert 0 <= confidence(draft(low), ASK, made) <= 1


@given(st.floats(-8, 8))
def test_the_file_and_the_fit_draw_the_same_curve(z: float) -> None:
    steps = Steps((-2.0, 0.0, 0.0, 3.0), (0.1, 0.2, 0.6, 0.9))
    plain = Curve(("f",), (0.0,), (2.0,), (1.0,), 0.0, steps.x, steps.y)
    logistic = 1 / (1 + np.exp(-z / 1.0))
    row = {"f": 2.0 * z}
    if abs(z) < 5 and abs(z) > 1e-9:
        assert plain.probability(row) == pytest.approx(
            0.9 * float(steps.at(np.array([z]))[0]) + 0.1 * logistic
        )


def test_before_writing_a_likely_refusal_lowers_the_prospect() -> None:
    assert prospect({"pass_p": 0.9}, ASK, None) < prospect({"pass_p": 0.1}, ASK, None) <= PRIOR


def test_a_curve_tolerates_features_an_older_device_does_not_know() -> None:
    assert 0 < curve().probability({}) < 1


RESULT = '{"temperature": 21.5, "unit": "C", "state": "light rain"}'


@pytest.mark.parametrize(
    ("answer", "quoted"),
    [
        ("temperature: 21.5, unit: C, state: light rain", True),
        ("Light rain", True),
        ("Done.", True),
        ("That did not work: light rain.", True),
        ("temperature: 22.5", False),  # a number of its own
        ("light rain, temperature: 21.5", False),  # another order may pair the wrong words
        ("It is light rain", False),
        ("", False),
        ("light light", False),
    ],
)
def test_an_answer_about_a_result_is_trusted_when_it_says_what_the_result_says(
    answer: str, quoted: bool
) -> None:
    assert is_quoted(answer, RESULT) is quoted
    asked = replace(ASK, messages=(*ASK.messages, Message(Role.TOOL, RESULT)))
    told = Draft(answer, (), Finish.STOP, (TokenScore("x", -0.1),))
    made = msgspec.structs.replace(measured(0.6), quoted=0.97)
    found = confidence(told, asked, made)
    assert found == 0.97 if quoted else found <= FAILED
    assert confidence(told, asked, None) <= PRIOR
    assert confidence(told, ASK, made) <= FAILED  # no result, nothing to quote


FORK = Tree((0,), (-2.0,), (-1.5, 1.5))


def test_trees_are_added_to_the_straight_line() -> None:
    made = msgspec.structs.replace(curve(), trees=(FORK,))
    line = curve()
    assert made.probability({"min_logprob": -2.5}) < line.probability({"min_logprob": -2.5})
    assert made.probability({"min_logprob": -2.0}) > line.probability({"min_logprob": -2.0})


def test_a_calibration_with_trees_stands_where_older_programs_do_not_look(tmp_path: Path) -> None:
    plain = measured(0.6)
    grown = msgspec.structs.replace(plain, after=msgspec.structs.replace(plain.after, trees=(FORK,)))
    file = CalibrationFile({"a": plain}).plus("b", grown)
    raw = msgspec.json.decode(msgspec.json.encode(file))
    assert (list(raw["models"]), list(raw["with_trees"]), raw["format"]) == (["a"], ["b"], 2)
    (tmp_path / "c.json").write_bytes(msgspec.json.encode(file))
    assert read_calibration(tmp_path / "c.json", "b") == grown
    assert read_calibration(tmp_path / "c.json", "a") == plain
    assert file.plus("b", plain) == CalibrationFile({"a": plain, "b": plain})  # and back, when the trees go


def test_a_file_from_before_trees_is_read_as_ever(tmp_path: Path) -> None:
    plain = measured(0.6)
    raw = msgspec.json.decode(msgspec.json.encode(plain))
    del raw["after"]["trees"], raw["before"]["trees"]
    (tmp_path / "c.json").write_bytes(msgspec.json.encode({"models": {"a": raw}}))
    assert read_calibration(tmp_path / "c.json", "a") == plain


def test_a_file_in_a_later_format_counts_as_none(tmp_path: Path) -> None:
    file = msgspec.structs.replace(CalibrationFile({"a": measured(0.6)}), format=3)
    (tmp_path / "c.json").write_bytes(msgspec.json.encode(file))
    assert read_calibration(tmp_path / "c.json", "a") is None


@pytest.mark.parametrize(
    "tree",
    [Tree((0,), (), (0.0, 0.0)), Tree((1,), (0.0,), (0.0, 0.0)), Tree((0, 0), (0.0, 0.0), (0.0, 0.0, 0.0))],
)
def test_a_tree_that_is_no_tree_is_refused(tmp_path: Path, tree: Tree) -> None:
    plain = measured(0.6)
    bent = msgspec.structs.replace(plain, after=msgspec.structs.replace(plain.after, trees=(tree,)))
    (tmp_path / "c.json").write_bytes(msgspec.json.encode(CalibrationFile().plus("a", bent)))
    with pytest.raises(Broken, match="do not fit each other"):
        read_calibration(tmp_path / "c.json", "a")
