"""Answers in the documents' words; a model only where only a model can answer."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from cloud.answer.choose import Choice
from cloud.answer.knowledge import addressee, compose
from cloud.knowledge.ingest import MANUALS, read_folder
from cloud.ports import Passage
from tests.fakes.calibrations import measured
from tests.fakes.cloud_parts import ASKS_E42, PERSON, submission, with_tools
from tidegate.chat import Prompt, Tool, ToolCall, ToolChoice
from tidegate.engines.port import Draft, Finish, TokenScore
from tidegate.privacy.placeholders import make

E42 = next(
    Passage(s.source, s.title, s.text, 1.0) for s in read_folder(MANUALS) if s.title.startswith("7 E42")
)
LIGHTS = Tool("turn_off", "", '{"type":"object","properties":{"area":{"type":"string"}}}')


@dataclass
class OneDraft:
    """An engine that says one thing."""

    draft: Draft
    asked: int = 0
    model: str = "cloud-test"
    digest: str = "11" * 32
    context_tokens: int = 2048

    async def generate(self, prompt: Prompt) -> Draft:
        self.asked += 1
        return self.draft

    async def close(self) -> None:
        self.asked = 0


def test_what_do_we_answer_gets_a_reply_addressed_by_placeholder_in_quoted_words() -> None:
    proposal = compose(ASKS_E42, (E42,), "ab")
    assert proposal is not None
    assert f"Dear {PERSON}," in proposal.text
    assert "E42 means that the flow sensor measures less than 12 litres per minute" in proposal.text
    assert "4. Clean the water filter in the return pipe." in proposal.text
    assert all(citation.quote in E42.text for citation in proposal.citations)
    assert {c.section for c in proposal.citations} == {E42.section}


def test_a_plain_question_gets_no_letter() -> None:
    proposal = compose("What does E42 mean?", (E42,), "ab")
    assert proposal is not None
    assert "Dear" not in proposal.text
    assert "What the customer can do first:\n1. Open all radiator valves fully." in proposal.text


def test_without_passages_there_is_no_answer() -> None:
    assert compose(ASKS_E42, (), "ab") is None


def test_the_letter_goes_to_the_customer_and_not_to_whoever_is_named_first() -> None:
    second = make("PERSON", 2, "k3f")
    assert addressee(f"{PERSON} writes that customer {second} reports E42") == second
    assert addressee("nobody is named") == ""


def test_the_same_question_always_gets_the_same_answer() -> None:
    assert compose(ASKS_E42, (E42,), "ab") == compose(ASKS_E42, (E42,), "ab")


async def test_offered_tools_are_answered_by_the_model() -> None:
    call = ToolCall("call_0", "turn_off", '{"area":"kitchen"}')
    engine = OneDraft(Draft("", (call,), Finish.TOOL_CALLS))
    proposal = await Choice(engine, "ab").propose(with_tools("lights off in the kitchen", LIGHTS), ())
    assert proposal is not None
    assert (proposal.tool_calls, proposal.model) == ((call,), "cloud-test")


async def test_a_not_for_me_is_believed_and_the_documents_are_asked() -> None:
    engine = OneDraft(Draft("", finish=Finish.PASS))
    choice = Choice(engine, "ab")
    asked = await choice.propose(with_tools("what does E42 mean?", LIGHTS), (E42,))
    assert asked is not None
    assert asked.citations
    assert await choice.propose(with_tools("sing me a song", LIGHTS), ()) is None


async def test_a_required_call_is_never_replaced_by_prose() -> None:
    engine = OneDraft(Draft("", finish=Finish.PASS))
    required = with_tools("what does E42 mean?", LIGHTS, choice=ToolChoice.REQUIRED)
    assert await Choice(engine, "ab").propose(required, (E42,)) is None
    assert await Choice(None, "ab").propose(required, (E42,)) is None


async def test_a_cut_off_draft_is_no_answer() -> None:
    engine = OneDraft(Draft("half of a", finish=Finish.LENGTH))
    assert await Choice(engine, "ab", speaks=True).propose(submission("tell me more"), ()) is None


async def test_only_a_model_that_speaks_is_asked_for_prose() -> None:
    engine = OneDraft(Draft("The sea is blue."))
    assert await Choice(engine, "ab").propose(submission("tell me of the sea"), ()) is None
    assert engine.asked == 0
    spoken = await Choice(replace(engine), "ab", speaks=True).propose(submission("tell me of the sea"), ())
    assert spoken is not None
    assert spoken.text == "The sea is blue."


@pytest.mark.parametrize(("keep_at", "unsure"), [(0.5, False), (1.01, True)])
async def test_a_call_that_the_models_own_calibration_would_not_keep_is_marked_unsure(
    keep_at: float, unsure: bool
) -> None:
    call = ToolCall("c1", "turn_off", '{"area": "kitchen"}')
    engine = OneDraft(Draft("", (call,), Finish.TOOL_CALLS, (TokenScore("x", -0.1),)))
    asked, made = with_tools("lights off in the kitchen", LIGHTS), measured(keep_at)
    proposal = await Choice(engine, "ab", calibrated={engine.digest: made}.get).propose(asked, ())
    assert proposal is not None
    assert proposal.unsure is unsure
    unknown = await Choice(engine, "ab", calibrated={"ff": made}.get).propose(asked, ())
    assert unknown is not None
    assert not unknown.unsure  # nobody measured these weights
