"""The memory of a real daemon with a real wire: what leaves is searched for planted secrets; the owner's commands work beside it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import httpx
import pytest

from edge.config import Door, EdgeConfig, Memory, Mode, Model, Rules, Uplink
from tests.fakes import daemon
from tests.fakes.cloud import FakeCloud, Site, serving
from tidegate.cli import run as tidegate
from tidegate.wire.v1 import escalation_pb2 as pb

SECRETS = (
    "4111 1111 1111 1111",
    "eve.adams@example.org",
    "DE89 3704 0044 0532 0130 00",
    "10.20.30.40",
    "sk-aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5",
)
NAMED = {"x-tidegate-conversation": "kitchen"}


def echo(message: pb.Escalation) -> str:
    """The cloud repeats what it was told, placeholders and all: so the answers hold the secrets too."""
    return "you said: " + message.messages[-1].content


async def chat(client: httpx.AsyncClient, text: str) -> str:
    body = {"model": "tidegate", "messages": [{"role": "user", "content": text}]}
    got = await client.post("/chat/completions", json=body, headers=NAMED)
    assert got.status_code == 200, got.text
    return str(got.json()["choices"][0]["message"]["content"])


def command(*words: str) -> int:
    return tidegate(["edge", "conversations", *words], {})


async def test_the_canary_and_a_deletion_in_the_running_daemon(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = Site(tmp_path / "site")
    cloud = FakeCloud(site, say=echo)
    async with serving(cloud) as address:
        config = EdgeConfig(
            state=tmp_path / "state",
            door=Door(port=0, deadline_s=10.0),
            model=Model(enabled=False),
            policy=Rules(names=False),
            memory=Memory(applications=("default",)),
            uplink=Uplink(address=address, identity=site.folder / "device"),
        )
        living = await asyncio.to_thread(daemon.start, config)
        headers = {"authorization": f"Bearer {living.api_key}"}
        at = ("--state", str(config.state))
        async with httpx.AsyncClient(
            base_url=living.url, headers=headers, trust_env=False, timeout=20
        ) as client:
            for secret in SECRETS:
                assert secret in await chat(client, f"note {secret} please")
            last = pb.Escalation.FromString(cloud.seen[-1])
            assert len(last.messages) == 2 * len(SECRETS) - 1  # the whole conversation travelled
            assert command("list", *at) == 0
            (line,) = [json.loads(row) for row in capsys.readouterr().out.splitlines()]
            assert (line["application"], line["turns"]) == ("default", len(SECRETS))
            assert await asyncio.to_thread(command, "delete", line["id"], *at) == 0
            assert json.loads(capsys.readouterr().out)["turns"] == len(SECRETS)
            assert command("list", *at) == 0
            assert capsys.readouterr().out == ""

            await chat(client, f"note {SECRETS[0]} please")
            after = pb.Escalation.FromString(cloud.seen[-1])
            assert len(after.messages) == 1
            assert (
                after.messages[0].content != last.messages[0].content
            )  # other placeholders: the vault is gone
        assert await asyncio.to_thread(living.stop) == 0
    left = b"\n".join(cloud.seen)
    for secret in SECRETS:
        assert secret.encode() not in left
        assert secret.replace(" ", "").encode() not in left
    on_disk = b"".join(path.read_bytes() for path in config.state.glob("memory.db*"))
    assert not [secret for secret in SECRETS if secret.encode() in on_disk]


def test_the_owner_shows_exports_and_deletes_without_a_daemon(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = EdgeConfig(
        state=tmp_path / "state",
        mode=Mode.LOCAL_ONLY,
        door=Door(port=0),
        model=Model(enabled=False),
        memory=Memory(applications=("*",)),
    )
    living = daemon.start(config)
    assert living.stop() == 0
    which = _remembered(config)
    at = ("--state", str(config.state))
    assert command("show", which, *at) == 0
    shown = json.loads(capsys.readouterr().out)
    assert [turn["sent"][0]["content"] for turn in shown["turns"]] == ["what is the time"]
    out = tmp_path / "all.jsonl"
    assert command("export", "--out", str(out), *at) == 0
    capsys.readouterr()
    assert json.loads(out.read_text())["id"] == which
    assert out.stat().st_mode & 0o777 == 0o600
    assert command("export", "--application", "another", *at) == 0
    assert capsys.readouterr().out == ""
    assert command("delete", which, *at) == 0
    assert json.loads(capsys.readouterr().out)["deleted"] is True
    assert command("delete", which, *at) == 2
    assert command("show", which, *at) == 2
    assert "remembers no such conversation" in capsys.readouterr().err


def _remembered(config: EdgeConfig) -> str:
    """One turn, written beside no daemon."""
    from edge import device_key
    from edge.memory.rules import Turn, TurnId
    from edge.stores import open_stores
    from tidegate.chat import Message, Role
    from tidegate.ids import ConversationId

    stores = open_stores(config, device_key.load_or_make(config.state))
    which = ConversationId("conv_" + "a" * 32)
    said = (Message(Role.USER, "what is the time"),)
    stores.memory.put(Turn(TurnId("req_1"), "chat", which, TurnId(""), 1.0, said))
    stores.close()
    return which
