"""P(right) of a draft."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.calibrations import curve, measured
from tidegate.chat import Message, Prompt, Role, Tool, ToolCall
from tidegate.engines.port import Draft, Finish, TokenScore
from tidegate.risk.calibrate import FAILED, PASSED, PRIOR, Curve, confidence, is_quoted, prospect
from tidegate.risk.fit import Steps

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
