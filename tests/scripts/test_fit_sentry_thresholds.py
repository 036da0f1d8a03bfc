"""The fit of thresholds by situation: it spends its budget where false finds go, spares scarce situations, and writes what it fitted."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

pytest.importorskip("yaml", reason="the training data readers need PyYAML")

from scripts.fit_sentry_thresholds import (
    BUDGET,
    MODEST,
    SCARCE,
    Find,
    Text,
    _lowered,
    _requests,
    finds,
    fit,
    measure,
    write,
)
from scripts.training.sentry_data import Example
from tidegate.assets import model_dir
from tidegate.privacy import gates
from tidegate.privacy.encoder import Encoder
from tidegate.privacy.gates import Situation

PROSE = Situation.SMALL_IN_PROSE.value
KEYED = Situation.KEYED.value
OTHER = next(one.value for one in Situation if one.value not in (PROSE, KEYED, Situation.CODE.value))


def several(
    count: int, score: float, right: bool, where: str = OTHER, *, label: str = "PERSON"
) -> list[Find]:
    return [Find(label, where, score, right, 1.0)] * count


def test_nothing_to_take_away_means_no_threshold() -> None:
    assert fit(several(500, 0.9, True)) == {}


def test_false_finds_below_the_right_ones_are_cut_off_at_no_cost() -> None:
    table = fit(several(500, 0.95, True) + several(9, 0.52, False))
    assert 0.52 < table["PERSON"][OTHER] <= 0.95


def test_false_finds_as_sure_as_the_right_ones_stay() -> None:
    assert fit(several(500, 0.7, True) + several(9, 0.7, False)) == {}


def test_of_the_right_finds_no_more_than_the_budget_falls_under_the_threshold() -> None:
    found = (
        several(1_000, 0.97, True) + several(3, 0.5, True) + several(20, 0.5, False) + several(60, 0.8, True)
    )
    found += several(5, 0.8, False)
    least = fit(found)["PERSON"][OTHER]
    lost = sum(one.right and one.score < least for one in found)
    assert lost == 3
    assert lost <= BUDGET["PERSON"] * 1_063


def test_a_situation_with_few_right_finds_keeps_a_modest_threshold() -> None:
    few = int(SCARCE) - 1
    found = several(few, 0.99, True) + several(30, 0.9, False) + several(9_000, 0.99, True, "elsewhere")
    assert fit(found).get("PERSON", {}).get(OTHER, 0.0) <= MODEST


def test_where_no_corpus_has_names_a_high_threshold_is_allowed_without_right_finds() -> None:
    found = several(30, 0.9, False, PROSE) + several(9_000, 0.99, True)
    assert fit(found)["PERSON"][PROSE] > 0.9


def test_a_field_that_says_whose_it_is_has_no_threshold() -> None:
    assert fit(several(30, 0.4, False, KEYED) + several(900, 0.9, True, KEYED)) == {}


def test_kinds_are_fitted_apart() -> None:
    found = several(500, 0.95, True) + several(500, 0.95, True, label="LOCATION")
    table = fit(found + several(9, 0.5, False, label="LOCATION"))
    assert set(table) == {"LOCATION"}


def test_writing_changes_the_table_and_its_digest_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "sentry"
    folder.mkdir()
    (folder / "sentry.json").write_text(json.dumps({"weights": "a.onnx", "thresholds": {"entity": 0.4}}))
    (tmp_path / "SHA256SUMS").write_text("00  other/sentry.json\n11  sentry/sentry.json\n")
    write(folder, {"PERSON": {OTHER: 0.5}})
    written = (folder / "sentry.json").read_bytes()
    assert json.loads(written) == {
        "weights": "a.onnx",
        "thresholds": {"entity": 0.4, "least": {"PERSON": {OTHER: 0.5}}},
    }
    digest = hashlib.sha256(written).hexdigest()
    assert (tmp_path / "SHA256SUMS").read_text() == f"00  other/sentry.json\n{digest}  sentry/sentry.json\n"


def test_writing_without_sums_beside_it_is_no_error(tmp_path: Path) -> None:
    folder = tmp_path / "sentry"
    folder.mkdir()
    (folder / "sentry.json").write_text('{"thresholds": {}}')
    write(folder, {})
    assert json.loads((folder / "sentry.json").read_bytes()) == {"thresholds": {"least": {}}}


def test_a_text_whose_small_letters_have_another_length_is_left_out() -> None:
    assert [one.text for one in _lowered(Example("Ann in Rome", ((0, 3, "PER"),), "x"), 0.5)] == [
        "ann in rome"
    ]
    assert list(_lowered(Example("İzmir", (), "x"), 0.5)) == []


def test_requests_about_people_are_left_out_and_others_are_read(tmp_path: Path) -> None:
    (tmp_path / "light.yaml").write_text(
        'tests:\n  - sentences:\n      - turn on the light\n      - "dim the lamp"\n'
    )
    (tmp_path / "person_where.yaml").write_text("tests:\n  - sentences:\n      - where is Paula now\n")
    assert list(_requests(tmp_path)) == ["turn on the light", "dim the lamp"]


def test_what_the_model_finds_is_counted_right_or_false_by_where_it_lies() -> None:
    encoder = Encoder.load(model_dir("sentry"))
    said = "My name is Anna Schmidt and I live in Hamburg."
    start = said.index("Anna")
    texts = [Text(said, ((start, start + 12, "PER"),), "named"), Text("Please close the window.", (), "calm")]
    found = finds(texts, encoder)
    assert any(one.label == "PERSON" and one.right for one in found)
    assert not any(one.label == "PERSON" and not one.right for one in found)
    table = measure(texts, encoder, gates.NO_LEAST)
    assert (table["named PER"].wanted, table["named PER"].met) == (1, 1)
    assert table["calm"].false == 0
    assert table["calm"].tokens > 3
