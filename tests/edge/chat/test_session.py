"""The chat against a real door: answers as they come, consent, commands, exit codes, and a history only when asked."""

from __future__ import annotations

import io
import json
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient

from edge.chat.session import ANSWERED, FAILED, NEEDS_CONSENT, WAITS, Chat, History, Screen
from edge.chat.talk import Talk, Wish
from edge.ports import Held, HoldReason, House, Policy, PolicyVersion, Released
from edge.routing.mode import Mode, Modes
from tests.fakes.edge_parts import FakeDispatch, FakeModel, house, open_door
from tidegate.chat import Usage
from tidegate.clock import FixedClock
from tidegate.engines.port import Draft, Finish
from tidegate.errors import BadRequest, Unreachable
from tidegate.ids import Ticket

MAIL = "write to eve.adams@example.org please"
REPLY = Released("from afar", (), (), "cloud-1", Usage(1, 1), "case_12345678")


@dataclass
class Terminal:
    chat: Chat
    out: io.StringIO = field(default_factory=io.StringIO)
    beside: io.StringIO = field(default_factory=io.StringIO)


def terminal(
    folder: Path, made: House, *, agree: Callable[[str], bool] | None = None, history: Path | None = None
) -> Terminal:
    door = open_door(folder, made, encode=lambda what: what.prompt.messages[-1].content.text.encode())
    client = TestClient(
        door.app, base_url="http://localhost/v1/", headers={"authorization": f"Bearer {door.api_key}"}
    )
    clock = FixedClock()
    numbers = iter(range(9))

    def fresh() -> Talk:
        return Talk(client, clock, f"chat {next(numbers)}")

    out, beside = io.StringIO(), io.StringIO()
    return Terminal(Chat(fresh(), Screen(out, beside), History(history, clock), fresh, agree), out, beside)


def at(mode: Mode, sure: float = 0.9) -> tuple[House, FakeDispatch]:
    dispatch = FakeDispatch(REPLY)
    return house(
        FakeModel(sure=sure), dispatch, policy=Policy(PolicyVersion("t"), modes=Modes(mode))
    ), dispatch


def test_a_question_is_answered_and_a_line_says_from_where(tmp_path: Path) -> None:
    one = terminal(tmp_path, at(Mode.PREFER_LOCAL)[0])
    assert one.chat.once("what time is it") == ANSWERED
    assert one.out.getvalue() == "it is noon\n"
    assert one.beside.getvalue().startswith("this device (90 % sure) · nothing left")


def test_the_next_question_carries_the_conversation_and_a_new_one_does_not(tmp_path: Path) -> None:
    model = FakeModel(sure=0.9)
    one = terminal(tmp_path, house(model, FakeDispatch(REPLY)))
    one.chat.lines(iter(["first", "second", "/new", "third", "/quit", "never"]))
    assert [len(prompt.messages) for prompt in model.asked] == [1, 3, 1]
    assert "never" not in [prompt.last_user() for prompt in model.asked]


def test_where_somebody_must_agree_the_person_sees_it_first(tmp_path: Path) -> None:
    made, dispatch = at(Mode.ASK, sure=0.1)
    asked: list[str] = []
    one = terminal(tmp_path, made, agree=lambda question: bool(asked.append(question)) or True)
    one.chat.lines(iter([MAIL]))
    assert len(asked) == len(dispatch.sent) == 1
    assert "from afar" in one.out.getvalue()
    assert "1 e-mail address replaced" in one.beside.getvalue()
    assert "eve.adams" not in one.beside.getvalue()


def test_a_person_who_says_no_keeps_it_here(tmp_path: Path) -> None:
    made, dispatch = at(Mode.ASK, sure=0.1)
    one = terminal(tmp_path, made, agree=lambda _: False)
    one.chat.lines(iter([MAIL, "/local-only on", MAIL]))
    assert dispatch.sent == []
    assert one.out.getvalue() == "it is noon\n"
    assert "its best guess" in one.beside.getvalue()


def test_a_pipe_where_nobody_can_be_asked_ends_with_its_own_code(tmp_path: Path) -> None:
    made, dispatch = at(Mode.ASK, sure=0.1)
    one = terminal(tmp_path, made)
    assert one.chat.once(MAIL) == NEEDS_CONSENT
    assert (one.out.getvalue(), dispatch.sent) == ("", [])
    assert "nobody has agreed" in one.beside.getvalue()


def test_an_answer_that_comes_later_and_none_at_all_have_codes_of_their_own(tmp_path: Path) -> None:
    held = FakeDispatch(Held(Ticket("tkt_" + "a" * 32), HoldReason.POLICY))
    one = terminal(tmp_path / "held", house(FakeModel(sure=0.1), held))
    assert one.chat.once("what time is it") == WAITS
    assert "ticket tkt_" in one.beside.getvalue()
    passing = FakeModel(Draft("", finish=Finish.PASS))
    policy = Policy(PolicyVersion("t"), modes=Modes(Mode.LOCAL_ONLY))
    none = terminal(tmp_path / "none", house(passing, FakeDispatch(REPLY), policy=policy))
    assert none.chat.once("what time is it") == FAILED


@pytest.fixture(autouse=True)
def folders(tmp_path: Path) -> None:
    for name in ("held", "none"):
        (tmp_path / name).mkdir()


def test_a_preview_asks_nothing(tmp_path: Path) -> None:
    made, dispatch = at(Mode.PREFER_CLOUD)
    one = terminal(tmp_path, made)
    one.chat.lines(iter(["/preview " + MAIL, "/preview"]))
    said = one.beside.getvalue()
    assert "escalate (preferred)" in said
    assert "EMAIL_ADDRESS" in said
    assert "/preview TEXT" in said
    assert (one.out.getvalue(), dispatch.sent) == ("", [])


def test_commands_say_what_they_do(tmp_path: Path) -> None:
    one = terminal(tmp_path, at(Mode.PREFER_LOCAL)[0])
    one.chat.lines(iter(["/help", "/tickets", "/review", "/wat", ""]))
    said = one.beside.getvalue()
    for words in ("/local-only on|off", "nothing waits", "a person looks first: on", "no such command"):
        assert words in said


def test_a_history_is_kept_only_where_it_was_asked_for_and_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    one = terminal(tmp_path, at(Mode.PREFER_LOCAL)[0], history=file)
    one.chat.once("what time is it")
    assert json.loads(file.read_text())["answer"] == "it is noon"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_what_the_door_refuses_is_told_and_the_conversation_goes_on(tmp_path: Path) -> None:
    one = terminal(tmp_path, at(Mode.PREFER_LOCAL)[0])
    one.chat.talk.client.headers["authorization"] = "Bearer tg_wrong"
    with pytest.raises(BadRequest, match="not known here"):
        one.chat.once("what time is it")
    one.chat.lines(iter(["what time is it", "/help"]))
    assert "/quit" in one.beside.getvalue()


def test_a_daemon_that_is_gone_is_told_as_such() -> None:
    clock = FixedClock()
    client = httpx.Client(base_url="http://127.0.0.1:9/v1/", trust_env=False)
    with pytest.raises(Unreachable, match="edge run"):
        Talk(client, clock, "chat").ask("hi", Wish(), print)
