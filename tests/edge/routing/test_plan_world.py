"""The plan in a table: what the link, the machine, budgets and kinds of work change, and that policy still comes first."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.routing.budget import End, Kind, Scope, WhenSpent
from edge.routing.mode import Mode
from edge.routing.plan import EscalateNow, Facts, Plan, Refuse, StayLocal, TryLocal, Why, plan
from edge.routing.reasons import reasons
from edge.routing.vitals import Sign, Strain
from edge.routing.world import BudgetSignal, LinkSignal, MeteredSends, TaskSignal, VitalSignal, World
from tidegate.risk.task import Task

FACTS = Facts(
    local_model=True, uplink=True, redactable=True, tools_offered=True, prompt_tokens=80, context_tokens=1024
)
OVER = End(Scope.DAY, Kind.MONEY)
AWAY, METERED = LinkSignal(open=False), LinkSignal(metered=True)
HOT = VitalSignal(strain=Strain.ESCALATE, sign=Sign.HEAT)
EMPTY = VitalSignal(strain=Strain.REFUSE, sign=Sign.BATTERY)
BAD = TaskSignal(Task.PROSE, 100, 0.8, known_to_fail=True)


def planned(
    link: LinkSignal | None = None,
    vitals: VitalSignal | None = None,
    *,
    budget: BudgetSignal | None = None,
    task: TaskSignal | None = None,
    **facts: object,
) -> Plan:
    world = World(
        link or LinkSignal(), vitals or VitalSignal(), budget or BudgetSignal(), task or TaskSignal()
    )
    return plan(replace(FACTS, world=world, **facts))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (planned(), TryLocal()),
        # kinds of work that fail
        (planned(task=BAD), EscalateNow(Why.KNOWN_TO_FAIL)),
        (planned(AWAY, task=BAD), TryLocal()),
        (planned(METERED, task=BAD), StayLocal(Why.METERED)),
        (planned(LinkSignal(expected_s=40.0, left_s=30.0), task=BAD), TryLocal()),  # the cloud would come too late
        (planned(LinkSignal(expected_s=4.0, left_s=30.0), task=BAD), EscalateNow(Why.KNOWN_TO_FAIL)),
        (planned(task=BAD, must_stay=True), StayLocal(Why.POLICY_MUST_STAY)),
        (planned(task=BAD, mode=Mode.ASK), TryLocal(ask=True)),
        # a metered way
        (planned(METERED), StayLocal(Why.METERED)),
        (planned(METERED, must_go=True), EscalateNow(Why.POLICY_MUST_GO)),
        (planned(METERED, prompt_tokens=2000), EscalateNow(Why.TOO_LONG)),
        (planned(METERED, mode=Mode.PREFER_CLOUD), StayLocal(Why.METERED)),
        (planned(replace(METERED, metered_sends=MeteredSends.ALL)), TryLocal()),
        # strain
        (planned(vitals=VitalSignal(strain=Strain.SHORTER, sign=Sign.HEAT)), TryLocal()),
        (planned(vitals=HOT), EscalateNow(Why.HOT)),
        (planned(AWAY, HOT), TryLocal()),
        (planned(vitals=EMPTY), EscalateNow(Why.BATTERY_LOW)),
        (planned(AWAY, EMPTY), Refuse(Why.BATTERY_LOW)),
        (planned(vitals=EMPTY, must_stay=True), Refuse(Why.BATTERY_LOW)),
        (planned(vitals=HOT, must_stay=True), StayLocal(Why.POLICY_MUST_STAY)),
        (planned(vitals=HOT, mode=Mode.ASK), TryLocal(ask=True)),
        # energy
        (planned(budget=BudgetSignal(local=OVER)), EscalateNow(Why.ENERGY_SPENT)),
        (planned(AWAY, budget=BudgetSignal(local=OVER)), Refuse(Why.ENERGY_SPENT)),
        (planned(budget=BudgetSignal(local=OVER), must_stay=True), Refuse(Why.ENERGY_SPENT)),
        # money and tokens
        (planned(budget=BudgetSignal(OVER)), StayLocal(Why.BUDGET_SPENT)),
        (planned(budget=BudgetSignal(OVER), must_go=True), Refuse(Why.BUDGET_SPENT)),
        (planned(budget=BudgetSignal(OVER), prompt_tokens=2000), Refuse(Why.BUDGET_SPENT)),
        (planned(budget=BudgetSignal(OVER, when_spent=WhenSpent.LOCAL_ONLY), must_go=True), StayLocal(Why.BUDGET_SPENT)),
        (planned(budget=BudgetSignal(OVER, when_spent=WhenSpent.LOCAL_ONLY), local_model=False), Refuse(Why.BUDGET_SPENT)),
        (planned(budget=BudgetSignal(OVER, when_spent=WhenSpent.REFUSE)), Refuse(Why.BUDGET_SPENT)),
        (planned(budget=BudgetSignal(OVER, when_spent=WhenSpent.REFUSE), must_stay=True), StayLocal(Why.POLICY_MUST_STAY)),
        (planned(budget=BudgetSignal(OVER, OVER)), Refuse(Why.BUDGET_SPENT)),
        (planned(budget=BudgetSignal(OVER), task=BAD), StayLocal(Why.BUDGET_SPENT)),
        # an attack is refused whatever the world is like
        (planned(METERED, EMPTY, injection=0.9, refuse_injection_at=0.8), Refuse(Why.INJECTION)),
    ],
)  # fmt: skip
def test_the_first_rule_that_applies_decides(found: Plan, wanted: Plan) -> None:
    assert found == wanted


WORLDS = st.builds(
    World,
    st.builds(
        LinkSignal, open=st.booleans(), metered=st.booleans(), metered_sends=st.sampled_from(MeteredSends)
    ),
    st.builds(VitalSignal, strain=st.sampled_from(Strain), sign=st.sampled_from(Sign)),
    st.builds(
        BudgetSignal,
        cloud=st.sampled_from([None, OVER]),
        local=st.sampled_from([None, OVER]),
        when_spent=st.sampled_from(WhenSpent),
    ),
    st.sampled_from([TaskSignal(), BAD]),
)


@given(WORLDS, st.booleans(), st.sampled_from(Mode))
def test_what_must_stay_never_leaves_whatever_the_world_is_like(
    world: World, must_go: bool, mode: Mode
) -> None:
    found = plan(replace(FACTS, world=world, must_stay=True, must_go=must_go, mode=mode))
    assert isinstance(found, StayLocal | Refuse)


@given(WORLDS, st.booleans(), st.sampled_from(Mode))
def test_what_is_paid_for_no_more_never_leaves(world: World, must_go: bool, mode: Mode) -> None:
    spent = replace(world, budget=replace(world.budget, cloud=OVER))
    found = plan(replace(FACTS, world=spent, must_go=must_go, mode=mode))
    assert not isinstance(found, EscalateNow | TryLocal)


@given(WORLDS)
def test_without_energy_nothing_is_drafted(world: World) -> None:
    found = plan(replace(FACTS, world=replace(world, budget=replace(world.budget, local=OVER))))
    assert not isinstance(found, StayLocal | TryLocal)


@pytest.mark.parametrize(
    ("world", "waits", "drafted", "wanted"),
    [
        (World(), False, True, (Why.UNSURE,)),
        (World(LinkSignal(open=False)), False, True, (Why.UNSURE,)),
        (World(LinkSignal(expected_s=40.0)), True, True, (Why.UNSURE, Why.CLOUD_SLOW)),
        (World(METERED), True, True, (Why.UNSURE, Why.METERED)),
        (World(vitals=HOT), False, True, (Why.UNSURE, Why.HOT, Why.SHORTENED)),
        (World(vitals=HOT), False, False, (Why.UNSURE,)),
    ],
)
def test_every_reason_is_said_the_first_first(
    world: World, waits: bool, drafted: bool, wanted: tuple[Why, ...]
) -> None:
    assert reasons(Why.UNSURE, world, waits=waits, drafted=drafted) == wanted
