"""The memory as applications meet it: named conversations, responses by id, both tiers, deletion, and nobody else's eyes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import openai
import pytest

from edge.alone import NoLate
from edge.gateway.keys import make_key
from edge.memory.desk import Memory
from edge.owner import owner_key
from edge.ports import LateAnswer, LateState, Queued, Released, RequestId, Source
from edge.routing.plan import Why
from tests.fakes.edge_clients import http, sdk
from tests.fakes.edge_parts import FakeDispatch, FakeModel, OpenDoor, PatternScreen, house, open_door, say
from tidegate.chat import JSON, Role, Usage
from tidegate.clock import SystemClock
from tidegate.ids import ConversationId, Ticket, TraceId

CLOUD = Released("the cloud says hello", (), (), "cloud-1", Usage(1, 1), "case_1")
CARD = "4111 1111 1111 1111"


@dataclass
class World:
    door: OpenDoor
    model: FakeModel
    dispatch: FakeDispatch
    screen: PatternScreen

    @property
    def memory(self) -> Memory:
        assert self.door.door.memory is not None
        return self.door.door.memory

    def other(self) -> OpenDoor:
        """The same door, for another application."""
        return replace(self.door, api_key=make_key(self.door.stores.keys, "other", 1.0))

    def owner(self) -> OpenDoor:
        return replace(self.door, api_key=owner_key(self.door.door.key))


def world(
    folder: Path, *, remembers: tuple[str, ...] = ("tests", "other"), late: NoLate | None = None
) -> World:
    model, dispatch, screen = FakeModel(), FakeDispatch(CLOUD), PatternScreen()
    door = open_door(folder, house(model, dispatch, screen), remembers=remembers, late=late)
    return World(door, model, dispatch, screen)


def asked(text: str) -> dict[str, JSON]:
    return {"model": "tidegate", "messages": [{"role": "user", "content": text}]}


async def chat(client: httpx.AsyncClient, text: str, **headers: str) -> httpx.Response:
    got = await client.post("/chat/completions", json=asked(text), headers=headers)
    assert got.status_code == 200, got.text
    return got


NAMED = {"x-tidegate-conversation": "kitchen"}


async def test_a_named_conversation_goes_on_from_the_new_turn_alone(tmp_path: Path) -> None:
    here = world(tmp_path)
    async with http(here.door, **NAMED) as client:
        await chat(client, "my dog is called Rex")
        await chat(client, "what is my dog called")
    assert [m.content for m in here.model.asked[-1].messages] == [
        "my dog is called Rex",
        "it is noon",
        "what is my dog called",
    ]


async def test_several_prompts_of_one_call_keep_their_own_words(tmp_path: Path) -> None:
    here = world(tmp_path)
    async with http(here.door, **NAMED) as client:
        got = await client.post("/completions", json={"model": "tidegate", "prompt": ["one", "two"]})
        assert got.status_code == 200
    assert sorted(prompt.messages[-1].content for prompt in here.model.asked) == ["one", "two"]


async def test_a_client_that_sends_everything_is_believed_and_nothing_stands_twice(tmp_path: Path) -> None:
    here = world(tmp_path)
    async with http(here.door, **NAMED) as client:
        await chat(client, "one")
        body = asked("one")
        body["messages"] = [
            {"role": "user", "content": "one"},
            {"role": "assistant", "content": "it is noon"},
            {"role": "user", "content": "two"},
        ]
        await client.post("/chat/completions", json=body)
        await chat(client, "three")
    assert [m.content for m in here.model.asked[1].messages] == ["one", "it is noon", "two"]
    assert [m.content for m in here.model.asked[2].messages if m.role is Role.USER] == ["one", "two", "three"]


async def test_conversations_that_nobody_named_never_mix(tmp_path: Path) -> None:
    here = world(tmp_path)
    async with http(here.door) as client:
        await chat(client, "hello")
        await chat(client, "hello")
        listed = (await client.get("/tidegate/conversations")).json()["data"]
    assert all(len(prompt.messages) == 1 for prompt in here.model.asked)
    assert listed == []


async def test_nothing_is_remembered_of_an_application_that_was_not_named(tmp_path: Path) -> None:
    here = world(tmp_path, remembers=())
    async with http(here.door, **NAMED) as client:
        await chat(client, "one")
        await chat(client, "two")
    assert len(here.model.asked[-1].messages) == 1
    assert here.memory.conversations("") == ()
    client_ = sdk(here.door)
    made = await client_.responses.create(model="tidegate", input="hi")
    assert made.model_dump()["store"] is False
    with pytest.raises(openai.BadRequestError) as off:
        await client_.responses.create(model="tidegate", input="and", previous_response_id=made.id)
    assert off.value.code == "memory_off"
    with pytest.raises(openai.BadRequestError):
        await client_.responses.create(model="tidegate", input="and", conversation="c")


async def test_what_the_device_said_is_known_to_the_cloud_and_the_reverse(tmp_path: Path) -> None:
    here = world(tmp_path)
    async with http(here.door, **NAMED) as client:
        await chat(client, f"my card is {CARD}")  # answered here
        here.model.sure = 0.1
        await chat(client, "is it a good one")  # escalated: the cloud reads the whole conversation
        here.model.sure = 0.9
        await chat(client, "and what did we say")  # answered here again
    told = [message.content.text for message in here.dispatch.sent[0].prompt.messages]
    assert len(told) == 3
    assert told[1:] == ["it is noon", "is it a good one"]
    assert CARD not in told[0]
    assert "[CREDIT_CARD_1" in told[0]
    assert [m.content for m in here.model.asked[-1].messages][-2:] == [
        "the cloud says hello",
        "and what did we say",
    ]


async def test_nothing_remembered_leaves_unredacted(tmp_path: Path) -> None:
    secrets = [CARD, "eve.adams@example.org", "DE89 3704 0044 0532 0130 00", "10.20.30.40"]
    here = world(tmp_path)
    async with http(here.door, **NAMED) as client:
        for secret in secrets:
            here.model.draft = say(f"I noted {secret}")  # the answer holds it too
            await chat(client, f"please note {secret}")
        here.model.sure = 0.1
        await chat(client, "now tell the cloud")
    (sent,) = here.dispatch.sent
    left = " ".join(message.content.text for message in sent.prompt.messages)
    assert left.count("please note") == len(secrets)
    for secret in secrets:
        assert secret not in left
        assert secret.replace(" ", "") not in left


async def test_an_idempotent_retry_reads_what_its_first_try_read(tmp_path: Path) -> None:
    here = world(tmp_path)
    async with http(here.door, **NAMED) as client:
        await chat(client, "one")
        await chat(client, "two", **{"idempotency-key": "k"})
        await chat(client, "three")
        await chat(client, "two", **{"idempotency-key": "k"})
        await chat(client, "four")
    assert here.model.asked[3].messages == here.model.asked[1].messages
    assert [m.content for m in here.model.asked[4].messages if m.role is Role.USER] == [
        "one",
        "two",
        "three",
        "four",
    ]


async def test_a_response_goes_on_from_the_one_before_it_and_instructions_do_not(tmp_path: Path) -> None:
    here = world(tmp_path)
    client = sdk(here.door)
    first = await client.responses.create(model="tidegate", input="hello", instructions="be brief")
    second = await client.responses.create(model="tidegate", input="and", previous_response_id=first.id)
    await client.responses.create(model="tidegate", input="or", previous_response_id=first.id)
    assert first.model_dump()["store"] is True
    assert second.previous_response_id == first.id
    assert [m.content for m in here.model.asked[0].messages] == ["be brief", "hello"]
    assert [m.content for m in here.model.asked[1].messages] == ["hello", "it is noon", "and"]
    assert [m.content for m in here.model.asked[2].messages] == ["hello", "it is noon", "or"]  # a branch
    assert len({found.id for found in here.memory.conversations("tests")}) == 1


async def test_two_responses_that_begin_alike_are_two_conversations(tmp_path: Path) -> None:
    here = world(tmp_path)
    client = sdk(here.door)
    for _ in range(2):
        await client.responses.create(model="tidegate", input="hello")
    assert len(here.memory.conversations("tests")) == 2


async def test_a_response_can_be_had_again_and_deleted(tmp_path: Path) -> None:
    here = world(tmp_path)
    client = sdk(here.door)
    made = await client.responses.create(model="tidegate", input="hello", metadata={"a": "b"})
    again = await client.responses.retrieve(made.id)
    assert again.output_text == made.output_text == "it is noon"
    assert again.metadata == {"a": "b"}
    await client.responses.delete(made.id)
    with pytest.raises(openai.NotFoundError) as gone:
        await client.responses.retrieve(made.id)
    assert gone.value.code == "response_not_found"
    with pytest.raises(openai.BadRequestError) as unknown:
        await client.responses.create(model="tidegate", input="x", previous_response_id=made.id)
    assert unknown.value.code == "previous_response_not_found"
    assert len(here.screen.forgotten) == 1


async def test_a_response_that_streams_is_remembered_like_any_other(tmp_path: Path) -> None:
    here = world(tmp_path)
    client = sdk(here.door)
    async with client.responses.stream(model="tidegate", input="hello") as stream:
        made = await stream.get_final_response()
    assert (await client.responses.retrieve(made.id)).output_text == "it is noon"


async def test_store_false_leaves_nothing(tmp_path: Path) -> None:
    here = world(tmp_path)
    client = sdk(here.door)
    made = await client.responses.create(model="tidegate", input="hello", store=False)
    assert made.model_dump()["store"] is False
    async with http(here.door, **NAMED) as plain:
        await plain.post("/chat/completions", json={**asked("off the record"), "store": False})
    assert here.memory.conversations("") == ()


async def test_a_named_conversation_of_responses_and_both_names_at_once(tmp_path: Path) -> None:
    here = world(tmp_path)
    client = sdk(here.door)
    made = await client.responses.create(model="tidegate", input="one", conversation="c1")
    assert made.conversation is not None
    assert made.conversation.id == "c1"
    await client.responses.create(model="tidegate", input="two", conversation={"id": "c1"})
    assert [m.content for m in here.model.asked[-1].messages] == ["one", "it is noon", "two"]
    with pytest.raises(openai.BadRequestError) as both:
        await client.responses.create(
            model="tidegate", input="x", conversation="c1", previous_response_id=made.id
        )
    assert both.value.param == "conversation"


async def test_application_a_never_reads_application_bs(tmp_path: Path) -> None:
    here = world(tmp_path)
    async with http(here.door, **NAMED) as mine, http(here.other(), **NAMED) as theirs:
        got = await chat(mine, "my secret is 42")
        which = got.json()["tidegate"]["conversation"]
        await chat(theirs, "what is the secret")
        assert len(here.model.asked[-1].messages) == 1  # the same name, another application
        assert (await theirs.get(f"/tidegate/conversations/{which}")).status_code == 404
        assert (await theirs.delete(f"/tidegate/conversations/{which}")).status_code == 404
        assert [one["id"] for one in (await theirs.get("/tidegate/conversations")).json()["data"]] != [which]
        made = await mine.post("/responses", json={"model": "tidegate", "input": "hi"})
        name = made.json()["id"]
        stolen = await theirs.post(
            "/responses", json={"model": "tidegate", "input": "x", "previous_response_id": name}
        )
        assert stolen.json()["error"]["code"] == "previous_response_not_found"
        taken = await theirs.post(
            "/responses", json={"model": "tidegate", "input": "x", "conversation": which}
        )
        assert taken.status_code == 200
        assert len(here.model.asked[-1].messages) == 1  # a name like any other
        assert (await theirs.get(f"/responses/{name}")).status_code == 404
        assert (await theirs.delete(f"/responses/{name}")).status_code == 404
        assert (await mine.get(f"/tidegate/conversations/{which}")).json()["turns"][0]["sent"][0][
            "content"
        ] == ("my secret is 42")


def on_disk(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.glob("*.db*"))


async def test_deleting_a_conversation_forgets_its_placeholders_too(tmp_path: Path) -> None:
    here = world(tmp_path)
    stores = here.door.stores
    async with http(here.door, **NAMED) as client:
        which = ConversationId((await chat(client, "one")).json()["tidegate"]["conversation"])
        stores.vaults.put(which, b"sealed" * 50, 1.0)
        gone = await client.delete(f"/tidegate/conversations/{which}")
        assert gone.json() == {
            "object": "tidegate.conversation.deleted",
            "id": which,
            "deleted": True,
            "turns": 1,
        }
        assert (await client.delete(f"/tidegate/conversations/{which}")).status_code == 404
        await chat(client, "two")
    assert stores.vaults.get(which) is None
    assert b"sealedsealed" not in on_disk(tmp_path)  # overwritten, in the log too
    assert here.screen.forgotten == [which]
    assert len(here.model.asked[-1].messages) == 1


async def test_the_owner_sees_and_deletes_all_and_a_guess_does_not(tmp_path: Path) -> None:
    here = world(tmp_path)
    async with http(here.door, **NAMED) as mine, http(here.owner()) as owner:
        which = (await chat(mine, "one")).json()["tidegate"]["conversation"]
        assert [one["id"] for one in (await owner.get("/tidegate/conversations")).json()["data"]] == [which]
        assert (await owner.delete(f"/tidegate/conversations/{which}")).status_code == 200
        assert (
            await owner.post("/chat/completions", json=asked("x"))
        ).status_code == 401  # not an application
    async with http(replace(here.door, api_key="tgo_" + hashlib.sha256(b"x").hexdigest())) as guess:
        assert (await guess.get("/tidegate/conversations")).status_code == 401


class LateOnce(NoLate):
    """One ticket, answered when it is told to be."""

    def __init__(self) -> None:
        self.text = ""

    async def collect(self, ticket: Ticket, application: str, wait_s: float) -> LateAnswer | None:
        return LateAnswer(
            ticket,
            RequestId("req_late0001"),
            ConversationId("conv_x"),
            TraceId("0" * 31 + "1"),
            Why.UNSURE,
            LateState.ANSWERED if self.text else LateState.WAITING,
            1.0,
            text=self.text,
        )


async def test_an_answer_that_came_late_is_part_of_the_conversation(tmp_path: Path) -> None:
    late = LateOnce()
    here = world(tmp_path, late=late)
    here.model.ready, here.dispatch.delivery = False, Queued(Ticket("tkt_00000001"))
    async with http(here.door, **NAMED) as client:
        await chat(client, "one")
        await chat(client, "two")
        assert [m.content.text for m in here.dispatch.sent[-1].prompt.messages] == ["two"]
        late.text = "the late answer"
        await chat(client, "three")
    told = [m.content.text for m in here.dispatch.sent[-1].prompt.messages]
    assert told == ["one", "the late answer", "two", "the late answer", "three"]
    (conversation,) = here.memory.conversations("tests")
    turns = await here.memory.turns("tests", conversation.id)
    assert turns[0].source is Source.CLOUD


async def test_what_has_had_its_time_is_deleted(tmp_path: Path) -> None:
    here = world(tmp_path)
    async with http(here.door, **NAMED) as client:
        await chat(client, "one")
    now = SystemClock().now()
    assert here.memory.tidy(now) == 0
    later = replace(here.memory, keeping=replace(here.memory.keeping, keep_s=-1.0))
    assert later.tidy(now) == 1
    assert here.memory.conversations("") == ()
    assert len(here.screen.forgotten) == 1
