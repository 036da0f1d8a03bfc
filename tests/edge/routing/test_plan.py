"""Where a request should be answered: the first rule that applies."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.routing.mode import Mode
from edge.routing.plan import Consent, EscalateNow, Facts, Refuse, StayLocal, TryLocal, Why, plan

USUAL = Facts(
    local_model=True, uplink=True, redactable=True, tools_offered=True, prompt_tokens=100, context_tokens=1024
)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, TryLocal()),
        ({"injection": 0.9, "refuse_injection_at": 0.9}, Refuse(Why.INJECTION)),
        ({"injection": 0.89, "refuse_injection_at": 0.9}, TryLocal()),
        ({"injection": 1.0}, TryLocal()),  # by default nothing is refused on a score
        ({"uplink": False}, StayLocal(Why.LOCAL_ONLY)),
        ({"uplink": False, "local_model": False}, Refuse(Why.NOTHING_CAN_ANSWER)),
        ({"must_stay": True}, StayLocal(Why.POLICY_MUST_STAY)),
        ({"must_stay": True, "must_go": True}, StayLocal(Why.POLICY_MUST_STAY)),
        ({"must_stay": True, "prompt_tokens": 9999}, StayLocal(Why.POLICY_MUST_STAY)),
        ({"redactable": False}, StayLocal(Why.REDACTION_UNAVAILABLE)),
        ({"redactable": False, "local_model": False}, Refuse(Why.NOTHING_CAN_ANSWER)),
        ({"consent": Consent.NEVER, "consented": True}, StayLocal(Why.POLICY_MUST_STAY)),
        ({"consent": Consent.ASK}, StayLocal(Why.CONSENT_NEEDED)),
        ({"consent": Consent.ASK, "must_go": True}, StayLocal(Why.CONSENT_NEEDED)),
        ({"consent": Consent.ASK, "consented": True}, TryLocal()),
        ({"consent": Consent.ASK, "local_model": False}, Refuse(Why.CONSENT_NEEDED)),
        ({"consent": Consent.NEVER, "local_model": False}, Refuse(Why.NOTHING_CAN_ANSWER)),
        ({"must_go": True}, EscalateNow(Why.POLICY_MUST_GO)),
        ({"local_model": False}, EscalateNow(Why.NO_LOCAL_MODEL)),
        ({"prompt_tokens": 1024}, EscalateNow(Why.TOO_LONG)),
        ({"prompt_tokens": 1023}, TryLocal()),
        ({"tools_offered": False}, EscalateNow(Why.NO_TOOLS)),
        ({"tools_offered": False, "local_speaks": True}, TryLocal()),
        ({"mode": Mode.LOCAL_ONLY}, StayLocal(Why.LOCAL_ONLY)),
        ({"mode": Mode.LOCAL_ONLY, "consented": True, "must_go": True}, StayLocal(Why.LOCAL_ONLY)),
        ({"mode": Mode.LOCAL_ONLY, "local_model": False}, Refuse(Why.NOTHING_CAN_ANSWER)),
        ({"mode": Mode.PREFER_CLOUD}, EscalateNow(Why.PREFERRED)),
        ({"mode": Mode.PREFER_CLOUD, "must_go": True}, EscalateNow(Why.POLICY_MUST_GO)),
        ({"mode": Mode.PREFER_CLOUD, "must_stay": True}, StayLocal(Why.POLICY_MUST_STAY)),
        ({"mode": Mode.PREFER_CLOUD, "redactable": False}, StayLocal(Why.REDACTION_UNAVAILABLE)),
        ({"mode": Mode.PREFER_CLOUD, "consent": Consent.ASK}, StayLocal(Why.CONSENT_NEEDED)),
        ({"mode": Mode.PREFER_CLOUD, "local_model": False}, EscalateNow(Why.NO_LOCAL_MODEL)),
        ({"mode": Mode.ASK}, TryLocal(ask=True)),
        ({"mode": Mode.ASK, "consented": True}, TryLocal()),
        ({"mode": Mode.ASK, "must_go": True}, Refuse(Why.CONSENT_NEEDED)),
        ({"mode": Mode.ASK, "must_go": True, "consented": True}, EscalateNow(Why.POLICY_MUST_GO)),
        ({"mode": Mode.ASK, "local_model": False}, Refuse(Why.CONSENT_NEEDED)),
        ({"mode": Mode.ASK, "consent": Consent.ASK}, TryLocal(ask=True)),
        ({"mode": Mode.ASK, "consent": Consent.NEVER, "consented": True}, StayLocal(Why.POLICY_MUST_STAY)),
        ({"mode": Mode.ASK, "uplink": False}, StayLocal(Why.LOCAL_ONLY)),
    ],
)
def test_the_first_rule_that_applies_decides(change: dict[str, Any], expected: object) -> None:
    assert plan(replace(USUAL, **change)) == expected


_facts = st.builds(
    Facts,
    local_model=st.booleans(), uplink=st.booleans(), redactable=st.booleans(), tools_offered=st.booleans(),
    prompt_tokens=st.integers(0, 3000), context_tokens=st.integers(0, 2048), local_speaks=st.booleans(),
    mode=st.sampled_from(Mode), consent=st.sampled_from(Consent), consented=st.booleans(), must_stay=st.booleans(), must_go=st.booleans(), injection=st.floats(0, 1), refuse_injection_at=st.floats(0, 1.1),
)  # fmt: skip


@given(_facts)
def test_what_must_not_leave_never_leaves(facts: Facts) -> None:
    unasked = facts.consent is Consent.NEVER or (facts.consent is Consent.ASK and not facts.consented)
    held = unasked and not (facts.mode is Mode.ASK and facts.consent is Consent.ASK)
    closed = facts.mode is Mode.LOCAL_ONLY or not facts.uplink
    if facts.must_stay or held or closed or not facts.redactable:
        assert not isinstance(plan(facts), EscalateNow | TryLocal)


@given(_facts)
def test_where_somebody_must_be_asked_nothing_leaves_unasked(facts: Facts) -> None:
    decided = plan(replace(facts, mode=Mode.ASK, consented=False))
    assert not isinstance(decided, EscalateNow)
    assert decided != TryLocal()


@given(_facts)
def test_without_a_model_nothing_is_answered_here(facts: Facts) -> None:
    if not facts.local_model:
        assert not isinstance(plan(facts), StayLocal | TryLocal)
