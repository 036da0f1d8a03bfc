"""The rule that keeps held-out utterances out of training."""

from __future__ import annotations

import itertools

import pytest

from scripts.training.records import DEMO_UTTERANCES, fold, is_held_out

pytest.importorskip("yaml", reason="PyYAML reads the sentence templates")

from scripts.training import data, groups, sources

NEEDS_DATA = pytest.mark.skipif(
    not (sources.data_root() / "snips").is_dir(), reason="the shared data sets are not here"
)


def test_case_spaces_and_closing_marks_do_not_change_the_fold() -> None:
    for text in ("play some jazz", "wake me at 7", "is it cold"):
        assert fold(text) == fold(f"  {text.upper()}  ?") == fold(text.replace(" ", "  "))


def test_another_word_may_change_the_fold() -> None:
    assert len({fold(f"play song number {n}") for n in range(200)}) == 3


def test_about_a_tenth_is_held_out_in_two_equal_parts() -> None:
    folds = [fold(f"utterance {n}") for n in range(4000)]
    assert 160 < folds.count("calibration") < 240
    assert 160 < folds.count("test") < 240


def test_demonstration_lines_are_never_trained_on() -> None:
    assert all(is_held_out(text) and fold(text + "?") == "demo" for text in DEMO_UTTERANCES)


@pytest.mark.shared
@NEEDS_DATA
def test_no_training_example_is_held_out() -> None:
    corpus = data.load()
    for group in itertools.islice(groups.stream(corpus, 3), 300):
        for example in group:
            assert not is_held_out(example.text)
            assert example.specs == group[0].specs
            assert example.system == group[0].system
            shown = {spec.name: {p.name for p in spec.params} for spec in example.specs}
            for call in example.expected_calls or ():
                assert {key for key, _ in call.arguments} <= shown[call.name] or example.source == "homes"


@pytest.mark.shared
@NEEDS_DATA
def test_homes_of_held_out_tests_share_no_name_with_those_of_training() -> None:
    corpus = data.load()
    for here, there in ((corpus.lists, corpus.unseen), (corpus.unseen, corpus.lists)):
        mine = {name.lower() for names in here.devices.values() for name in names} | set(here.areas)
        others = {name.lower() for names in there.devices.values() for name in names} | set(there.areas)
        assert mine
        assert not mine & others
    for example in itertools.islice(data.held_out("homes", "test", corpus), 50):
        named = [v for call in example.expected_calls or () for k, v in call.arguments if k == "area"]
        assert not set(named) & set(corpus.lists.areas)


@pytest.mark.shared
@NEEDS_DATA
def test_calibration_and_test_share_no_utterance() -> None:
    corpus = data.load()
    for source in ("snips", "banking77", "homes"):
        halves = [{e.text for e in data.held_out(source, which, corpus)} for which in ("calibration", "test")]
        assert halves[0]
        assert halves[1]
        assert not halves[0] & halves[1]
