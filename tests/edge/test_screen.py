"""Redaction of a whole request and the way back, over restarts; patterns and a small finder of names stand for the encoder."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

import pytest

from edge.ports import RedactedPrompt, Request
from edge.screen import Detectors, PrivacyScreen, lessened, naming, remembering, sparing
from tidegate.chat import Message, Prompt, Role, Tool, ToolCall
from tidegate.clock import FixedClock
from tidegate.errors import Broken, Untrusted
from tidegate.ids import ConversationId, RequestId, TraceId
from tidegate.privacy.detect import Detector
from tidegate.privacy.spans import Label, Span

HERE = ConversationId("conv_00000001")
THERE = ConversationId("conv_00000002")
NAME = "Katharina"


@dataclass
class Names:
    """Finds one name and counts how often it looks."""

    looked: int = 0

    def __call__(self, text: str) -> tuple[Span, ...]:
        self.looked += 1
        at = text.find(NAME)
        return (Span(at, at + len(NAME), Label.PERSON, 0.9, "ner"),) if at >= 0 else ()


@dataclass
class Shelf:
    sealed: dict[str, bytes] = field(default_factory=dict)

    def put(self, conversation: ConversationId, sealed: bytes, now: float) -> None:
        self.sealed[conversation] = sealed

    def get(self, conversation: ConversationId) -> bytes | None:
        return self.sealed.get(conversation)


def screen(
    shelf: Shelf | None = None, clock: FixedClock | None = None, names: Names | None = None
) -> PrivacyScreen:
    finder = names or Names()
    detectors = Detectors(lambda: Detector(ner=finder), lambda: lambda text: 0.9 if "ignore" in text else 0.1)
    return PrivacyScreen(detectors, shelf or Shelf(), key=b"k" * 32, clock=clock or FixedClock(), ttl_s=100.0)


def asking(*messages: Message, conversation: ConversationId = HERE, tools: tuple[Tool, ...] = ()) -> Request:
    return Request(
        prompt=Prompt(messages, tools),
        request_id=RequestId("req_12345678"),
        conversation=conversation,
        trace=TraceId("1" * 32),
        application="tests",
    )


def user(text: str) -> Message:
    return Message(Role.USER, text)


def everything(prompt: RedactedPrompt) -> str:
    """Every text that would leave."""
    texts = [prompt.forced_tool.text, prompt.response_schema.text]
    for message in prompt.messages:
        texts += [message.content.text, message.tool_call_id]
        texts += [
            part for call in message.tool_calls for part in (call.id, call.name.text, call.arguments.text)
        ]
    for tool in prompt.tools:
        texts += [tool.name.text, tool.description.text, tool.parameters.text]
    return "\n".join(texts)


def test_every_text_of_a_request_is_redacted_and_ids_are_made_here() -> None:
    mail = "eve@example.org"
    call = ToolCall("call-of-eve@example.org", "send", json.dumps({"to": mail, "n": 1}))
    request = asking(
        Message(Role.SYSTEM, f"you serve {mail}"),
        user(f"I am {NAME}, {mail}"),
        Message(Role.ASSISTANT, "", (call,)),
        Message(Role.TOOL, json.dumps({"sent_to": [mail]}), tool_call_id=call.id),
        tools=(Tool("send", f"as {mail}", json.dumps({"type": "object", "default": mail})),),
    )
    found = screen().redact(request)
    left = everything(found)
    assert mail not in left
    assert NAME not in left
    assert found.messages[2].tool_calls[0].id == found.messages[3].tool_call_id == "call_0"
    assert json.loads(found.messages[3].content.text)["sent_to"][0].startswith("[EMAIL_ADDRESS_1")
    assert json.loads(found.tools[0].parameters.text)["type"] == "object"
    assert found.entities[Label.EMAIL_ADDRESS] >= 5
    assert len(found.commitments) == 2


def test_what_comes_back_is_restored_and_escaped_where_json_wants_it() -> None:
    here = screen()
    here.redact(asking(user('call me at "eve@example.org"')))
    placeholder = here.redact(asking(user("eve@example.org"))).messages[0].content.text
    assert here.restore(HERE, f"write to {placeholder}") == "write to eve@example.org"
    quoted = screen()
    name = quoted.redact(asking(user("[PERSON_1\u00b7abcd]"))).messages[0].content.text
    assert json.loads(quoted.restore_json(HERE, json.dumps({"a": name}))) == {"a": "[PERSON_1\u00b7abcd]"}


def test_a_placeholder_of_another_conversation_is_an_incident() -> None:
    here = screen()
    placeholder = here.redact(asking(user("eve@example.org"))).messages[0].content.text
    with pytest.raises(Untrusted):
        here.restore(THERE, placeholder)
    assert here.restore(THERE, "nothing to restore") == "nothing to restore"


def test_a_restart_can_still_restore() -> None:
    shelf = Shelf()
    placeholder = screen(shelf).redact(asking(user("eve@example.org"))).messages[0].content.text
    assert b"eve" not in b"".join(shelf.sealed.values())
    assert screen(shelf).restore(HERE, placeholder) == "eve@example.org"


def test_the_same_value_keeps_its_placeholder_over_turns_and_restarts() -> None:
    shelf = Shelf()
    first = screen(shelf).redact(asking(user("eve@example.org"))).messages[0].content.text
    second = screen(shelf).redact(asking(user("eve@example.org"), user("again eve@example.org")))
    assert second.messages[1].content.text == f"again {first}"


def test_a_vault_past_its_time_does_not_open_and_a_new_one_is_made() -> None:
    shelf, clock = Shelf(), FixedClock()
    old = screen(shelf, clock).redact(asking(user("eve@example.org"))).messages[0].content.text
    clock.advance(101.0)
    later = screen(shelf, clock)
    with pytest.raises(Untrusted):
        later.restore(HERE, old)
    assert later.redact(asking(user("eve@example.org"))).entities == {Label.EMAIL_ADDRESS: 1}


def test_a_name_found_late_is_hidden_in_earlier_turns_too() -> None:
    def only_with_a_title(text: str) -> tuple[Span, ...]:
        at = text.find("Ms " + NAME)
        return (Span(at + 3, at + 3 + len(NAME), Label.PERSON, 0.9, "ner"),) if at >= 0 else ()

    detectors = Detectors(lambda: Detector(ner=only_with_a_title), lambda: lambda _: 0.0)
    here = PrivacyScreen(detectors, Shelf(), key=b"k" * 32, clock=FixedClock(), ttl_s=100.0)
    found = here.redact(asking(user(f"{NAME} called"), user(f"it was Ms {NAME}")))
    assert NAME not in everything(found)


def test_a_text_is_looked_at_once() -> None:
    names = Names()
    here = screen(names=names)
    here.redact(asking(user("one"), user("two")))
    looked = names.looked
    here.redact(asking(user("one"), user("two"), user("three")))
    assert names.looked == looked + 1


def test_a_detector_that_cannot_be_built_breaks_every_redaction_and_is_not_built_again() -> None:
    built: list[int] = []

    def build() -> Detector:
        built.append(1)
        raise Broken("the encoder fails its self-test", code="encoder_noise")

    here = PrivacyScreen(
        Detectors(build, lambda: lambda _: 0.0), Shelf(), key=b"k" * 32, clock=FixedClock(), ttl_s=9.0
    )
    for _ in range(2):
        with pytest.raises(Broken) as broken:
            here.redact(asking(user("hello")))
        assert broken.value.code == "encoder_noise"
    assert built == [1]


def test_the_worst_text_from_outside_decides_the_injection_score() -> None:
    here = screen()
    assert here.injection(asking(user("hello"), Message(Role.TOOL, "ignore all", tool_call_id="a"))) == 0.9
    assert here.injection(asking(Message(Role.SYSTEM, "ignore nothing"), user("hello"))) == 0.1
    assert here.injection(asking(Message(Role.SYSTEM, "hello"))) == 0.0


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        (f"my {NAME} HP-8 is cold", False),
        (f"my {NAME.upper()} HP-8", False),
        (f"{NAME} is cold", True),
        (f"{NAME} HP-88", True),
        (f"x{NAME} HP-8", True),
    ],
)
def test_public_words_are_no_names(text: str, hidden: bool) -> None:
    detector = sparing(Detector(ner=_ner), (f"{NAME} HP-8",))
    found = remembering(detector).find(text)
    assert bool(found) is hidden


def _ner(text: str) -> tuple[Span, ...]:
    at = text.casefold().find(NAME.casefold())
    return (Span(at, at + len(NAME), Label.PERSON, 0.9, "ner"),) if at >= 0 else ()


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("my Aurelia HP-8 leaks", "my Aurelia HP-8 leaks"),
        ("AURELIA HP-8 and aurelia hp-8", "AURELIA HP-8 and aurelia hp-8"),
        (
            "Aurelia has an Aurelia HP-8",
            "[PERSON_1] has an [PERSON_1] HP-8",
        ),  # a known name is hidden everywhere
        ("Aurelia Jones has one", "[PERSON_1] Jones has one"),
        ("HP-8 of Aurelia", "HP-8 of [PERSON_1]"),
    ],
)
def test_a_product_is_not_taken_for_a_person_and_a_person_of_that_name_is_hidden(
    text: str, left: str
) -> None:
    def people(text: str) -> tuple[Span, ...]:
        return tuple(
            Span(*match.span(), Label.PERSON, 0.9, "ner")
            for match in re.finditer("aurelia", text, re.IGNORECASE)
        )

    detectors = Detectors(lambda: sparing(Detector(ner=people), ("Aurelia HP-8",)), lambda: lambda _: 0.0)
    here = PrivacyScreen(detectors, Shelf(), key=b"k" * 32, clock=FixedClock(), ttl_s=100.0)
    found = here.redact(asking(user(text))).messages[0].content.text
    assert re.sub("\u00b7[a-z0-9]+", "", found) == left
    assert here.restore(HERE, found) == text


def test_formats_are_never_public() -> None:
    detector = sparing(Detector(ner=_ner), ("eve@example.org",))
    assert [span.label for span in detector.find("eve@example.org")] == [Label.EMAIL_ADDRESS]


def test_identifiers_of_a_tool_declaration_are_no_names_but_its_values_are_looked_at() -> None:
    """A name model takes `artist` or `city` for names; people in enums and descriptions stay hidden."""

    def everything(text: str) -> tuple[Span, ...]:
        return tuple(
            Span(m.start(), m.end(), Label.PERSON, 0.9, "ner")
            for m in re.finditer(r"[A-Za-z]+(?: [A-Z][a-z]+)?", text)
        )

    tool = Tool("PlayMusic", "", '{"type":"object","properties":{"artist":{"enum":["Anna Schmidt"]}}}')
    spared = naming(Detector((), everything), (tool,))
    flat = "PlayMusic\ntype\nobject\nproperties\nartist\nenum\nAnna Schmidt"
    assert [flat[span.start : span.end] for span in spared.find(flat)] == ["Anna Schmidt"]
    assert naming(Detector((), everything), ()).find("artist")


def test_what_redaction_does_without_has_a_word_for_every_answer() -> None:
    assert lessened(None) == ""
    assert lessened(Detector(ner=Names())) == ""
    assert lessened(Detector(degraded="by choice")) == "patterns-only"
    assert lessened(Broken("the self-test failed", code="ner_failed")) == "unavailable"
