"""What stays when a conversation is too long to be priced."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from edge.agent.economy import HEAD_CHARS, KEEP_LAST, trim
from tidegate.chat import Message, Role, ToolCall

SYSTEM = Message(Role.SYSTEM, "rules " * 10)
QUESTION = Message(Role.USER, "what is in all these files?")


def size(messages: Sequence[Message]) -> int:
    return sum(len(one.content) + 10 for one in messages)


def exchange(at: int, length: int = 1000) -> list[Message]:
    call = Message(Role.ASSISTANT, "", tool_calls=(ToolCall(f"c{at}", "read", "{}"),))
    return [call, Message(Role.TOOL, f"{at} " * (length // 2), tool_call_id=f"c{at}")]


LONG = [SYSTEM, QUESTION, *(one for at in range(10) for one in exchange(at))]


def test_what_fits_is_not_touched() -> None:
    for budget in (0, size(LONG)):
        found = trim(LONG, budget, size)
        assert list(found.messages) == LONG
        assert not found.changed


def test_old_results_shrink_first_and_nothing_is_left_out() -> None:
    found = trim(LONG, size(LONG) - 2000, size)
    assert found.dropped == 0
    assert 0 < found.shortened < 7
    assert found.tokens <= size(LONG) - 2000 < found.tokens_before
    shorter = found.messages[3].content
    assert shorter.startswith("0 0")
    assert shorter.endswith("characters]")
    assert str(HEAD_CHARS) in shorter


def test_then_old_exchanges_go_a_call_with_its_result() -> None:
    found = trim(LONG, 4500, size)
    assert found.dropped % 2 == 0
    assert found.dropped > 0
    assert found.messages[0] is SYSTEM
    assert found.messages[1] is QUESTION
    assert found.tokens <= 4500
    assert list(found.messages[-KEEP_LAST:]) == LONG[-KEEP_LAST:]


def test_what_must_stay_stays_even_when_it_does_not_fit() -> None:
    found = trim(LONG, 1, size)
    assert found.messages[:2] == (SYSTEM, QUESTION)
    assert found.messages[2:] == tuple(LONG[-KEEP_LAST:])


turns = st.lists(
    st.sampled_from([Role.USER, Role.ASSISTANT, Role.SYSTEM, Role.TOOL]).flatmap(
        lambda role: st.integers(0, 900).map(lambda size: Message(role, "x" * size))
    ),
    max_size=30,
)


@given(turns, st.integers(0, 8000))
def test_whatever_was_said_rules_question_and_last_turns_stay_in_order(
    messages: list[Message], budget: int
) -> None:
    found = trim(messages, budget, size)
    assert list(found.kept) == sorted(set(found.kept))
    kept = [messages[place] for place in found.kept]
    assert [one.role for one in kept] == [one.role for one in found.messages]
    assert all(one in found.messages for one in messages if one.role is Role.SYSTEM)
    assert list(found.messages[-KEEP_LAST:]) == messages[-KEEP_LAST:]
    users = [one for one in messages if one.role is Role.USER]
    assert not users or users[-1] in found.messages
    assert found.tokens == size(found.messages) <= found.tokens_before == size(messages)
    if found.dropped:  # no result is left without the turn before it
        for before, after in zip(found.kept, found.kept[1:], strict=False):
            if messages[after].role is Role.TOOL:
                assert after == before + 1
