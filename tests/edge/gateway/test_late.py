"""Late answers at the door: told in words before the next answer, in the body, once; pulled as often as asked."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
import pytest

from edge.ports import LateAnswer, LateState, RejectReason, Request
from edge.routing.plan import Why
from tests.fakes.edge_parts import FakeModel, house, open_door, say
from tidegate.clock import FixedClock
from tidegate.ids import ConversationId, RequestId, Ticket, TraceId

CLOCK = FixedClock(1_790_000_300.0)
TICKET = Ticket("tkt_" + "a" * 32)
LATE = LateAnswer(
    ticket=TICKET,
    request_id=RequestId("req_00000001"),
    conversation=ConversationId("conv_00000001"),
    trace=TraceId("1" * 32),
    why=Why.UNSURE,
    state=LateState.ANSWERED,
    asked_at=1_790_000_000.0,
    answered_at=1_790_000_200.0,
    text="the refund is on its way",
    reviewed=True,
)


@dataclass
class FakeLate:
    answer: LateAnswer | None = LATE
    claimed: set[str] = field(default_factory=set)
    named: list[bool] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)

    def due(self, request: Request, *, named: bool) -> tuple[LateAnswer, ...]:
        self.named.append(named)
        return (self.answer,) if self.answer is not None and self.answer.ticket not in self.claimed else ()

    def claim(self, ticket: Ticket) -> bool:
        won = ticket not in self.claimed
        self.claimed.add(ticket)
        return won

    def claim_request(self, request_id: RequestId) -> bool:
        return False

    def withdraw(self, ticket: Ticket) -> None:
        return None

    async def collect(self, ticket: Ticket, application: str, wait_s: float) -> LateAnswer | None:
        self.waited.append(wait_s)
        return self.answer if self.answer is not None and ticket == self.answer.ticket else None

    def pending(self, application: str) -> tuple[LateAnswer, ...]:
        return (self.answer,) if self.answer is not None else ()


def opened(folder: Path, late: FakeLate) -> httpx.AsyncClient:
    door = open_door(folder, house(FakeModel(say("it is noon"))), late=late, clock=CLOCK)
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=door.app),
        base_url="http://localhost/v1",
        headers={"authorization": f"Bearer {door.api_key}"},
    )


BODY = {"model": "tidegate", "messages": [{"role": "user", "content": "and now?"}]}


async def test_it_is_told_once_before_the_next_answer(tmp_path: Path) -> None:
    async with opened(tmp_path, FakeLate()) as client:
        first = (await client.post("/chat/completions", json=BODY)).json()
        second = (await client.post("/chat/completions", json=BODY)).json()
    assert first["choices"][0]["message"]["content"] == (
        "[Late answer to your question of 5 minutes ago] the refund is on its way\n\nit is noon"
    )
    assert first["tidegate"]["late"][0]["ticket"] == TICKET
    assert second["choices"][0]["message"]["content"] == "it is noon"
    assert "late" not in second["tidegate"]


async def test_a_stream_tells_it_too(tmp_path: Path) -> None:
    async with opened(tmp_path, FakeLate()) as client:
        got = await client.post("/chat/completions", json={**BODY, "stream": True})
    parts = [json.loads(line[6:]) for line in got.text.splitlines() if line.startswith("data: {")]
    text = "".join(part["choices"][0]["delta"].get("content", "") for part in parts)
    assert text.endswith("the refund is on its way\n\nit is noon")
    assert parts[-1]["tidegate"]["late"][0]["state"] == "answered"


async def test_a_json_answer_stays_json_and_tells_it_in_the_body(tmp_path: Path) -> None:
    async with opened(tmp_path, FakeLate()) as client:
        wanted = {**BODY, "response_format": {"type": "json_object"}}
        got = (await client.post("/chat/completions", json=wanted)).json()
    assert got["choices"][0]["message"]["content"] == "it is noon"
    assert got["tidegate"]["late"][0]["completion"]["choices"][0]["message"]["content"] == LATE.text


async def test_whether_the_application_named_its_conversation_is_passed_on(tmp_path: Path) -> None:
    late = FakeLate()
    async with opened(tmp_path, late) as client:
        await client.post("/chat/completions", json=BODY)
        await client.post("/chat/completions", json=BODY, headers={"x-tidegate-conversation": "kitchen"})
    assert late.named == [False, True]


async def test_a_ticket_is_pulled_as_often_as_asked(tmp_path: Path) -> None:
    late = FakeLate()
    async with opened(tmp_path, late) as client:
        one = (await client.get(f"/tidegate/answers/{TICKET}?wait=25")).json()
        two = (await client.get(f"/tidegate/answers/{TICKET}")).json()
    assert one == two
    assert (one["state"], one["reviewed"]) == ("answered", True)
    assert one["completion"]["object"] == "chat.completion"
    assert one["completion"]["id"] == "chatcmpl-00000001"
    assert late.waited == [25.0, 0.0]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (replace(LATE, state=LateState.WAITING), "safe in the spool"),
        (replace(LATE, state=LateState.HELD), "waiting for a person"),
        (replace(LATE, state=LateState.REFUSED, reject=RejectReason.REVIEWER), "a reviewer declined"),
        (replace(LATE, state=LateState.EXPIRED), "within its life"),
        (replace(LATE, state=LateState.UNTRUSTED), "proof failed"),
    ],
)
async def test_every_state_is_told_in_words_and_without_a_completion(
    tmp_path: Path, answer: LateAnswer, words: str
) -> None:
    async with opened(tmp_path, FakeLate(answer)) as client:
        got = (await client.get(f"/tidegate/answers/{TICKET}")).json()
        listed = (await client.get("/tidegate/answers")).json()
    assert words in got["message"]
    assert got["completion"] is None
    assert listed["data"][0]["state"] == answer.state


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("tkt_unknown1", 404),
        ("x", 400),
        (f"{TICKET}?wait=9999", 400),
        (f"{TICKET}?wait=soon", 400),
        (f"{TICKET}?wait=nan", 400),
    ],
)
async def test_a_wrong_ticket_or_wait_is_told(tmp_path: Path, path: str, status: int) -> None:
    async with opened(tmp_path, FakeLate()) as client:
        assert (await client.get(f"/tidegate/answers/{path}")).status_code == status
