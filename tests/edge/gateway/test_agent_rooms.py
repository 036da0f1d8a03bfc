"""The agent through the door: real routes and stores, a model that follows a script, real rules."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
from starlette.types import ASGIApp

from edge.agent.run import Limits
from edge.agent.runner import Agents
from edge.agent.taint import Origin
from edge.agent.workshop import Workshop
from edge.gateway.agent_rooms import RunBody, RunLimits, said, within
from edge.gateway.server import Parts, build
from edge.owner import owner_key
from edge.ports import Answer
from tests.fakes.agents import FakeToolbox, ScriptedModel, calls, says
from tests.fakes.edge_parts import OpenDoor, open_door
from tidegate.chat import JSON, Message, Role


@dataclass
class Bench:
    """A door whose agent follows a script."""

    opened: OpenDoor
    app: ASGIApp
    toolbox: FakeToolbox
    agents: Agents
    clients: dict[str, httpx.AsyncClient] = field(default_factory=dict)

    @asynccontextmanager
    async def client(self, key: str = "") -> AsyncIterator[httpx.AsyncClient]:
        headers = {"authorization": f"Bearer {key or self.opened.api_key}"}
        transport = httpx.ASGITransport(app=self.app)
        base = "http://localhost/v1"
        async with httpx.AsyncClient(
            transport=transport, base_url=base, headers=headers, timeout=20
        ) as client:
            yield client
        await self.agents.close()


def bench(folder: Path, *script: Answer, door_approves: bool = True) -> Bench:
    opened = open_door(folder)
    parts = opened.parts
    assert parts.agent is not None
    box = FakeToolbox(does={"look": "it rains"})
    shop: Workshop = parts.agent.agents._shop
    agents = Agents(replace(shop, toolbox=box, model=ScriptedModel(script), poll_s=0.01))
    desk = replace(parts.agent, agents=agents, toolbox=box, door_approves=door_approves)
    fresh: Parts = replace(parts, agent=desk)
    return Bench(opened, build(fresh), box, agents)


def asked(text: str = "write to Ada", **more: JSON) -> dict[str, JSON]:
    return {"messages": [{"role": "user", "content": text}], "wait": 10, **more}


async def test_a_run_is_started_waited_for_and_told(tmp_path: Path) -> None:
    made = bench(tmp_path, calls("look"), says("rain"))
    async with made.client() as client:
        run = (await client.post("/tidegate/agent/runs", json=asked())).json()
        assert (run["state"], run["text"], run["pending"]) == ("done", "rain", None)
        listed = (await client.get("/tidegate/agent/runs")).json()["data"]
        assert [one["id"] for one in listed] == [run["id"]]
        assert (await client.get(f"/tidegate/agent/runs/{run['id']}")).json() == run
        tools = (await client.get("/tidegate/agent/tools")).json()["data"]
        assert [(one["name"], one["effect"]) for one in tools][-1] == ("send", "irreversible")


async def test_what_waits_is_approved_with_its_digest_and_no_other(tmp_path: Path) -> None:
    made = bench(tmp_path, calls("send", to="Ada"), says("sent"))
    async with made.client() as client:
        run = (await client.post("/tidegate/agent/runs", json=asked())).json()
        where, pending = f"/tidegate/agent/runs/{run['id']}", run["pending"]
        assert (run["state"], pending["arguments"], pending["reason"]) == (
            "waiting_person",
            {"to": "Ada"},
            "irreversible",
        )
        wrong = await client.post(f"{where}/approve", json={"digest": "0" * 64, "approve": True})
        assert (wrong.status_code, wrong.json()["error"]["code"]) == (409, "digest_mismatch")
        assert made.toolbox.done == []
        word = {"digest": pending["digest"], "approve": True, "remember": "conversation"}
        assert (await client.post(f"{where}/approve", json=word)).status_code == 200
        events = (await client.get(f"{where}/events")).text
        assert "approved_by_user" in events
        assert events.rstrip().rpartition("event: ")[2].startswith("agent.run")
        assert (await client.get(where)).json()["state"] == "done"
        grants = (await client.get("/tidegate/agent/grants")).json()["data"]
        assert [(one["scope"], one["tool"]) for one in grants] == [("conversation", "send")]
        late = await client.post(f"{where}/approve", json=word)
        assert (late.status_code, late.json()["error"]["code"]) == (409, "nothing_waits")


async def test_where_the_owner_alone_approves_an_application_may_not(tmp_path: Path) -> None:
    made = bench(tmp_path, calls("send", to="Ada"), says("sent"), door_approves=False)
    async with made.client() as client:
        run = (await client.post("/tidegate/agent/runs", json=asked())).json()
        where = f"/tidegate/agent/runs/{run['id']}/approve"
        word = {"digest": run["pending"]["digest"], "approve": True}
        assert (await client.post(where, json=word)).status_code == 403
        owner = {"authorization": f"Bearer {owner_key(made.opened.door.key)}"}
        assert (await client.post(where, json=word, headers=owner)).status_code == 200
        done = await client.get(f"/tidegate/agent/runs/{run['id']}?wait=10")
        assert done.json()["state"] == "done"


async def test_another_application_sees_nothing_of_it(tmp_path: Path) -> None:
    from edge.gateway.keys import make_key

    made = bench(tmp_path, says("done"))
    other = make_key(made.opened.stores.keys, "other", 1.0)
    async with made.client() as client:
        run = (await client.post("/tidegate/agent/runs", json=asked())).json()
        stranger = {"authorization": f"Bearer {other}"}
        for path in ("", "/events", "/cancel", "/approve"):
            url = f"/tidegate/agent/runs/{run['id']}{path}"
            body = {"digest": "x", "approve": True} if path == "/approve" else None
            method = "POST" if path in ("/cancel", "/approve") else "GET"
            assert (await client.request(method, url, json=body, headers=stranger)).status_code == 404
        assert (await client.get("/tidegate/agent/runs", headers=stranger)).json()["data"] == []


async def test_what_is_wrong_with_a_body_is_named(tmp_path: Path) -> None:
    made = bench(tmp_path, says("done"))
    async with made.client() as client:
        for body, param in (
            (asked(tools=["reboot"]), "tools"),
            (asked(outside=[7]), "outside"),
            ({"messages": [{"role": "boss"}]}, "messages[0].role"),
            (asked(limits={"steps": 0}), "limits.steps"),
            (asked(bogus=1), "bogus"),
        ):
            got = await client.post("/tidegate/agent/runs", json=body)
            assert got.json()["error"]["param"] == param
            assert got.status_code in (400, 404)


async def test_a_chat_completion_may_use_the_devices_tools(tmp_path: Path) -> None:
    made = bench(tmp_path, calls("look"), says("it rains"), calls("send", to="Ada"))
    chat: dict[str, JSON] = {
        "model": "tidegate",
        "messages": [{"role": "user", "content": "what is the weather"}],
        "tidegate": {"tools": "device"},
    }
    async with made.client() as client:
        found = (await client.post("/chat/completions", json=chat)).json()
        assert found["choices"][0]["message"]["content"] == "it rains"
        agent = found["tidegate"]["agent"]
        assert (agent["state"], agent["steps"][0]["tool"]) == ("done", "look")
        waits = (await client.post("/chat/completions", json={**chat, "stream": True})).text
        last = json.loads(waits.split("data: ")[-2])
        assert last["tidegate"]["agent"]["pending"]["tool"] == "send"
        both = {**chat, "tools": [{"type": "function", "function": {"name": "x"}}]}
        assert (await client.post("/chat/completions", json=both)).json()["error"]["param"] == "tidegate"
    assert [name for name, _, _ in made.toolbox.done] == ["look"]


def test_who_wrote_a_message_follows_from_its_role_and_what_was_read_before() -> None:
    talk = (
        Message(Role.SYSTEM, "rules"),
        Message(Role.USER, "question"),
        Message(Role.ASSISTANT, "first"),
        Message(Role.TOOL, "result", tool_call_id="a"),
        Message(Role.ASSISTANT, "second"),
        Message(Role.USER, "a passage"),
    )
    found = said(talk, frozenset({5}))
    assert found[0].origins == {Origin.OPERATOR}
    assert Origin.OUTSIDE not in found[2].origins
    assert Origin.OUTSIDE in found[4].origins
    assert not found[5].text.trusted


def test_an_application_may_ask_for_less_and_never_for_more() -> None:
    most = Limits(steps=5, seconds=10, tokens=100, escalations=2)
    assert within(most, RunLimits()) == most
    assert within(most, RunLimits(steps=9, seconds=99, tokens=999, escalations=9)) == most
    assert within(most, RunLimits(escalations=0)).escalations == 0
    assert RunBody.__struct_config__.forbid_unknown_fields
