"""Made-up scenes, addresses, firms and names: every rule and slot is known, every span is what it says, and no bench sentence trains."""

import random
import re
from pathlib import Path

import pytest

from scripts.training import sentry_firms, sentry_places, sentry_scenes, sentry_words
from scripts.training.phrases import expand
from scripts.training.sentry_data import KINDS, Example
from scripts.training.sentry_scenes import FRAMES, Scenes
from scripts.training.sentry_words import Lexicon
from scripts.training.sentry_world import World

ROOT = Path(__file__).resolve().parents[2]
SETS = ROOT / "scripts/benchmarks/privacy/sets"
WORLD = World({"en_US": ["Ann", "Bert"]}, {"en_US": ["Miller", "Stone"]}, ["Dover"])
LEX = Lexicon(["Carla", "Dan"], ["Ruiz", "Vogel"], ["Bern"], ["Alpha Werke AG"], ["Lindenweg"], WORLD)
_ANY = re.compile(r"\{\w+\}")


def drawn(seed: int, count: int = 400) -> list[Example]:
    scenes = Scenes(LEX, random.Random(seed))
    return [scenes.one() for _ in range(count)]


def test_one_seed_draws_the_same_scenes_and_another_draws_others() -> None:
    assert drawn(3) == drawn(3)
    assert drawn(3) != drawn(4)


def test_hardly_any_two_scenes_share_their_text() -> None:
    texts = [one.text for one in drawn(5, 2_000)]
    assert len(set(texts)) > 1_700


@pytest.mark.parametrize("language", sorted(FRAMES))
def test_every_rule_that_a_frame_names_exists_and_every_slot_is_filled(language: str) -> None:
    rules = FRAMES[language]
    makers = Scenes(LEX, random.Random(1))
    for lines in rules.values():
        for line in lines:
            assert all(name in rules for name in re.findall(r"<(\w+)>", line)), line
            example = makers.fill(re.sub(r"<\w+>", "", line))
            assert "{" not in example.text


@pytest.mark.parametrize("language", sorted(FRAMES))
def test_no_rule_is_left_in_a_text(language: str) -> None:
    rng = random.Random(2)
    for _ in range(500):
        text = expand(FRAMES[language], "start", rng)
        assert not any(name in FRAMES[language] for name in re.findall(r"<(\w+)>", text))


def test_spans_are_in_order_apart_and_hold_whole_words() -> None:
    for one in drawn(6, 1_500):
        last = 0
        for start, end, kind in one.spans:
            assert kind in KINDS
            assert last <= start < end <= len(one.text)
            assert one.text[start:end] == one.text[start:end].strip()
            last = end


def test_some_scenes_hold_nothing_and_some_hold_several_things() -> None:
    counts = [len(one.spans) for one in drawn(7, 1_000)]
    assert counts.count(0) > 40
    assert sum(count >= 3 for count in counts) > 200


def test_a_first_and_a_last_name_side_by_side_are_one_person() -> None:
    example = Scenes(LEX, random.Random(1)).fill("{FIRST} {LAST} and {FIRST}, {LAST}")
    assert [kind for *_, kind in example.spans] == ["PER"] * 3
    joined = Scenes(LEX, random.Random(1)).fill("{FIRST} {LAST} slept")
    assert len(joined.spans) == 1


def test_a_title_a_post_and_a_month_are_marked_by_nothing() -> None:
    example = Scenes(LEX, random.Random(1)).fill("{TITLE} {LAST}, {JOB}, {MONTH}, {PRODUCT}")
    assert len(example.spans) == 1
    assert example.text[: example.spans[0][0]].strip()


def test_an_address_is_a_street_then_places_and_a_code() -> None:
    rng = random.Random(8)
    for language in ("en", "de", "fr", "nl", "es", "it"):
        for _ in range(200):
            pieces = sentry_places.address(LEX, rng, language)
            kinds = [piece.kind for piece in pieces if piece.kind]
            assert kinds[0] == "STREET"
            assert "LOC" in kinds
            assert set(kinds) <= {"STREET", "LOC", "ZIP"}
            assert all(piece.kind or not piece.text.strip(" ,-\n()") for piece in pieces)


def test_addresses_come_on_one_line_and_on_several() -> None:
    rng = random.Random(9)
    texts = ["".join(piece.text for piece in sentry_places.address(LEX, rng)) for _ in range(300)]
    assert any("\n" in text for text in texts)
    assert any("\n" not in text for text in texts)
    assert any(re.search(r"\b[A-Z]{2} \d{5}-\d{4}", text) for text in texts)
    assert any(re.search(r"\b(APO|FPO|DPO) (AE|AP|AA) \d{5}", text) for text in texts)
    assert any("Box" in text for text in texts)


@pytest.mark.parametrize(
    ("language", "form"), [("nl", r"\d{4}( ?[A-Z]{2})?|\d{4,5}"), ("de", r"([DACH]+-)?\d{4,5}")]
)
def test_most_codes_look_like_those_of_their_country(language: str, form: str) -> None:
    rng = random.Random(10)
    codes = [sentry_places.code_of(LEX, rng, language)[0] for _ in range(200)]
    assert all(code.kind == "ZIP" for code in codes)
    assert sum(bool(re.fullmatch(form, code.text)) for code in codes) > 140


def test_a_person_is_one_span_without_its_title_and_its_degree() -> None:
    rng = random.Random(11)
    for _ in range(500):
        pieces = sentry_firms.person(LEX, rng)
        assert [piece.kind for piece in pieces].count("PER") == 1
        for piece in pieces:
            assert piece.kind == "PER" or not re.search(r"Ruiz|Vogel|Miller|Stone", piece.text)


def test_firms_of_the_shapes_that_people_found_are_drawn() -> None:
    rng = random.Random(12)
    names = [sentry_firms.firm(LEX, rng) for _ in range(3_000)]
    assert any(re.fullmatch(r"\w+, \w+ and \w+", name) for name in names)
    assert any(re.fullmatch(r"\w+-\w+", name) for name in names)
    assert any(name.endswith(" Inc") for name in names)
    assert any(name.startswith("University of ") for name in names)
    assert all(name == name.strip() and name for name in names)


def test_invented_names_are_of_no_list_and_begin_large() -> None:
    rng = random.Random(13)
    names = {sentry_words.invented(rng) for _ in range(400)}
    assert len(names) > 300
    assert all(name[0].isupper() and name[1:].islower() for name in names if len(name) > 1)


def _shape(line: str) -> str:
    """A sentence without its values, so that two frames with other slots compare as equal."""
    return " ".join(re.findall(r"\w+|_", _ANY.sub("_", line.replace("\\n", "\n")).lower()))


def _lines(path: Path) -> set[str]:
    shapes = {
        _shape(line) for line in path.read_text("utf-8").splitlines() if line and not line.startswith("#")
    }
    return {shape for shape in shapes if len(shape.replace("_", "").split()) >= 3}


def test_no_sentence_of_the_bench_and_none_of_the_development_set_trains() -> None:
    rng = random.Random(14)
    trained = {_shape(line) for rules in FRAMES.values() for lines in rules.values() for line in lines}
    trained |= {_shape(expand(rules, "start", rng)) for rules in FRAMES.values() for _ in range(3_000)}
    kept = _lines(Path(sentry_scenes.__file__).with_name("scene_development.txt"))
    bench = set().union(*(_lines(path) for path in SETS.glob("*templates*.txt")))
    assert len(kept) > 50
    assert len(bench) > 50
    assert not trained & (kept | bench)
    assert not kept & bench
