"""What was said long ago in its own words: whole sentences, in their order, within a bound, the same each time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge.summary import HEAD, summary
from tidegate.chat import Message, Role, ToolCall

TALK = [
    Message(Role.USER, "Hello there. My boiler is an Aurelia HP-8 from 2019. It is in the cellar."),
    Message(Role.ASSISTANT, "Thank you. What does the display show?"),
    Message(Role.USER, "It shows error E42. The pressure is 0.4 bar."),
    Message(Role.ASSISTANT, "Well. Well. That is that."),
    Message(Role.ASSISTANT, "", tool_calls=(ToolCall("c", "read_meter", "{}"),)),
    Message(Role.TOOL, "pressure 0.4\nflow 12", tool_call_id="c", name="read_meter"),
]


def said(most: int, question: str = "why is the pressure low?") -> str:
    return summary(TALK, [one.content for one in TALK], question, most)


def test_everything_is_told_where_there_is_room_for_it() -> None:
    assert said(10_000).splitlines() == [
        HEAD,
        "user: Hello there. My boiler is an Aurelia HP-8 from 2019. It is in the cellar.",
        "assistant: Thank you. What does the display show?",
        "user: It shows error E42. The pressure is 0.4 bar.",
        "assistant: Well. That is that.",
        "assistant: [called read_meter]",
        "read_meter gave: flow 12",
    ]


def test_what_bears_on_the_question_and_what_the_person_said_comes_first() -> None:
    short = said(len(HEAD) + 60)
    assert "pressure" in short
    assert "That is that" not in said(250)
    assert "E42" in said(250)


def test_where_nothing_fits_nothing_is_said() -> None:
    assert said(len(HEAD) + 5) == ""
    assert summary([], [], "why?", 1000) == ""


def test_a_summary_of_a_summary_has_one_head() -> None:
    first = said(200)
    again = summary([Message(Role.USER, first)], [first], "", 1000)
    assert again.count(HEAD) == 1


words = st.text(alphabet="abc .!?\n19ö", max_size=80)


@given(st.lists(words, max_size=12), st.integers(0, 400), words)
def test_it_is_bounded_repeatable_and_says_nothing_that_was_not_said(
    texts: list[str], most: int, question: str
) -> None:
    messages = [Message(Role.USER, text) for text in texts]
    found = summary(messages, texts, question, most)
    assert len(found) <= max(most, 0)
    assert found == summary(messages, texts, question, most)
    for line in found.splitlines()[1:]:
        assert set(line.removeprefix("user: ").split()) <= {word for text in texts for word in text.split()}
