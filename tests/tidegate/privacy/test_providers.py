"""The race of providers: who may run, who wins, and what is remembered. No onnxruntime here."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tidegate.errors import Broken
from tidegate.privacy.providers import (
    Entrant,
    Machine,
    Provider,
    Race,
    candidates,
    keep,
    key,
    recall,
    run,
    told,
    winner,
)

MACHINE = Machine("x86_64 Sample CPU", 4, "1.30.0", ("OpenVINOExecutionProvider", "CPUExecutionProvider"), 1)
RACE = Race(Provider.OPENVINO, (Entrant(Provider.OPENVINO, ms=4.0), Entrant(Provider.CPU, ms=9.0)))


@dataclass
class Garage:
    """Providers as this test wants them: a time each, or a reason why they do not run."""

    times: dict[Provider, float | str]

    def start(self, provider: Provider) -> Provider:
        if isinstance(why := self.times[provider], str):
            raise Broken(why, code="sentry_broken")
        return provider

    def timed(self, provider: Provider) -> float:
        ms = self.times[provider]
        assert not isinstance(ms, str)
        if ms < 0:
            raise Broken("a pass failed", code="sentry_broken")
        return ms


def test_only_what_onnxruntime_reports_may_run_and_the_cpu_always_may() -> None:
    assert candidates(["AzureExecutionProvider", "CPUExecutionProvider"]) == (Provider.CPU,)
    assert candidates(["CUDAExecutionProvider"]) == (Provider.CPU,)
    assert candidates(["CPUExecutionProvider", "OpenVINOExecutionProvider", "QNNExecutionProvider"]) == (
        Provider.QNN,
        Provider.OPENVINO,
        Provider.CPU,
    )


def test_the_fastest_that_passes_wins() -> None:
    garage = Garage({Provider.QNN: 7.0, Provider.OPENVINO: 3.0, Provider.CPU: 5.0})
    race, runner = run(garage.times, garage.start, garage.timed)
    assert race.winner is runner is Provider.OPENVINO
    assert [entrant.ms for entrant in race.entrants] == [7.0, 3.0, 5.0]


def test_a_faster_provider_that_computes_other_numbers_loses_and_the_reason_is_kept() -> None:
    garage = Garage({Provider.OPENVINO: "this machine computes other numbers", Provider.CPU: 40.0})
    race, _ = run(garage.times, garage.start, garage.timed)
    assert race.winner is Provider.CPU
    assert told(race.entrants) == "OpenVINO refused (this machine computes other numbers); CPU 40.0 ms"


def test_a_provider_that_fails_while_it_is_timed_loses() -> None:
    garage = Garage({Provider.XNNPACK: -1.0, Provider.CPU: 40.0})
    assert run(garage.times, garage.start, garage.timed)[0].winner is Provider.CPU


def test_when_nobody_passes_the_error_names_each_reason() -> None:
    garage = Garage({Provider.COREML: "did not start", Provider.CPU: "other numbers"})
    with pytest.raises(Broken, match=r"CoreML refused \(did not start\); CPU refused \(other numbers\)"):
        run(garage.times, garage.start, garage.timed)


def test_a_tie_goes_to_the_one_that_leaves_the_cpu_free() -> None:
    assert winner([Entrant(Provider.QNN, ms=4.0), Entrant(Provider.CPU, ms=4.0)]) is Provider.QNN
    assert winner([Entrant(Provider.QNN, failed="no device")]) is None


def test_a_race_is_remembered_for_this_model_on_this_machine_alone(tmp_path: Path) -> None:
    book = tmp_path / "providers.json"
    at = key("aa", MACHINE)
    keep(book, at, RACE)
    found = recall(book, at)
    assert found is not None
    assert (found.winner, found.entrants, found.remembered) == (RACE.winner, RACE.entrants, True)
    others = [
        key("ab", MACHINE),
        key("aa", replace(MACHINE, runtime="1.31.0")),
        key("aa", replace(MACHINE, cores=8)),
        key("aa", replace(MACHINE, threads=2)),
        key("aa", replace(MACHINE, processor="aarch64 Sample CPU")),
        key("aa", replace(MACHINE, reported=("CPUExecutionProvider",))),
    ]
    assert [recall(book, other) for other in others] == [None] * len(others)


def test_the_order_in_which_providers_are_reported_does_not_matter() -> None:
    assert key("aa", MACHINE) == key("aa", replace(MACHINE, reported=tuple(reversed(MACHINE.reported))))


def test_the_book_does_not_grow_without_end(tmp_path: Path) -> None:
    book = tmp_path / "providers.json"
    for number in range(40):
        keep(book, key(str(number), MACHINE), RACE)
    assert len(json.loads(book.read_bytes())["races"]) <= 17
    assert recall(book, key("39", MACHINE)) is not None


@pytest.mark.parametrize(
    "content", [b"", b"{", b'{"races": 3}', b'{"races": {"x": {"winner": "CUDA", "entrants": []}}}', b"\xff"]
)
def test_a_damaged_book_remembers_nothing_and_is_written_anew(tmp_path: Path, content: bytes) -> None:
    book = tmp_path / "providers.json"
    book.write_bytes(content)
    assert recall(book, key("aa", MACHINE)) is None
    keep(book, key("aa", MACHINE), RACE)
    assert recall(book, key("aa", MACHINE)) is not None


def test_without_a_book_nothing_is_remembered_and_nothing_fails(tmp_path: Path) -> None:
    keep(None, "x", RACE)
    assert recall(None, "x") is None
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    keep(blocked / "providers.json", "x", RACE)
    assert recall(blocked / "providers.json", "x") is None
