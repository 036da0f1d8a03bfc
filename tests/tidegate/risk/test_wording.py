"""How a call covers the words of its request."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.chat import JSON
from tidegate.risk.wording import WORDING, wording

OFFERED = {
    "HassTurnOff": ("name", "area", "domain"),
    "HassLightSet": ("name", "area", "brightness"),
    "GetWeather": ("city", "timeRange"),
}


def seen(said: str, tool: str = "HassTurnOff", **arguments: JSON) -> dict[str, float]:
    return wording(said, [(tool, arguments)], OFFERED)


def test_a_place_that_no_value_says_is_left_over() -> None:
    whole = seen("turn off the lights in the studio", area="studio", domain="lights")
    part = seen("turn off the lights in the studio", domain="lights")
    assert (whole["left_words"], part["left_words"]) == (0, 1)
    assert part["left_share"] > whole["left_share"] == 0


def test_words_of_the_tool_and_of_its_parameters_are_not_left_over() -> None:
    assert seen("what is the weather in Oslo", "GetWeather", city="Oslo")["left_words"] == 0
    assert seen("will it snow in Oslo", "GetWeather", city="Oslo")["left_words"] == 1


def test_a_value_cut_short_leaves_a_word_beside_it() -> None:
    cut = seen("play turkey meatballs", "GetWeather", city="meatballs")
    assert (cut["left_beside"], cut["gap"]) == (1, 2)
    assert seen("play turkey meatballs", "GetWeather", city="turkey meatballs")["gap"] == 1


@pytest.mark.parametrize(
    ("value", "loose"), [("the studio", 1.0), ("studio", 0.0), ("nowhere", 0.0), ("in the", 1.0)]
)
def test_a_value_that_begins_or_ends_with_a_function_word_is_loose(value: str, loose: float) -> None:
    assert seen("turn off all in the studio", area=value)["loose_ends"] == loose


def test_one_word_in_two_values_is_used_twice_unless_it_was_said_twice() -> None:
    assert seen("studio lights off", name="studio lights", area="studio")["used_twice"] == 1
    assert seen("studio lights off in the studio", name="studio lights", area="studio")["used_twice"] == 0


def test_numbers_and_names_left_over_are_marked() -> None:
    assert seen("please dim Alba at 20", name="x")["left_marked"] == 2
    assert seen("Dim alba soon", name="x")["left_marked"] == 0  # a capital that begins the request is none


def test_another_tool_that_is_said_louder_is_a_rival() -> None:
    assert (
        seen("set the light", area="x")["rival"]
        > 0
        > seen("set the light", "HassLightSet", area="x")["rival"]
    )
    assert seen("off", area="x")["kin"] == 1


@given(
    st.text(max_size=80),
    st.dictionaries(st.text(max_size=8), st.text(max_size=20) | st.integers() | st.none(), max_size=4),
)
def test_any_text_gives_every_number_finite(said: str, arguments: dict[str, JSON]) -> None:
    found = wording(said, [("Tool", arguments), ("", {})], {"Tool": ("a",), "": ()})
    assert set(found) == set(WORDING)
    assert all(-1 <= value <= 20 for value in found.values())


def test_without_a_call_nothing_is_covered() -> None:
    assert wording("dim the hall", [], OFFERED)["left_words"] == 2


def test_a_very_long_request_is_read_in_part() -> None:
    long, short = ("light " * count for count in (200_000, 512))
    found = seen(long, name="light " * 300)
    assert found == seen(short, name="light " * 300)
