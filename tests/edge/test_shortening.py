"""A long conversation before it is priced: what is private stays whole or away, and the request stays the same request."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from edge import conversation
from edge.device_key import DeviceKey
from edge.economy import KEEP_LAST
from edge.ports import House, Policy, PolicyVersion, Queued, Released, Request
from edge.shortening import budget_of, economised
from edge.summary import HEAD
from edge.turn import answer
from tests.fakes.edge_clients import http
from tests.fakes.edge_parts import FakeDispatch, FakeModel, PatternScreen, house, open_door
from tidegate.chat import JSON, Message, Prompt, Role, Tool, Usage
from tidegate.ids import ConversationId, RequestId, Ticket, TraceId

MAIL = "eve.adams@example.org"
CARD = "4556 7375 8689 9855"
POLICY = Policy(PolicyVersion("test-1"))


def talk(turns: int = 22, length: int = 2) -> tuple[Message, ...]:
    said = [Message(Role.SYSTEM, "be brief")]
    for at in range(turns):
        name = chr(97 + at) * 4
        text = f"The turn is about {name} and nothing else. " * length
        said.append(Message((Role.USER, Role.ASSISTANT)[at % 2], text))
    said[1] = Message(Role.USER, f"Write to {MAIL} about my card {CARD}. The matter is urgent.")
    return (*said, Message(Role.USER, "What about my card?"))


def request(messages: tuple[Message, ...] = talk(), **changes: object) -> Request:
    made = Request(
        Prompt(messages),
        RequestId("req_12345678"),
        ConversationId("conv_12345678"),
        TraceId("1" * 32),
        "desk",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def home(policy: Policy = POLICY, dispatch: FakeDispatch | None = None, context: int = 1000) -> House:
    ticket = Queued(Ticket("tkt_" + "a" * 32))
    return house(FakeModel(context_tokens=context), dispatch or FakeDispatch(ticket), PatternScreen(), policy)


async def test_a_conversation_that_fits_or_has_no_old_turns_is_not_touched() -> None:
    short = request(talk(4, 1))
    assert await economised(short, home()) is short
    last = request((Message(Role.USER, "x" * 5000),))
    assert await economised(last, home()) is last


async def test_old_turns_become_a_summary_and_rules_and_last_turns_stay() -> None:
    asked = request()
    found = await economised(asked, home())
    before, after = asked.prompt.messages, found.prompt.messages
    assert (after[0], after[-KEEP_LAST:]) == (before[0], before[-KEEP_LAST:])
    assert after[1].content.startswith(HEAD)
    assert found.economy is not None
    assert found.economy.tokens == sum(len(one.content) for one in after) <= 750
    assert found.economy.tokens_before == sum(len(one.content) for one in before)
    assert found.whole == asked.prompt
    assert await economised(asked, home()) == found


async def test_private_values_stand_whole_in_the_summary_here_and_as_the_same_placeholders_there() -> None:
    dispatch = FakeDispatch(Released("", (), (), "m", Usage(), "case_12345678", reviewed=False))
    made = replace(home(dispatch=dispatch), local=FakeModel(sure=0.0))
    whole = made.screen.redact(request())
    found = await economised(request(), made)
    note = found.prompt.messages[1].content
    assert CARD in note
    await answer(found, made)
    sent = [one.content.text for one in dispatch.sent[0].prompt.messages]
    assert sent[1].startswith(HEAD)
    hidden = next(one.content.text for one in whole.messages if "about my card" in one.content.text)
    assert hidden.partition("card ")[2].partition(".")[0] in sent[1]
    assert not any(part in text for text in sent for part in (*CARD.split(), MAIL))


@pytest.mark.parametrize("room", range(150, 1500, 75))
async def test_no_budget_lets_half_of_a_private_value_out(room: int) -> None:
    made = home(replace(POLICY, prompt_tokens=room))
    found = await economised(request(), made)
    redacted = made.screen.redact(found)
    left = " ".join(one.content.text for one in redacted.messages)
    assert not any(part in left for part in (*CARD.split(), "eve.adams", "example.org"))


async def test_a_forged_placeholder_in_the_talk_costs_the_shortening_and_nothing_else() -> None:
    """It cannot be put back, since nobody made it; the conversation goes on as it was told."""
    forged = replace(talk()[3], content="Matter about my card [PERSON_1·zzzz]. " * 3)
    asked = request((*talk()[:3], forged, *talk()[4:]))
    found = await economised(asked, home())
    assert found.told == asked.prompt


async def test_where_it_does_not_make_it_fit_the_cloud_reads_all_of_it_unless_a_budget_is_set() -> None:
    last = Message(Role.USER, "y" * 4000)
    asked = request((*talk(), last))
    assert await economised(asked, home()) is asked
    stated = await economised(asked, home(replace(POLICY, prompt_tokens=600)))
    assert stated.economy is not None
    assert stated.prompt.messages[-1] is last


async def test_the_budget_is_the_requests_or_the_settings_or_the_models() -> None:
    made = home()
    assert budget_of(request(), made) == 750
    assert budget_of(request(budget_tokens=200), made) == 200
    assert budget_of(request(), home(replace(POLICY, prompt_tokens=300))) == 300
    off = home(replace(POLICY, summarise=False, prompt_tokens=300))
    assert await economised(request(), off) == request()
    assert budget_of(request(budget_tokens=200), off) == 200
    assert budget_of(request(), replace(made, local=FakeModel(ready=False))) == 0


async def test_tools_are_kept_and_counted() -> None:
    asked = request()
    with_tools = replace(asked, prompt=replace(asked.prompt, tools=(Tool("pay", "pays"),)))
    assert (await economised(with_tools, home())).prompt.tools == with_tools.prompt.tools


async def test_it_stays_the_same_request_for_repeats_consent_and_late_answers() -> None:
    key = DeviceKey(b"k" * 32)
    found = await economised(request(), home())
    assert found.prompt != found.told
    assert conversation.body(key, "desk", found.told) == conversation.body(key, "desk", request().prompt)
    assert conversation.asked(key, "desk", found.told) == conversation.asked(key, "desk", request().prompt)


async def test_the_door_says_what_was_left_out_and_the_journal_keeps_it(tmp_path: Path) -> None:
    opened = open_door(tmp_path, home())
    messages: list[JSON] = [{"role": one.role, "content": one.content} for one in talk()]
    async with http(opened) as client:
        got = await client.post("/chat/completions", json={"model": "tidegate", "messages": messages})
        seen = await client.post("/tidegate/preview", json={"model": "tidegate", "messages": messages})
    assert got.status_code == 200
    assert "messages left out" in got.headers["x-tidegate-left-out"]
    assert seen.json()["left_out"] == got.headers["x-tidegate-left-out"]
    (line,) = opened.stores.journal.latest(1)
    economy = json.loads(line.decision)["economy"]
    assert economy["dropped"] == economy["summed"] > 0
    assert "card" not in line.decision
