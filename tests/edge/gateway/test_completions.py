"""The older completions endpoint, as the `openai` SDK sees it; behind it is the turn that chat takes."""

from __future__ import annotations

from pathlib import Path

import openai
import pytest

from edge.ports import Queued, Rejected, RejectReason
from tests.fakes.edge_clients import http, sdk
from tests.fakes.edge_parts import FakeDispatch, FakeModel, house, open_door
from tidegate.chat import JSON, Message, Role
from tidegate.engines.port import Draft, Finish, TokenScore
from tidegate.ids import Ticket

TICKET = Ticket("tkt_" + "a" * 32)


async def test_a_prompt_is_one_user_turn(tmp_path: Path) -> None:
    model = FakeModel()
    async with sdk(open_door(tmp_path, house(model))) as client:
        found = await client.completions.create(
            model="tidegate", prompt="what time is it", seed=4, stop=["x"]
        )
    assert (found.object, found.choices[0].text, found.choices[0].finish_reason) == (
        "text_completion",
        "it is noon",
        "stop",
    )
    assert found.id.startswith("cmpl-")
    assert found.usage is not None
    assert found.usage.total_tokens == 10
    assert model.asked[0].messages == (Message(Role.USER, "what time is it"),)
    assert (model.asked[0].seed, model.asked[0].stop) == (4, ("x",))


async def test_several_prompts_and_choices_come_in_order(tmp_path: Path) -> None:
    model = FakeModel()
    async with sdk(open_door(tmp_path, house(model))) as client:
        found = await client.completions.create(model="tidegate", prompt=["a", "b"], n=2, echo=True)
    assert [(one.index, one.text) for one in found.choices] == [
        (0, "ait is noon"),
        (1, "ait is noon"),
        (2, "bit is noon"),
        (3, "bit is noon"),
    ]
    assert sorted((p.messages[0].content, p.seed) for p in model.asked) == [
        ("a", 0),
        ("a", 1),
        ("b", 0),
        ("b", 1),
    ]


async def test_a_stream_is_the_same_answer_in_pieces(tmp_path: Path) -> None:
    async with sdk(
        open_door(tmp_path, house(FakeModel(Draft("so it is " * 20, finish=Finish.STOP))))
    ) as client:
        stream = await client.completions.create(
            model="tidegate", prompt="a", stream=True, echo=True, stream_options={"include_usage": True}
        )
        chunks = [chunk async for chunk in stream]
    assert "".join(chunk.choices[0].text for chunk in chunks if chunk.choices) == "a" + "so it is " * 20
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].usage is not None


async def test_logprobs_have_their_places(tmp_path: Path) -> None:
    tokens = (TokenScore("it ", -0.1, top=(("it ", -0.1), ("so ", -2.5))), TokenScore("is", -0.2))
    async with sdk(open_door(tmp_path, house(FakeModel(Draft("it is", tokens=tokens))))) as client:
        found = await client.completions.create(model="tidegate", prompt="a", logprobs=2)
        without = await client.completions.create(model="tidegate", prompt="a")
    scores = found.choices[0].logprobs
    assert scores is not None
    assert (scores.tokens, scores.text_offset, scores.token_logprobs) == (["it ", "is"], [0, 3], [-0.1, -0.2])
    assert scores.top_logprobs == [{"it ": -0.1, "so ": -2.5}, {}]
    assert without.choices[0].logprobs is None


async def test_it_is_the_same_turn_with_its_headers_journal_and_redaction(tmp_path: Path) -> None:
    dispatch = FakeDispatch(Queued(TICKET))
    door = open_door(tmp_path, house(FakeModel(sure=0.1), dispatch))
    async with http(door) as client:
        got = await client.post("/completions", json={"model": "tidegate", "prompt": "mail eve@example.org"})
    assert got.headers["x-tidegate-state"] == got.json()["tidegate"]["state"] == "degraded"
    assert got.headers["x-tidegate-ticket"] == TICKET
    assert "eve@example.org" not in str(dispatch.sent[0].prompt.messages[0].content)
    assert [line.why for line in door.stores.journal.latest(5)] == ["unsure"]


async def test_a_rejection_is_an_error(tmp_path: Path) -> None:
    made = house(FakeModel(sure=0.1), FakeDispatch(Rejected(RejectReason.POLICY)))
    async with sdk(open_door(tmp_path, made)) as client:
        with pytest.raises(openai.PermissionDeniedError) as told:
            await client.completions.create(model="tidegate", prompt="a")
    assert told.value.code == "content_policy"


@pytest.mark.parametrize(
    ("more", "param", "code"),
    [
        ({"prompt": []}, "prompt", "invalid_parameter"),
        ({"prompt": [1, 2]}, "prompt", "unsupported_content"),
        ({"prompt": [[1, 2]]}, "prompt", "unsupported_content"),
        ({"prompt": ["a"] * 9}, "prompt", "invalid_parameter"),
        ({"prompt": ["a"] * 3, "n": 3}, "prompt", "invalid_parameter"),
        ({"suffix": "x"}, "suffix", "unsupported_parameter"),
        ({"best_of": 2}, "best_of", "unsupported_parameter"),
        ({"echo": True, "logprobs": 1}, "echo", "unsupported_parameter"),
        ({"logprobs": 6}, "logprobs", "invalid_parameter"),
        ({"messages": []}, "messages", "unknown_parameter"),
    ],
)
async def test_what_is_wrong_is_named(tmp_path: Path, more: dict[str, JSON], param: str, code: str) -> None:
    async with http(open_door(tmp_path)) as client:
        got = await client.post("/completions", json={"model": "tidegate", "prompt": "a", **more})
    error = got.json()["error"]
    assert (got.status_code, error["param"], error["code"]) == (400, param, code)


@pytest.mark.parametrize(
    "more", [{"best_of": 1}, {"suffix": None, "user": "u"}, {"prompt": ""}, {"logit_bias": {"5": 1}}]
)
async def test_what_real_clients_send_is_taken(tmp_path: Path, more: dict[str, JSON]) -> None:
    async with http(open_door(tmp_path)) as client:
        got = await client.post("/completions", json={"model": "tidegate", "prompt": "a", **more})
    assert got.status_code == 200
