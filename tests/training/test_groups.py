"""What training is made of: the right tool is always among those shown, and names and numbers change together."""

from __future__ import annotations

import random
import re

import pytest

pytest.importorskip("yaml", reason="PyYAML reads the sentence templates")

from scripts.training import data, groups, home_templates, homes, naming, results, sources
from scripts.training.records import Call, Example, Param, ToolSpec
from scripts.training.template import completion_of

NEEDS_DATA = pytest.mark.skipif(
    not (sources.data_root() / "snips").is_dir(), reason="the shared data sets are not here"
)
RATE = ToolSpec("RateBook", (Param("object_name"), Param("rating_value")))


def rated(value: str) -> Example:
    return Example(
        "snips", "x", (RATE,), (Call("RateBook", (("object_name", "Dune"), ("rating_value", value))),)
    )


@pytest.mark.parametrize(("said", "meant"), [("4", 4), ("five", 5), ("Zero", 0), ("1999", 1999)])
def test_a_declared_number_is_a_number(said: str, meant: int) -> None:
    (found,) = groups.numbered([rated(said)])
    assert found.specs[0].params[1].kind == "number"
    assert found.expected_calls == (Call("RateBook", (("object_name", "Dune"), ("rating_value", meant))),)


@pytest.mark.parametrize("said", ["some", "4.5", "4 stars", "12345"])
def test_what_is_no_number_is_left_out(said: str) -> None:
    assert groups.numbered([rated(said)]) == []


def test_new_names_are_the_same_in_tools_and_calls() -> None:
    rng = random.Random(1)
    for _ in range(50):
        (found,) = groups.renamed([rated("4")], rng)
        (call,) = found.expected_calls or ()
        assert call.name == found.specs[0].name
        assert [key for key, _ in call.arguments] == [p.name for p in found.specs[0].params]


def test_reworded_names_are_never_empty() -> None:
    rng = random.Random(2)
    for name in ("Hass", "HassTurnOn", "get_weather", "x", "iot_hue_lightdim"):
        assert all(re.fullmatch(r"\w+", naming.reworded(name, rng, share=1.0)) for _ in range(20))


def test_answers_say_only_what_the_result_says() -> None:
    rng = random.Random(3)
    kinds = set()
    for _ in range(300):
        result, answer = results.drawn(("Miles Davis", "Dune"), rng)
        kinds.add(answer[:5] if answer in ("", "Done.") else "said")
        words = re.findall(r"\w+", answer.removeprefix("That did not work").replace("Done.", ""))
        assert all(word in result for word in words)
    assert kinds == {"", "Done.", "said"}


@pytest.mark.shared
@NEEDS_DATA
def test_values_of_template_sentences_stand_in_the_sentence_or_are_fixed() -> None:
    lists, rng = homes.load_lists(), random.Random(4)
    fixed = {v for known in home_templates.load().by_intent.values() for t in known for _, v in t.slots}
    made = [homes.template_request(lists, rng) for _ in range(300)]
    usable = [request for request in made if request is not None]
    assert len(usable) > 200
    for request in usable:
        (call,) = request.calls
        for key, value in call.arguments:
            assert key == "device_class" or value in fixed or str(value) in request.text


@pytest.mark.shared
@NEEDS_DATA
def test_every_kind_of_group_can_be_written_down() -> None:
    corpus, rng = data.load(), random.Random(5)
    for kind in groups.KINDS:
        for _ in range(5):
            found = groups.group(corpus, rng, {kind: 1.0})
            assert found
            assert all(completion_of(example).endswith("</s>") for example in found)
    assert home_templates.load().by_intent.keys() & homes.TOOLS.keys()
