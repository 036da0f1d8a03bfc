"""What the chat reads and says: commands, and one line about each answer."""

from __future__ import annotations

import pytest

from edge.chat.said import Input, Word, about, left, parse, switched, would_leave
from edge.chat.talk import Asks, Left, Told


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("what time is it", Input(Word.QUESTION, "what time is it")),
        ("  spaced  ", Input(Word.QUESTION, "spaced")),
        ("", Input(Word.NOTHING)),
        ("/quit", Input(Word.QUIT)),
        ("/EXIT", Input(Word.QUIT)),
        ("/local-only on", Input(Word.LOCAL_ONLY, "on")),
        ("/preview mail eve", Input(Word.PREVIEW, "mail eve")),
        ("/?", Input(Word.HELP)),
        ("/nonsense", Input(Word.UNKNOWN)),
        ("//etc is a folder", Input(Word.QUESTION, "/etc is a folder")),
    ],
)
def test_a_line_is_a_question_or_a_command(line: str, found: Input) -> None:
    assert parse(line) == found


@pytest.mark.parametrize(
    ("now", "rest", "then"), [(False, "", True), (True, "", False), (False, "off", False), (True, "ON", True)]
)
def test_a_switch_turns_or_is_set(now: bool, rest: str, then: bool) -> None:
    assert switched(now, rest) is then


def told(**changes: object) -> Told:
    known = {"source": "device", "state": "answered", "why": "confident", "confidence": 0.934, "ticket": ""}
    return Told(text="x", seconds=0.25, left=Left(), **{**known, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (told(), "this device (93 % sure) · nothing left · 250 ms"),
        (told(state="degraded", why="link_down", confidence=0.4, ticket="tkt_1"), "this device (40 % sure, its best guess, the cloud was away) · nothing left · 250 ms · ticket tkt_1"),
        (told(source="cloud", why="unsure", confidence=0.41), "the cloud (not sure enough here, 41 % sure here) · nothing left · 250 ms"),
        (told(source="cloud", why="preferred", confidence=None), "the cloud (the cloud is asked first) · nothing left · 250 ms"),
        (told(source="nobody", state="held", why="unsure", confidence=None), "no answer yet (held, not sure enough here) · nothing left · 250 ms"),
    ],
)  # fmt: skip
def test_one_line_says_who_answered_how_surely_and_what_left(answer: Told, line: str) -> None:
    assert about(answer) == line


def test_what_left_is_told_by_kind() -> None:
    assert (
        left(Left(1, 412, {"PERSON": 2, "EMAIL_ADDRESS": 1}))
        == "412 B left, 2 names, 1 e-mail address replaced"
    )
    assert left(Left(2, 2048, {})) == "2.0 KiB left in 2 sends, no private value found"


def test_whoever_is_asked_sees_everything() -> None:
    shown = would_leave(
        Asks("cns_x", 90, (("user", "mail [EMAIL_1]"), ("assistant", "done")), {"EMAIL_ADDRESS": 1})
    )
    assert shown.splitlines() == [
        "This would leave the device (90 B), 1 e-mail address replaced:",
        "  user: mail [EMAIL_1]",
        "  assistant: done",
    ]
