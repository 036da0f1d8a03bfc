"""The permission table, every cell of it."""

from __future__ import annotations

import itertools

import pytest

from edge.agent.permit import TABLE, Approval, Case, Need, Reason, need, permit
from edge.agent.taint import Exposure
from edge.agent.values import Effect

CASES = [
    Case(effect, exposure, outward=outward, sure=sure, granted=granted, approval=approval)
    for effect, exposure, outward, sure, granted, approval in itertools.product(
        Effect, Exposure, (False, True), (True, False), (False, True), Approval
    )
]
N, G, C, U = Need.NOTHING, Need.GRANT, Need.CLOUD, Need.USER
#: effect, outward, sure: needs when clean, exposed, derived; written out, so that the table is held to something
WANTED = {
    (Effect.READ, False, True): (N, N, N),
    (Effect.READ, False, False): (N, N, N),
    (Effect.READ, True, True): (N, G, U),
    (Effect.READ, True, False): (N, G, U),
    (Effect.REVERSIBLE, False, True): (G, G, C),
    (Effect.REVERSIBLE, False, False): (C, C, C),
    (Effect.REVERSIBLE, True, True): (G, G, U),
    (Effect.REVERSIBLE, True, False): (C, C, U),
    (Effect.IRREVERSIBLE, False, True): (C, C, U),
    (Effect.IRREVERSIBLE, False, False): (U, U, U),
    (Effect.IRREVERSIBLE, True, True): (C, C, U),
    (Effect.IRREVERSIBLE, True, False): (U, U, U),
}


def test_the_table_has_a_row_for_every_effect_and_reach() -> None:
    assert set(TABLE) == set(itertools.product(Effect, (False, True)))
    assert len(CASES) == 3 * 3 * 2 * 2 * 2 * 3
    assert len(WANTED) == 3 * 2 * 2


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_case_needs_what_the_page_says_and_gets_no_more(case: Case) -> None:
    wanted = WANTED[case.effect, case.outward, case.sure][list(Exposure).index(case.exposure)]
    found = permit(case)
    assert found.need is wanted
    has = {
        N: True,
        G: case.granted or case.approval is not Approval.NONE,
        C: case.approval is not Approval.NONE,
        U: case.approval is Approval.USER,
    }[wanted]
    assert found.allowed is has


@pytest.mark.parametrize("case", [one for one in CASES if one.effect is Effect.IRREVERSIBLE], ids=str)
def test_what_cannot_be_undone_is_never_done_on_a_grant_alone(case: Case) -> None:
    if case.approval is Approval.NONE:
        assert not permit(case).allowed


@pytest.mark.parametrize("case", CASES, ids=str)
def test_text_from_outside_never_lowers_what_a_call_needs(case: Case) -> None:
    worse = [
        Case(case.effect, other, case.outward, case.sure, case.granted, case.approval)
        for other in list(Exposure)[list(Exposure).index(case.exposure) :]
    ]
    needs = [need(one) for one in worse]
    assert needs == sorted(needs)
    assert not (permit(worse[-1]).allowed and not permit(case).allowed)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_weightier_effect_a_wider_reach_and_doubt_never_lower_it(case: Case) -> None:
    effects = list(Effect)
    for other in effects[effects.index(case.effect) :]:
        assert need(Case(other, case.exposure, case.outward, case.sure)) >= need(case)
    assert need(Case(case.effect, case.exposure, True, case.sure)) >= need(case)
    assert need(Case(case.effect, case.exposure, case.outward, False)) >= need(case)


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        (Case(Effect.READ, Exposure.DERIVED), Reason.HARMLESS),
        (Case(Effect.READ, Exposure.DERIVED, outward=True), Reason.OUTSIDE_TEXT),
        (Case(Effect.REVERSIBLE, Exposure.CLEAN), Reason.NEEDS_GRANT),
        (Case(Effect.REVERSIBLE, Exposure.CLEAN, granted=True), Reason.GRANTED),
        (Case(Effect.REVERSIBLE, Exposure.DERIVED, granted=True), Reason.OUTSIDE_TEXT),
        (Case(Effect.REVERSIBLE, Exposure.CLEAN, sure=False, granted=True), Reason.UNSURE),
        (Case(Effect.IRREVERSIBLE, Exposure.CLEAN, granted=True), Reason.IRREVERSIBLE),
        (Case(Effect.IRREVERSIBLE, Exposure.DERIVED, approval=Approval.CLOUD), Reason.OUTSIDE_TEXT),
        (Case(Effect.IRREVERSIBLE, Exposure.CLEAN, approval=Approval.CLOUD), Reason.APPROVED_BY_CLOUD),
        (Case(Effect.IRREVERSIBLE, Exposure.DERIVED, approval=Approval.USER), Reason.APPROVED_BY_USER),
    ],
    ids=str,
)
def test_every_permission_says_why(case: Case, reason: Reason) -> None:
    assert permit(case).reason is reason
