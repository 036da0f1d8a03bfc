"""What is foreseen for a request is what the plan says, explained."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge.routing.dryrun import foresee
from edge.routing.mode import Mode
from edge.routing.plan import Facts, Why

USUAL = Facts(
    local_model=True, uplink=True, redactable=True, tools_offered=True, prompt_tokens=100, context_tokens=1024
)


@pytest.mark.parametrize(
    ("facts", "prospect", "pass_p", "expected"),
    [
        (USUAL, 0.8, 0.1, ("local", (Why.CONFIDENT,), True)),
        (USUAL, 0.5, 0.1, ("escalate", (Why.UNSURE,), True)),
        (USUAL, 0.5, 0.6, ("escalate", (Why.UNSURE, Why.PASSED), True)),
        (replace(USUAL, mode=Mode.ASK), 0.8, 0.1, ("local", (Why.CONFIDENT,), True)),
        (replace(USUAL, mode=Mode.ASK), 0.5, 0.1, ("refuse", (Why.CONSENT_NEEDED, Why.UNSURE), True)),
        (replace(USUAL, mode=Mode.PREFER_CLOUD), 0.8, 0.1, ("escalate", (Why.PREFERRED,), False)),
        (replace(USUAL, uplink=False), 0.1, 0.9, ("local", (Why.LOCAL_ONLY,), True)),
        (replace(USUAL, tools_offered=False), 0.8, 0.0, ("escalate", (Why.NO_TOOLS,), False)),
        (replace(USUAL, must_go=True), 0.8, 0.0, ("escalate", (Why.POLICY_MUST_GO,), False)),
        (replace(USUAL, injection=2.0), 0.8, 0.0, ("refuse", (Why.INJECTION,), False)),
    ],
)
def test_the_decision_is_foreseen(facts: Facts, prospect: float, pass_p: float, expected: object) -> None:
    found = foresee(facts, prospect=prospect, pass_p=pass_p, keep_at=0.7)
    assert (found.decision, found.why, found.drafts) == expected


def test_where_the_model_is_not_asked_its_chance_is_small_but_keeps_its_order() -> None:
    facts = replace(USUAL, tools_offered=False)
    low, high = (foresee(facts, prospect=p, pass_p=0, keep_at=0.7).p_right for p in (0.2, 0.9))
    assert low < high < 0.05
