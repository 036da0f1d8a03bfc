"""What stands before a new turn, and what is kept of it: the rules, as tables."""

from __future__ import annotations

import pytest

from edge.memory.rules import (
    Conversation,
    Keeping,
    Thread,
    Turn,
    TurnId,
    joined,
    line_to,
    news,
    past,
    said,
    sends_all,
    turn_of,
)
from tidegate.chat import Message, Role, ToolCall
from tidegate.ids import ConversationId

SYSTEM, OTHER = Message(Role.SYSTEM, "be brief"), Message(Role.SYSTEM, "be kind")
Q1, A1 = Message(Role.USER, "first"), Message(Role.ASSISTANT, "one")
Q2, A2 = Message(Role.USER, "second"), Message(Role.ASSISTANT, "two")
RESULT = Message(Role.TOOL, "42", tool_call_id="c1")
CALLED = Message(Role.ASSISTANT, "", (ToolCall("c1", "f", "{}"),))
CONVERSATION = ConversationId("conv_" + "0" * 32)


def turn(
    name: str, parent: str = "", *, sent: tuple[Message, ...] = (Q1,), reply: Message | None = A1
) -> Turn:
    return Turn(TurnId(name), "app", CONVERSATION, TurnId(parent), 1.0, sent, reply)


@pytest.mark.parametrize(
    ("history", "sent", "read"),
    [
        ((), (Q1,), (Q1,)),
        ((), (Q1, SYSTEM, Q2), (Q1, SYSTEM, Q2)),
        ((Q1, A1), (Q2,), (Q1, A1, Q2)),
        ((Q1, A1), (SYSTEM, Q2), (SYSTEM, Q1, A1, Q2)),
        ((SYSTEM, Q1, A1), (Q2,), (SYSTEM, Q1, A1, Q2)),  # the conversation's own system turn goes on
        ((SYSTEM, Q1, A1), (OTHER, Q2), (OTHER, Q1, A1, Q2)),  # unless the new turn brings another
        ((Q1, CALLED), (RESULT,), (Q1, CALLED, RESULT)),
    ],
)
def test_history_stands_before_what_was_sent_and_after_its_system_turn(
    history: tuple[Message, ...], sent: tuple[Message, ...], read: tuple[Message, ...]
) -> None:
    assert joined(history, sent) == read


def test_a_client_that_sends_what_the_assistant_said_carries_the_conversation_itself() -> None:
    assert sends_all((Q1, A1, Q2))
    assert not sends_all((SYSTEM, Q1))


@pytest.mark.parametrize(
    ("sent", "thread", "first", "new"),
    [
        ((Q1,), Thread(), True, (Q1,)),
        ((Q1, A1, Q2), Thread(), True, (Q1, A1, Q2)),  # nothing is known yet: all of it is new
        ((Q1, A1, Q2), Thread(), False, (Q2,)),
        ((SYSTEM, Q1, A1, Q2), Thread(), False, (Q2,)),
        ((SYSTEM, Q2), Thread(instructed=True), False, (Q2,)),  # instructions are for one turn
        ((RESULT,), Thread(previous="resp_1"), False, (RESULT,)),
    ],
)
def test_what_is_new_in_a_request(
    sent: tuple[Message, ...], thread: Thread, first: bool, new: tuple[Message, ...]
) -> None:
    assert news(sent, thread, first=first) == new


def test_a_line_follows_predecessors_and_not_sisters() -> None:
    turns = {one.id: one for one in (turn("a"), turn("b", "a"), turn("c", "a"), turn("d", "c"))}
    assert [one.id for one in line_to(turns, TurnId("d"), 9)] == ["a", "c", "d"]
    assert [one.id for one in line_to(turns, TurnId("d"), 2)] == ["c", "d"]
    del turns[TurnId("c")]
    assert [one.id for one in line_to(turns, TurnId("d"), 9)] == ["d"]
    assert line_to(turns, TurnId("unknown"), 9) == ()


def test_a_circle_ends() -> None:
    turns = {one.id: one for one in (turn("a", "b"), turn("b", "a"))}
    assert len(line_to(turns, TurnId("a"), 500)) == 2


def test_a_question_without_an_answer_is_left_out() -> None:
    assert said((turn("a"), turn("b", "a", sent=(Q2,), reply=None))) == (Q1, A1)
    assert said((turn("a"), turn("b", "a", sent=(Q2,), reply=A2))) == (Q1, A1, Q2, A2)


@pytest.mark.parametrize(
    ("given", "found"),
    [("resp_12ab", "req_12ab"), ("resp_", ""), ("req_12ab", ""), ("", ""), ("chatcmpl-12ab", "")],
)
def test_a_response_is_known_by_its_id_alone(given: str, found: str) -> None:
    assert turn_of(given) == found


def test_what_rested_too_long_or_is_one_too_many_goes() -> None:
    def one(name: str, application: str, last: float) -> Conversation:
        return Conversation(ConversationId(name), application, 1, 0.0, last)

    known = (one("new", "a", 90.0), one("mid", "a", 80.0), one("old", "a", 5.0), one("only", "b", 50.0))
    keeping = Keeping(frozenset({"a"}), keep_s=60.0, conversations=1)
    assert {conversation.id for conversation in past(known, keeping, 100.0)} == {"mid", "old"}


def test_nobody_is_covered_unless_named_and_a_star_covers_all() -> None:
    assert not Keeping().covers("chat")
    assert Keeping(frozenset({"chat"})).covers("chat")
    assert not Keeping(frozenset({"chat"})).covers("cha")
    assert Keeping(frozenset({"*"})).covers("anything")
