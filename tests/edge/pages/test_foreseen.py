"""The signals of a plan, as words: everything that it depends on, grouped, nothing left out."""

from __future__ import annotations

from dataclasses import replace

from edge.pages.foreseen import signals
from edge.routing.mode import Mode
from edge.routing.plan import Facts

USUAL = Facts(
    local_model=True,
    uplink=True,
    redactable=True,
    tools_offered=False,
    prompt_tokens=100,
    context_tokens=1024,
)


def test_every_leaf_is_shown_in_its_group() -> None:
    found = {
        (one.group, one.name): one.value for one in signals(replace(USUAL, mode=Mode.ASK), {"pass_p": 0.25})
    }
    assert found["request", "prompt_tokens"] == "100"
    assert found["request", "mode"] == "ask"
    assert found["request", "tools_offered"] == "no"
    assert found["link", "health"] == "up"
    assert found["link", "expected_s"] == "–"
    assert found["vitals", "heat_c"] == "–"
    assert found["model", "pass_p"] == "0.250"
    assert {group for group, _ in found} == {"request", "link", "vitals", "budget", "task", "model"}
