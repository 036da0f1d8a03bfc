"""Cedar decides who must look first; what cannot be decided is held."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cloud.policy.decide import CedarDesk, load, names_topic
from cloud.ports import Citation, HoldReason, Outcome, Proposal, Verdict
from tests.fakes.cloud_parts import passed, proposal, submission
from tidegate.errors import BadConfig

DESK = load(None, ("refund", "Contract"))
CITED = proposal(citations=(Citation("m.md", "1", "q"),))


def held(
    question: str = "what does E42 mean?",
    *,
    desk: CedarDesk = DESK,
    answer: Proposal | None = CITED,
    verdict: Verdict | None = None,
    review: bool = False,
) -> HoldReason | None:
    asked = submission(question, requires_review=review)
    return desk.hold(asked, answer, verdict=verdict or passed(), suspicion=0.1)


def test_an_ordinary_answer_needs_nobody() -> None:
    assert held() is None
    assert DESK.allows(submission(), CITED)


def test_topics_the_devices_wish_and_weak_grounding_need_a_person() -> None:
    assert held("I want a refund!") is HoldReason.POLICY
    assert held("about two Contracts:") is HoldReason.POLICY
    assert held(review=True) is HoldReason.DEVICE_ASKED
    assert held(verdict=passed(grounding=Outcome.NOT_APPLICABLE)) is HoldReason.FAILED_CHECK
    assert held("refund", answer=None) is HoldReason.POLICY


def test_an_answer_the_model_is_unsure_of_needs_a_person() -> None:
    assert held(answer=replace(CITED, unsure=True)) is HoldReason.UNSURE


@pytest.mark.parametrize("text", ["refundable", "prefund", "what does E42 mean?", ""])
def test_words_that_only_contain_a_topic_are_no_topic(text: str) -> None:
    assert not names_topic(text, frozenset({"refund"}))


def test_an_overlong_answer_may_not_leave_at_all() -> None:
    assert not DESK.allows(submission(), proposal("x" * 20_001))


def test_a_policy_that_fails_while_it_runs_holds_instead_of_letting_through(tmp_path: Path) -> None:
    overflow = '@id("p")\npermit(principal is Device, action, resource);\n@id("f")\nforbid(principal is Device, action, resource) when { context.citations + 9223372036854775807 > 3 };'
    file = tmp_path / "p.cedar"
    file.write_text(overflow)
    desk = load(file, ())
    assert held(desk=desk) is HoldReason.POLICY
    assert not desk.allows(submission(), CITED)


def test_an_empty_policy_lets_nothing_through(tmp_path: Path) -> None:
    file = tmp_path / "p.cedar"
    file.write_text("")
    assert held(desk=load(file, ())) is HoldReason.POLICY


@pytest.mark.parametrize(
    "source",
    [
        "permit(principal, action",
        "permit(principal is Device, action, resource);",
        '@id("a") permit(principal is Device, action, resource); @id("a") permit(principal is Device, action, resource);',
        '@id("a") permit(principal is Device, action, resource) when { context.no_such_fact };',
        '@id("a") @hold("because") forbid(principal is Device, action, resource);',
    ],
)
def test_a_policy_that_cannot_be_trusted_stops_the_start(tmp_path: Path, source: str) -> None:
    file = tmp_path / "p.cedar"
    file.write_text(source)
    with pytest.raises(BadConfig, match=r"p\.cedar"):
        load(file, ())


def test_the_digest_names_the_policy_and_its_topics(tmp_path: Path) -> None:
    assert load(None, ("a",)).digest == load(None, ("a",)).digest != load(None, ("b",)).digest
    file = tmp_path / "p.cedar"
    file.write_text('@id("x") permit(principal is Device, action, resource);')
    assert load(file, ("a",)).digest != load(None, ("a",)).digest
