"""The state table of a held case, as conversations and as a property over every order of events."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.review.machine import (
    CLOSED,
    DECIDED,
    WAITING,
    Claim,
    Decide,
    Decision,
    Deliver,
    Event,
    Expire,
    Phase,
    Refusal,
    Review,
    Withdraw,
    step,
)
from tidegate.ids import OperatorId

ADA, BEN = OperatorId("ada"), OperatorId("ben")
NEW = Review(Phase.OPEN, expires_at=1000.0, has_proposal=True)


def play(review: Review, *events: Event) -> Review | Refusal:
    state: Review | Refusal = review
    for event in events:
        assert isinstance(state, Review)
        state = step(state, event)
    return state


def test_a_case_that_its_device_took_back_is_decided_by_nobody() -> None:
    gone = play(NEW, Claim(ADA, 1.0, 60.0), Withdraw(2.0))
    assert isinstance(gone, Review)
    assert (gone.phase, gone.operator) == (Phase.WITHDRAWN, OperatorId(""))
    assert gone.phase in CLOSED
    for event in (Decide(ADA, 1, Decision.APPROVE, 3.0), Claim(BEN, 3.0, 60.0), Withdraw(3.0)):
        assert step(gone, event) is Refusal.DECIDED
    assert step(gone, Expire(5000.0)) is Refusal.NOT_DUE
    assert step(gone, Deliver(3.0)) is Refusal.NOT_DECIDED


def test_a_decided_case_is_not_taken_back() -> None:
    done = play(NEW, Claim(ADA, 1.0, 60.0), Decide(ADA, 1, Decision.REJECT, 2.0))
    assert isinstance(done, Review)
    assert step(done, Withdraw(3.0)) is Refusal.DECIDED


def test_a_claimed_case_is_approved_and_then_delivered() -> None:
    done = play(NEW, Claim(ADA, 1.0, 60.0), Decide(ADA, 1, Decision.APPROVE, 2.0), Deliver(3.0))
    assert isinstance(done, Review)
    assert (done.phase, done.operator, done.decided_at) == (Phase.DELIVERED, ADA, 2.0)


@pytest.mark.parametrize(
    ("events", "refusal"),
    [
        ((Claim(ADA, 1.0, 60.0), Claim(BEN, 2.0, 60.0)), Refusal.TAKEN),
        ((Decide(ADA, 0, Decision.APPROVE, 1.0),), Refusal.STALE),
        ((Claim(ADA, 1.0, 60.0), Decide(ADA, 1, Decision.REJECT, 61.0)), Refusal.STALE),
        ((Claim(ADA, 1.0, 60.0), Decide(BEN, 1, Decision.REJECT, 2.0)), Refusal.STALE),
        ((Claim(ADA, 1.0, 9.0), Claim(BEN, 10.0, 9.0), Decide(ADA, 1, Decision.EDIT, 11.0)), Refusal.STALE),
        ((Deliver(1.0),), Refusal.NOT_DECIDED),
        ((Expire(999.0),), Refusal.NOT_DUE),
        ((Claim(ADA, 990.0, 60.0), Expire(1001.0)), Refusal.NOT_DUE),
        ((Expire(1000.0), Claim(ADA, 1001.0, 60.0)), Refusal.DECIDED),
    ],
)
def test_an_event_out_of_place_is_refused_with_its_reason(
    events: tuple[Event, ...], refusal: Refusal
) -> None:
    assert play(NEW, *events) is refusal


def test_a_lease_that_ran_out_can_be_taken_over_and_the_token_rises() -> None:
    taken = play(NEW, Claim(ADA, 1.0, 9.0), Claim(BEN, 10.0, 9.0))
    assert isinstance(taken, Review)
    assert (taken.operator, taken.token) == (BEN, 2)


def test_the_holder_may_claim_again_and_only_the_newest_token_decides() -> None:
    again = play(NEW, Claim(ADA, 1.0, 60.0), Claim(ADA, 2.0, 60.0))
    assert isinstance(again, Review)
    assert step(again, Decide(ADA, 1, Decision.APPROVE, 3.0)) is Refusal.STALE
    assert isinstance(step(again, Decide(ADA, 2, Decision.APPROVE, 3.0)), Review)


def test_a_case_without_an_answer_can_be_written_or_rejected_but_not_approved() -> None:
    empty = Review(Phase.OPEN, expires_at=1000.0, has_proposal=False)
    claimed = play(empty, Claim(ADA, 1.0, 60.0))
    assert isinstance(claimed, Review)
    assert step(claimed, Decide(ADA, 1, Decision.APPROVE, 2.0)) is Refusal.NOTHING_TO_APPROVE
    assert isinstance(step(claimed, Decide(ADA, 1, Decision.EDIT, 2.0)), Review)


OPERATORS = st.sampled_from([ADA, BEN])
TIMES = st.floats(0, 1500)
EVENTS = st.one_of(
    st.builds(Claim, OPERATORS, TIMES, st.floats(1, 100)),
    st.builds(Decide, OPERATORS, st.integers(0, 4), st.sampled_from(Decision), TIMES),
    st.builds(Deliver, TIMES),
    st.builds(Expire, TIMES),
)


@given(st.lists(EVENTS, max_size=30), st.booleans())
def test_in_any_order_a_case_is_decided_at_most_once_and_tokens_never_fall(
    events: list[Event], full: bool
) -> None:
    state = Review(Phase.OPEN, expires_at=1000.0, has_proposal=full)
    endings = 0
    for event in events:
        after = step(state, event)
        if isinstance(after, Refusal):
            continue
        assert after.token >= state.token
        if state.phase in WAITING and after.phase in CLOSED:
            endings += 1
        if state.phase in CLOSED:
            assert after.phase in {state.phase, Phase.DELIVERED}
            assert (after.operator, after.decided_at) == (state.operator, state.decided_at)
        if after.phase in DECIDED:
            assert after.operator in {ADA, BEN}
        state = after
    assert endings <= 1
