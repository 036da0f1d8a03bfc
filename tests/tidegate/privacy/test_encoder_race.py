"""An encoder and its providers: a fake runtime stands for onnxruntime, the frozen vectors of a toy file are real."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tidegate.clock import FixedClock
from tidegate.errors import Broken
from tidegate.privacy.encoder import Encoder, contest, remembered
from tidegate.privacy.package import read_package
from tidegate.privacy.providers import Machine, Provider
from tidegate.privacy.subject import Domain

if TYPE_CHECKING:
    from tidegate.privacy.sessions import Feed, Result

WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "ann", "calls", "rob")
DOMAINS = ("home", "money")


def answers(ids: Sequence[int]) -> Result:
    """What the toy weights say: `ann` and `rob` are persons, two of them are two requests about money."""
    names = sum(piece in (4, 6) for piece in ids)
    tags = [[0.1, 0.9] if piece in (4, 6) else [0.9, 0.1] for piece in ids]
    shares = [[0.2, 0.8] if names > 1 else [0.7, 0.3]]
    return [np.array(part, dtype=np.float32) for part in ([tags], [[0.25]], shares, [[0.5, 0.1 * names]])]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A whole encoder package whose weights are four bytes."""
    (tmp_path / "sentry.onnx").write_bytes(b"toy!")
    (tmp_path / "vocab.txt").write_text("\n".join(WORDS), encoding="utf-8")
    settings = {
        "format": 2,
        "tags": ["O", "B-PER"],
        "domains": DOMAINS,
        "complexity": ["weak_fails", "several"],
        "window": 6,
        "overlap": 1,
        "sha256": hashlib.sha256(b"toy!").hexdigest(),
        "thresholds": {"entity": 0.5, "minimum": {}, "suspect": 0.6, "attack": 0.9},
    }
    (tmp_path / "sentry.json").write_text(json.dumps(settings), encoding="utf-8")
    said = answers([2, 4, 5, 6, 3])
    vector = {
        "text": "ann calls rob",
        "ids": [4, 5, 6],
        "shapes": [1, 1, 1],
        "glues": [3, 0, 1],
        "tags": said[0][0, 1:-1].tolist(),
        "injection": 0.25,
        "domain": said[2][0].tolist(),
        "complexity": said[3][0].tolist(),
    }
    (tmp_path / "selftest.json").write_text(
        json.dumps({"tolerance": 0.01, "vectors": [vector]}), encoding="utf-8"
    )
    return tmp_path


@dataclass
class FakeSession:
    """Answers like the weights, off by `error` in the output called `wrong`, and takes `ms` of the clock's time."""

    clock: FixedClock
    ms: float
    wrong: str = ""
    error: float = 0.5
    breaks: bool = False

    def run(self, outputs: Sequence[str], feed: Feed) -> Result:
        if self.breaks:
            raise RuntimeError("driver lost")
        self.clock.advance(self.ms / 1000)
        said = answers(feed["ids"][0].tolist())
        return [part + self.error * (name == self.wrong) for name, part in zip(outputs, said, strict=False)]


@dataclass
class FakeRuntime:
    """onnxruntime as this test wants it: a session per provider, None where the provider cannot open the model."""

    sessions: dict[Provider, FakeSession | None]
    opened: list[Provider] = field(default_factory=list)

    def machine(self, threads: int) -> Machine:
        return Machine("toy", 1, "0", tuple(str(provider) for provider in self.sessions), threads)

    def open(self, weights: Path, provider: Provider, threads: int) -> FakeSession:
        assert weights.read_bytes() == b"toy!"
        self.opened.append(provider)
        session = self.sessions[provider]
        if session is None:
            raise Broken("the provider did not start", code="sentry_broken")
        return session


CLOCK = FixedClock()


def fast(wrong: str = "", error: float = 0.5) -> FakeSession:
    return FakeSession(CLOCK, 2.0, wrong, error)


def slow(wrong: str = "") -> FakeSession:
    return FakeSession(CLOCK, 9.0, wrong)


def test_the_faster_provider_reads_and_the_next_start_goes_straight_to_it(folder: Path) -> None:
    book = folder / "providers.json"
    runtime = FakeRuntime({Provider.OPENVINO: fast(), Provider.CPU: slow()})
    encoder = Encoder.load(folder, book=book, runtime=runtime, clock=CLOCK)
    assert encoder.race is not None
    assert (encoder.race.winner, encoder.race.remembered) == (Provider.OPENVINO, False)
    assert [entrant.ms for entrant in encoder.race.entrants] == [2.0, 9.0]

    again = FakeRuntime(runtime.sessions)
    encoder = Encoder.load(folder, book=book, runtime=again, clock=CLOCK)
    assert again.opened == [Provider.OPENVINO]
    assert encoder.race is not None
    assert encoder.race.remembered


@pytest.mark.parametrize("output", ["tags", "injection", "domain", "complexity"])
def test_a_fast_provider_that_is_wrong_in_any_output_never_reads(folder: Path, output: str) -> None:
    runtime = FakeRuntime({Provider.OPENVINO: fast(output), Provider.CPU: slow()})
    encoder = Encoder.load(folder, runtime=runtime, clock=CLOCK)
    assert encoder.race is not None
    assert encoder.race.winner is Provider.CPU


def test_numbers_within_the_tolerance_pass(folder: Path) -> None:
    runtime = FakeRuntime({Provider.OPENVINO: fast("tags", error=0.009), Provider.CPU: slow()})
    race = Encoder.load(folder, runtime=runtime, clock=CLOCK).race
    assert race is not None
    assert race.winner is Provider.OPENVINO


def test_not_a_number_is_never_close_enough(folder: Path) -> None:
    runtime = FakeRuntime({Provider.OPENVINO: fast("injection", error=float("nan")), Provider.CPU: slow()})
    race = Encoder.load(folder, runtime=runtime, clock=CLOCK).race
    assert race is not None
    assert race.winner is Provider.CPU


def test_a_remembered_winner_that_went_wrong_is_raced_anew(folder: Path) -> None:
    book = folder / "providers.json"
    before = FakeRuntime({Provider.OPENVINO: fast(), Provider.CPU: slow()})
    Encoder.load(folder, book=book, runtime=before, clock=CLOCK)
    after = FakeRuntime({Provider.OPENVINO: fast("tags"), Provider.CPU: slow()})
    encoder = Encoder.load(folder, book=book, runtime=after, clock=CLOCK)
    assert encoder.race is not None
    assert (encoder.race.winner, encoder.race.remembered) == (Provider.CPU, False)
    kept = remembered(folder, book, runtime=after)
    assert kept is not None
    assert kept.winner is Provider.CPU


@pytest.mark.parametrize("cpu", [slow("tags"), None, FakeSession(CLOCK, 1.0, breaks=True)])
def test_when_no_provider_passes_the_load_fails(folder: Path, cpu: FakeSession | None) -> None:
    with pytest.raises(Broken):
        Encoder.load(folder, runtime=FakeRuntime({Provider.CPU: cpu}), clock=CLOCK)
    with pytest.raises(Broken):
        Encoder.load(folder, runtime=FakeRuntime({Provider.XNNPACK: None, Provider.CPU: cpu}), clock=CLOCK)


def test_a_contest_times_every_candidate_and_remembers_nothing(folder: Path) -> None:
    runtime = FakeRuntime({Provider.QNN: None, Provider.CPU: slow()})
    race = contest(folder, runtime=runtime, clock=CLOCK)
    assert [(entrant.provider, entrant.ms) for entrant in race.entrants] == [
        (Provider.QNN, None),
        (Provider.CPU, 9.0),
    ]
    assert remembered(folder, folder / "providers.json", runtime=runtime) is None


def test_the_subject_of_a_long_text_weighs_its_windows_by_their_words(folder: Path) -> None:
    encoder = Encoder.load(folder, runtime=FakeRuntime({Provider.CPU: slow()}), clock=CLOCK)
    short = encoder.scan("ann calls").subject
    assert short is not None
    assert (short.domain, round(short.share, 3)) == (Domain.HOME, 0.7)
    assert (short.weak_fails, round(short.several, 3)) == (0.5, 0.1)
    long = encoder.scan("calls calls calls calls calls ann calls rob").subject
    assert long is not None
    assert 0.3 < long.share < 0.8
    assert encoder.scan("").subject is None


def test_weights_of_the_first_format_have_no_subject_and_still_read(folder: Path) -> None:
    path, vectors = folder / "sentry.json", folder / "selftest.json"
    settings = json.loads(path.read_bytes())
    del settings["domains"], settings["complexity"]
    path.write_text(json.dumps(settings), encoding="utf-8")
    content = json.loads(vectors.read_bytes())
    del content["vectors"][0]["domain"], content["vectors"][0]["complexity"]
    vectors.write_text(json.dumps(content), encoding="utf-8")

    encoder = Encoder.load(folder, runtime=FakeRuntime({Provider.CPU: slow()}), clock=CLOCK)
    scan = encoder.scan("ann calls rob")
    assert scan.subject is None
    assert scan.injection == pytest.approx(0.25)


@pytest.mark.parametrize(
    "change", [{"domains": ["home", "space"]}, {"complexity": ["several", "weak_fails"]}, {"tags": 3}]
)
def test_a_file_that_speaks_of_unknown_things_is_refused(folder: Path, change: dict[str, object]) -> None:
    path = folder / "sentry.json"
    path.write_text(json.dumps(json.loads(path.read_bytes()) | change), encoding="utf-8")
    with pytest.raises(Broken, match="cannot be read"):
        read_package(folder)


def test_a_machine_that_computes_no_number_does_not_start(folder: Path) -> None:
    """NaN is neither above nor below a tolerance: it has to fail the self-test all the same."""
    for wrong in ("tags", "injection", "domain", "complexity"):
        runtime = FakeRuntime({Provider.CPU: fast(wrong, float("nan"))})
        with pytest.raises(Broken):
            Encoder.load(folder, runtime=runtime, clock=CLOCK)
