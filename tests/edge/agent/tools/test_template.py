"""Placeholders: each item of a command stays one item, whatever an argument holds."""

from __future__ import annotations

import pytest

from edge.agent.tools.template import command, filled, path, template, text, topic
from tidegate.chat import JSON
from tidegate.errors import BadConfig, BadRequest

SCHEMA: dict[str, JSON] = {
    "properties": {
        "room": {"type": "string"},
        "level": {"type": "integer"},
        "on": {"type": "boolean"},
        "mode": {"enum": ["a", "b"]},
        "list": {"type": "array"},
    }
}


def vector(items: list[str], **arguments: JSON) -> list[str]:
    return filled(command(items, SCHEMA, "tools.x"), arguments)


@pytest.mark.parametrize(
    "room", ["kitchen; rm -rf /", "$(reboot)", "`id`", "a b  c", "'\"", "|| true", "é\n", "*", "{level}"]
)
def test_whatever_an_argument_holds_it_is_one_item(room: str) -> None:
    assert vector(["light", "{room}", "--level={level}"], room=room, level=3) == ["light", room, "--level=3"]


def test_items_whose_argument_was_not_given_are_left_out() -> None:
    assert vector(["light", "--room={room}", "{level}"], level=3) == ["light", "3"]
    assert vector(["light", "{{literal}}", "{on}"], on=True) == ["light", "{literal}", "true"]


@pytest.mark.parametrize("room", ["--config=/etc/shadow", "-rf", "-"])
def test_an_argument_that_would_be_an_option_is_refused(room: str) -> None:
    with pytest.raises(BadRequest):
        vector(["light", "{room}"], room=room)
    assert vector(["light", "--", "{room}"], room=room)[-1] == room
    assert vector(["light", "--room={room}"], room=room)[-1] == f"--room={room}"


def test_a_negative_number_is_no_option_and_a_nul_byte_is_no_argument() -> None:
    assert vector(["light", "{level}"], level=-3) == ["light", "-3"]
    with pytest.raises(BadRequest):
        vector(["light", "x{room}"], room="a\0b")


@pytest.mark.parametrize(
    ("items", "code"),
    [
        (["sh", "-c", "echo {room}"], "shell_command"),
        (["/bin/bash", "{room}"], "shell_command"),
        (["python3", "-c", "print('{room}')"], "shell_command"),
        (["perl", "-e", "{room}"], "shell_command"),
        (["{room}", "x"], "bad_template"),
        ([], "bad_template"),
        (["light", "{nowhere}"], "bad_template"),
        (["light", "{list}"], "bad_template"),
        (["light", "{room"], "bad_template"),
        (["light", "room}"], "bad_template"),
    ],
)
def test_what_would_let_an_argument_become_code_stops_the_start(items: list[str], code: str) -> None:
    with pytest.raises(BadConfig) as wrong:
        command(items, SCHEMA, "tools.x")
    assert wrong.value.code == code


def test_a_shell_without_arguments_in_it_is_the_operators_business() -> None:
    assert vector(["sh", "-c", "date"]) == ["sh", "-c", "date"]


def test_addresses_are_encoded_and_never_walk_up() -> None:
    made = template("http://127.0.0.1/rooms/{room}?level={level}", SCHEMA, "tools.x")
    assert path(made, {"room": "a/b?c#d&e", "level": 3}).endswith("/rooms/a%2Fb%3Fc%23d%26e?level=3")
    for walking in ("..", "."):
        with pytest.raises(BadRequest):
            path(made, {"room": walking})


@pytest.mark.parametrize("room", ["a/b", "+", "#", "", "a\0"])
def test_a_topic_has_the_levels_that_it_was_given(room: str) -> None:
    made = template("home/{room}/light", SCHEMA, "tools.x")
    with pytest.raises(BadRequest):
        topic(made, {"room": room})
    assert topic(made, {"room": "living room"}) == "home/living room/light"


def test_numbers_and_truth_are_written_as_people_do() -> None:
    made = template("{level} {on} {mode}", SCHEMA, "tools.x")
    assert text(made, {"level": 2.50, "on": False, "mode": "a"}) == "2.5 false a"
