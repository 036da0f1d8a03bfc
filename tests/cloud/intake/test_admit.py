"""The second look: proof of private text is refused, suspicion is held or admitted as configured, blindness is held."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cloud.intake.admit import Gate, IntakeRules, Response, as_json
from cloud.ports import Admission, Admitted, HoldFor, HoldReason, Refused, RejectReason, Submission
from tests.fakes.cloud_parts import PERSON, FixedDetector, calm, submission, with_tools
from tidegate.chat import Message, Prompt, Role, Tool
from tidegate.errors import Broken
from tidegate.guard.injection import Guarded
from tidegate.privacy.detect import build_detector
from tidegate.privacy.spans import Label, Span

PATTERNS = build_detector(ner=False)
NAME = FixedDetector((("Lindqvist", Span(0, 0, Label.PERSON, 0.9, "ner")),))


def admit(
    one: Submission, rules: IntakeRules | None = None, detector: FixedDetector | None = None
) -> Admission:
    return Gate(detector or PATTERNS, calm, rules or IntakeRules()).admit(one)


@pytest.mark.parametrize(
    "text",
    [
        "card 4556 7375 8689 9855 please",
        "IBAN DE89 3704 0044 0532 0130 00",
        "mail bob.smith@example.com",
        f"{PERSON} lives at 10.1.2.3 and writes to eve@example.org",
    ],
)
def test_proof_of_private_text_is_refused(text: str) -> None:
    assert admit(submission(text)) == Refused(RejectReason.NOT_REDACTED)


@pytest.mark.parametrize(
    "text", [f"{PERSON} reports E42 on her Aurelia HP-8", "error 4556 at 12:30, 1.2 bar"]
)
def test_redacted_and_harmless_text_is_admitted(text: str) -> None:
    assert isinstance(admit(submission(text)), Admitted)


def test_every_place_where_text_can_stand_is_looked_at() -> None:
    secret = "bob.smith@example.com"
    history = (Message(Role.ASSISTANT, secret), Message(Role.USER, "hello"))
    tool = Tool("send", f"writes to {secret}")
    for prompt in (
        Prompt(history),
        Prompt((Message(Role.USER, "hello"),), tools=(tool,)),
        Prompt((Message(Role.USER, "hello"),), response_schema=f'{{"title":"{secret}"}}'),
    ):
        assert admit(submission(prompt=prompt)) == Refused(RejectReason.NOT_REDACTED)


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (Response.ADMIT, Admitted(0.01)),
        (Response.HOLD, HoldFor(HoldReason.SUSPECT_INPUT)),
        (Response.REFUSE, Refused(RejectReason.NOT_REDACTED)),
    ],
)
def test_a_name_only_a_model_suspects_is_handled_as_configured(
    response: Response, expected: Admission
) -> None:
    asked = submission("Lindqvist reports E42")
    assert admit(asked, IntakeRules(on_name=response), NAME) == expected


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (Response.HOLD, HoldFor(HoldReason.SUSPECT_INPUT)),
        (Response.REFUSE, Refused(RejectReason.INJECTION)),
        (Response.ADMIT, Admitted(0.99)),
    ],
)
def test_an_attack_is_handled_as_configured(response: Response, expected: Admission) -> None:
    assert admit(submission("ATTACK"), IntakeRules(on_attack=response)) == expected


def test_an_attack_in_an_earlier_turn_counts_too() -> None:
    prompt = Prompt(
        (Message(Role.USER, "ATTACK"), Message(Role.ASSISTANT, "no"), Message(Role.USER, "thanks"))
    )
    assert admit(submission(prompt=prompt)) == HoldFor(HoldReason.SUSPECT_INPUT)


def test_sizes_are_limits() -> None:
    rules = IntakeRules(most_chars=20, most_messages=2, most_tools=1)
    assert admit(submission("x" * 21), rules) == Refused(RejectReason.TOO_LARGE)
    assert isinstance(admit(submission("x" * 20), rules), Admitted)
    many = Prompt(tuple(Message(Role.USER, "x") for _ in range(3)))
    assert admit(submission(prompt=many), rules) == Refused(RejectReason.TOO_LARGE)
    assert admit(with_tools("x", Tool("a", ""), Tool("b", "")), rules) == Refused(RejectReason.TOO_LARGE)


def test_a_request_in_which_nobody_asks_anything_is_malformed() -> None:
    for prompt in (
        Prompt((Message(Role.SYSTEM, "be kind"),)),
        Prompt((Message(Role.USER, "  "),)),
        Prompt((Message(Role.USER, "x"), Message(Role.TOOL, "result"))),
    ):
        assert admit(submission(prompt=prompt)) == Refused(RejectReason.MALFORMED)


def test_when_nobody_can_look_a_person_must() -> None:
    def blind(_: str) -> Guarded:
        raise Broken("no model", code="guard_missing")

    gate = replace(Gate(PATTERNS, calm, IntakeRules()), assess=blind)
    assert gate.admit(submission()) == HoldFor(HoldReason.SUSPECT_INPUT)


def test_a_schema_nested_without_end_is_refused_and_not_an_exception() -> None:
    deep = '{"a":' * 100 + "1" + "}" * 100
    assert admit(with_tools("x", Tool("t", "", deep))) == Refused(RejectReason.TOO_LARGE)


def test_json_is_read_by_its_values_as_the_device_read_it() -> None:
    assert as_json('{"a":["b",7]}').split() != ['{"a":["b",7]}']
    assert as_json("plain 7") == "plain 7"
