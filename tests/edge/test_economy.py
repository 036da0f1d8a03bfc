"""What stays when a conversation is too long to be priced."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from edge.economy import HEAD_CHARS, KEEP_LAST, least, trim
from edge.summary import HEAD
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
    assert found.economy.dropped == 0
    assert 0 < found.economy.shortened < 7
    assert found.economy.tokens <= size(LONG) - 2000 < found.economy.tokens_before
    shorter = found.messages[3].content
    assert shorter.startswith("0 0")
    assert shorter.endswith("characters]")
    assert len(shorter) < HEAD_CHARS + 50


def test_then_old_exchanges_go_a_call_with_its_result_and_a_summary_stands_for_them() -> None:
    found = trim(LONG, 4500, size)
    assert found.economy.dropped % 2 == 0
    assert found.economy.dropped == found.economy.summed > 0
    assert found.messages[:2] == (SYSTEM, QUESTION)
    note = found.messages[2]
    assert (note.role, note.tool_calls) == (
        Role.ASSISTANT,
        (),
    )  # behind the person's question, and never a system's
    assert note.content.startswith(HEAD)
    assert "[called read]" in note.content
    assert found.economy.tokens == size(found.messages) <= 4500
    assert list(found.messages[-KEEP_LAST:]) == LONG[-KEEP_LAST:]


def test_what_must_stay_stays_even_when_it_does_not_fit() -> None:
    found = trim(LONG, 1, size)
    assert found.messages == (SYSTEM, QUESTION, *LONG[-KEEP_LAST:])
    assert found.economy.summed == 0


def test_between_answers_the_summary_is_told_by_the_person() -> None:
    talk = [Message((Role.USER, Role.ASSISTANT)[at % 2], f"word{at} says a thing. " * 20) for at in range(13)]
    found = trim(talk, size(talk) // 2, size)
    assert found.messages[0].role is Role.USER
    assert found.messages[0].content.startswith(HEAD)


def test_what_is_quoted_is_what_may_be_quoted() -> None:
    """A card number stands whole in the texts given for quoting, as its placeholder: no part of it comes into the shorter prompt."""
    card = "4556 7375 8689 9855"
    messages = [
        *exchange(0)[:1],
        Message(Role.TOOL, f"{'x ' * 75}{card} {'y ' * 200}", tool_call_id="c0"),
        *LONG,
    ]
    texts = [one.content.replace(card, "[CREDIT_CARD_1·abcd]") for one in messages]
    for budget in range(1000, size(messages), 300):
        said = " ".join(
            one.content for one in trim(messages, budget, size, texts).messages if one not in messages
        )
        assert not any(part in said for part in card.split())


def test_few_measures_are_enough_for_a_long_conversation() -> None:
    asked: list[int] = []

    def measured(messages: Sequence[Message]) -> int:
        asked.append(len(messages))
        return size(messages)

    many = [SYSTEM, QUESTION, *(one for at in range(500) for one in exchange(at, 100))]
    trim(many, 5000, measured)
    assert len(asked) < 40


@given(st.integers(0, 50), st.integers(0, 60))
def test_the_least_that_is_enough_is_found(most: int, wanted: int) -> None:
    assert least(most, lambda many: many >= wanted) == min(most, wanted)


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
    notes = [one for one in found.messages if one.content.startswith(HEAD)]
    assert len(notes) == bool(found.economy.summed)
    assert all(one in found.messages for one in messages if one.role is Role.SYSTEM)
    assert list(found.messages[-KEEP_LAST:]) == messages[-KEEP_LAST:]
    users = [one for one in messages if one.role is Role.USER]
    assert not users or users[-1] in found.messages
    assert found.economy.tokens == size(found.messages)
    assert found.economy.tokens <= found.economy.tokens_before == size(messages)
    assert len(found.messages) == len(messages) - found.economy.dropped + len(notes)
    assert trim(messages, budget, size) == found
