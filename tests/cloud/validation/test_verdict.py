"""Each check bites alone, and without any one of them nothing is released."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cloud.answer.knowledge import compose
from cloud.policy import decide as policy
from cloud.ports import Check, Citation, Outcome, Passage, Proposal, Submission, Verdict
from cloud.validation import grounding, schema
from cloud.validation.leaks import LeakCheck, check_placeholders
from cloud.validation.verdict import Bench, rules, vouched
from tests.cloud.answer.test_answers import E42, LIGHTS
from tests.fakes.cloud_parts import (
    ASKS_E42,
    OTHER_PERSON,
    PERSON,
    passed,
    proposal,
    submission,
    with_tools,
)
from tidegate.chat import ToolCall, ToolChoice
from tidegate.errors import Broken
from tidegate.privacy.commitments import commit
from tidegate.privacy.detect import build_detector
from tidegate.privacy.placeholders import make

RULES = rules(build_detector(ner=False), policy.load(None, ("refund",)))
SALT = b"0123456789abcdef"


def outcomes(verdict: Verdict) -> dict[Check, Outcome]:
    return {r.check: r.outcome for r in verdict.results}


def test_a_quoted_answer_passes_every_check() -> None:
    answer = compose(ASKS_E42, (E42,), "ab" * 32)
    assert answer is not None
    seen = outcomes(Bench(RULES).judge(submission(), answer, (E42,)))
    assert seen.pop(Check.SCHEMA) is Outcome.NOT_APPLICABLE
    assert set(seen.values()) == {Outcome.PASSED}


@pytest.mark.parametrize("missing", list(Check))
def test_without_any_one_check_no_verdict_passes(missing: Check) -> None:
    answer = compose(ASKS_E42, (E42,), "ab" * 32)
    assert answer is not None
    partial = {check: rule for check, rule in RULES.items() if check is not missing}
    verdict = Bench(partial).judge(submission(), answer, (E42,))
    assert not verdict.passed
    assert outcomes(verdict)[missing] is Outcome.FAILED


def test_a_verdict_cannot_be_built_with_a_check_left_out_or_twice() -> None:
    whole = passed()
    for results in (whole.results[1:], whole.results + whole.results[:1], whole.results[::-1]):
        with pytest.raises(ValueError, match="each check exactly once"):
            Verdict(results)


def test_a_check_that_breaks_counts_as_failed() -> None:
    def broken(*_: object) -> Outcome:
        raise Broken("no detector", code="test")

    verdict = Bench({**RULES, Check.LEAKS: broken}).judge(submission(), proposal(), ())
    assert outcomes(verdict)[Check.LEAKS] is Outcome.FAILED


# ---------------------------------------------------------------------------------------------------------- leaks


def leak(text: str, *, secrets: tuple[str, ...] = (), passages: tuple[Passage, ...] = ()) -> Outcome:
    made = tuple(c for s in secrets if (c := commit(SALT, s)) is not None)
    asked = submission(commitments=made, commitment_salt=SALT)
    return LeakCheck(build_detector(ner=False))(asked, proposal(text), passages)


@pytest.mark.parametrize(
    ("text", "secrets"),
    [
        ("Dear Katharina Lindqvist, open the valves.", ("Katharina Lindqvist",)),
        ("dear KATHARINA  lindqvist", ("Katharina Lindqvist",)),
        ("call +49 (89) 9018-2233", ("+49 89 9018 2233",)),
        ("we write to Birkenweg 14", ("Birkenweg 14",)),
    ],
)
def test_a_redacted_value_is_found_exactly_however_it_is_spaced(text: str, secrets: tuple[str, ...]) -> None:
    assert leak(text, secrets=secrets) is Outcome.FAILED


def test_words_near_a_secret_are_no_leak() -> None:
    assert leak("Dear Katharina, open the valves.", secrets=("Katharina Lindqvist",)) is Outcome.PASSED
    assert leak("Birkenweg 41", secrets=("Birkenweg 14",)) is Outcome.PASSED


def test_a_value_that_stands_in_the_operators_own_documents_is_public() -> None:
    manual = Passage("m.md", "1", "The Aurelia HP-8 is made by Aurelia Werke.", 1.0)
    text = "The Aurelia HP-8 is made by Aurelia Werke."
    assert leak(text, secrets=("Aurelia Werke",), passages=(manual,)) is Outcome.PASSED
    assert leak(text, secrets=("Aurelia Werke",)) is Outcome.FAILED


def test_private_text_a_model_made_up_is_a_leak_too() -> None:
    assert leak("Transfer it to DE89 3704 0044 0532 0130 00.") is Outcome.FAILED
    assert leak("Write to someone@example.com.") is Outcome.FAILED
    assert leak("Wait 5 minutes and read 1.5 bar.") is Outcome.PASSED


def test_leaks_in_tool_arguments_are_found() -> None:
    call = ToolCall("call_0", "send", '{"to":"bob.smith@example.com"}')
    assert (
        LeakCheck(build_detector(ner=False))(submission(), proposal("", tool_calls=(call,)), ())
        is Outcome.FAILED
    )


# --------------------------------------------------------------------------------------------------- placeholders


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        (f"Dear {PERSON},", Outcome.PASSED),
        ("Dear customer,", Outcome.PASSED),
        (f"Dear {OTHER_PERSON},", Outcome.FAILED),
        (f"Dear {make('PERSON', 2, 'k3f')},", Outcome.FAILED),
        ("Dear [PERSON_1·k3f9],", Outcome.FAILED),
    ],
)
def test_only_placeholders_of_the_request_may_come_back(text: str, outcome: Outcome) -> None:
    assert check_placeholders(submission(), proposal(text), ()) is outcome


# ------------------------------------------------------------------------------------------------------ grounding


@pytest.mark.parametrize(
    ("sentence", "outcome"),
    [
        (
            "E42 means that the flow sensor measures less than 12 litres per minute for more than 60 seconds.",
            Outcome.PASSED,
        ),
        ("Open all radiator valves fully.", Outcome.PASSED),
        (f"Dear {PERSON},", Outcome.PASSED),
        ("Kind regards", Outcome.PASSED),
        ("Fill the water until the pressure gauge reads 1.5 bar.", Outcome.PASSED),
        ("Fill the water until the pressure gauge reads 2.5 bar.", Outcome.FAILED),
        ("Wait 5 hours, and switch it on again.", Outcome.FAILED),
        ("E43 means that the flow sensor measures less.", Outcome.FAILED),
        ("The compressor has surely exploded and the house must be evacuated quickly.", Outcome.FAILED),
    ],
)
def test_a_sentence_stands_on_the_passages_or_the_answer_fails(sentence: str, outcome: Outcome) -> None:
    assert grounding.check(submission(), proposal(sentence), (E42,)) is outcome


def test_a_quote_must_be_verbatim_and_from_the_passage_it_names() -> None:
    good = Citation(E42.source, E42.section, "Open all radiator valves fully.")
    for citation, outcome in (
        (good, Outcome.PASSED),
        (replace(good, quote="Open all radiator valves."), Outcome.FAILED),
        (replace(good, section="5 E17"), Outcome.FAILED),
        (replace(good, quote=""), Outcome.FAILED),
    ):
        cited = proposal("Open all radiator valves fully.", citations=(citation,))
        assert grounding.check(submission(), cited, (E42,)) is outcome


def test_without_passages_there_is_nothing_to_be_grounded_in() -> None:
    assert grounding.check(submission(), proposal("Anything."), ()) is Outcome.NOT_APPLICABLE


def test_a_person_may_vouch_for_grounding_and_for_nothing_else() -> None:
    assert vouched(passed(grounding=Outcome.FAILED)).passed
    for check in (Check.SCHEMA, Check.LEAKS, Check.PLACEHOLDERS, Check.POLICY):
        assert not vouched(passed(**{check.value: Outcome.FAILED})).passed


# --------------------------------------------------------------------------------------------------------- schema


@pytest.mark.parametrize(
    ("arguments", "outcome"),
    [
        ('{"area":"kitchen"}', Outcome.PASSED),
        ('{"area":5}', Outcome.FAILED),
        ('{"area":', Outcome.FAILED),
        ("", Outcome.FAILED),
    ],
)
def test_arguments_must_fit_the_offered_tools_schema(arguments: str, outcome: Outcome) -> None:
    call = ToolCall("call_0", "turn_off", arguments)
    assert schema.check(with_tools("lights", LIGHTS), Proposal("", (call,)), ()) is outcome


def test_a_call_nobody_offered_and_a_missing_required_call_fail() -> None:
    stray = Proposal("", (ToolCall("call_0", "open_door", "{}"),))
    assert schema.check(with_tools("lights", LIGHTS), stray, ()) is Outcome.FAILED
    required = with_tools("lights", LIGHTS, choice=ToolChoice.REQUIRED)
    assert schema.check(required, proposal("I turned them off."), ()) is Outcome.FAILED
    none = with_tools("lights", LIGHTS, choice=ToolChoice.NONE)
    assert schema.check(none, Proposal("", (ToolCall("c", "turn_off", "{}"),)), ()) is Outcome.FAILED


@pytest.mark.parametrize(
    ("text", "asked", "outcome"),
    [
        ('{"n":1}', '{"type":"object","required":["n"]}', Outcome.PASSED),
        ('{"m":1}', '{"type":"object","required":["n"]}', Outcome.FAILED),
        ("no json", '{"type":"object"}', Outcome.FAILED),
        ('{"n":1}', '{"$ref":"http://127.0.0.1:9/schema"}', Outcome.FAILED),
        ('{"n":1}', '{"type":17}', Outcome.FAILED),
        ("1", '{"not":' * 40 + "{}" + "}" * 40, Outcome.FAILED),
    ],
)
def test_a_response_schema_is_obeyed_and_never_fetched(text: str, asked: str, outcome: Outcome) -> None:
    given: Submission = with_tools("q", schema=asked)
    assert schema.check(given, proposal(text), ()) is outcome
