"""What early exit spares, counted on drafts nothing was learned from."""

from __future__ import annotations

import msgspec
import pytest

from scripts.fit_held_out import Written, ended, settled, spared
from tests.fakes.calibrations import curve
from tests.fakes.promises import calibration
from tidegate.engines.port import TokenScore
from tidegate.risk.calibrate import Calibration
from tidegate.risk.early import lowest
from tidegate.risk.held_out import HeldOut

SURE, DOUBTED = TokenScore("a", -0.01), TokenScore("b", -6.0)
ASKED = {"pass_odds": 0.0}


def row(*tokens: TokenScore) -> Written:
    worst = min(token.logprob for token in tokens)
    return Written(ASKED, {"min_logprob": worst}, tokens, right=worst > -3)


@pytest.mark.parametrize(
    ("tokens", "written"),
    [
        ((DOUBTED, SURE, SURE, SURE), 2),  # one more is written while the first is looked at
        ((SURE, SURE, DOUBTED, SURE), 4),
        ((SURE, SURE, SURE, DOUBTED), 4),
        ((SURE, SURE, SURE, SURE), 4),
        ((DOUBTED,), 1),
    ],
)
def test_a_draft_is_written_up_to_the_token_after_the_one_that_gives_it_up(
    tokens: tuple[TokenScore, ...], written: int
) -> None:
    assert ended(curve(), row(*tokens), 0.3) == written


def test_a_draft_given_up_before_its_first_token_costs_one() -> None:
    assert ended(curve(), row(SURE, SURE, SURE), 1.0) == 1


def made(*, early: bool = True) -> Calibration:
    good, bad = row(SURE, SURE), row(DOUBTED, SURE)
    rows = [good] * 300 + [bad] * 60
    found = calibration()
    held = HeldOut(
        tuple(found.after.probability(one.after) for one in rows),
        tuple(float(not one.right) for one in rows),
        tuple(lowest(curve(), one.asked, one.tokens) for one in rows),
    )
    return msgspec.structs.replace(found, early=curve() if early else None, outcomes={"calls": held})


def test_tokens_of_drafts_that_escalate_are_counted_and_no_kept_one_is_lost() -> None:
    found = spared(made(), [row(SURE, SURE)] * 20 + [row(DOUBTED, SURE, SURE, SURE)] * 10, 0.05)
    assert found is not None
    assert (found.drafts, found.tokens, found.lost) == (10, 0.5, 0.0)
    assert found.low <= found.tokens <= found.high


def test_where_nothing_is_promised_or_escalated_nothing_is_said() -> None:
    assert spared(made(early=False), [row(DOUBTED, SURE)], 0.05) is None
    assert spared(made(), [row(SURE, SURE)], 0.05) is None
    assert spared(made(), [row(DOUBTED, SURE)], 0.001) is None


def test_the_threshold_that_ships_is_the_first_that_the_kept_back_outcomes_support() -> None:
    claimed = made()
    sure = sorted({*claimed.outcomes["calls"].sure})
    found = settled(claimed, (0.001, 0.1, 0.3))
    assert sure[0] < found.keep_at <= sure[-1]
    assert found.wrong_at_most == 0.1
    assert settled(claimed, (0.3,)).keep_at < found.keep_at
    assert settled(claimed, (0.001,)) == claimed
