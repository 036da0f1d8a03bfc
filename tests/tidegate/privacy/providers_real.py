"""The race with a second real provider. Runs in the environment of `scripts/test --providers`, not in the suite.

Needs onnxruntime-openvino; with a plain onnxruntime it skips and says why.
"""

from __future__ import annotations

from pathlib import Path

import onnxruntime
import pytest

from tidegate.assets import model_dir
from tidegate.clock import SystemClock
from tidegate.errors import Broken
from tidegate.privacy import providers
from tidegate.privacy.encoder import Encoder, Starter, contest
from tidegate.privacy.package import FOLDERS, Size, read_package
from tidegate.privacy.providers import Provider
from tidegate.privacy.sessions import OnnxRuntime

pytestmark = pytest.mark.skipif(
    Provider.OPENVINO not in onnxruntime.get_available_providers(),
    reason="this onnxruntime has no OpenVINO: run scripts/test --providers",
)


@pytest.fixture(params=list(Size), ids=str)
def folder(request: pytest.FixtureRequest) -> Path:
    try:
        return model_dir(FOLDERS[request.param])
    except Broken as missing:
        pytest.skip(missing.message)


def test_both_candidates_race_and_the_winner_is_the_fastest_that_proved_itself(folder: Path) -> None:
    race = contest(folder)
    print(f"\n{folder.name}: {providers.told(race.entrants)}; winner {providers.short(race.winner)}")
    assert [entrant.provider for entrant in race.entrants] == [Provider.OPENVINO, Provider.CPU]
    assert race.winner == providers.winner(race.entrants)
    assert race.entrants[-1].ms is not None


def test_openvino_passes_the_frozen_vectors_or_is_refused_with_a_reason(folder: Path) -> None:
    entrant = contest(folder).entrants[0]
    assert (entrant.ms is not None) != bool(entrant.failed)


def test_the_remembered_winner_reads_at_the_next_start(folder: Path, tmp_path: Path) -> None:
    book = tmp_path / "providers.json"
    first = Encoder.load(folder, book=book).race
    again = Encoder.load(folder, book=book).race
    assert first is not None
    assert again is not None
    assert (first.remembered, again.remembered) == (False, True)
    assert first.winner is again.winner


def test_every_provider_that_passes_finds_the_same_names(folder: Path) -> None:
    package = read_package(folder)
    starter = Starter(package, 1, OnnxRuntime(), SystemClock())
    text = "Please call Jane Example in Leeds about the invoice of 5 May. " * 6
    passed = [entrant.provider for entrant in contest(folder).entrants if entrant.ms is not None]
    scans = [starter.start(provider).scan(text) for provider in passed]
    marked = [(scan.tags[:, 0] < package.settings.entity_threshold).tolist() for scan in scans]
    assert all(found == marked[0] for found in marked)
