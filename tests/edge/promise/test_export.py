"""What a device has learned, written for a new fit."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from edge.export_cli import export
from edge.promise.export import features, masked, trusted
from edge.promise.judgement import Ground, Judgement, Signals
from edge.store.journal import JournalStore
from edge.store.promises import Judged, Origin, Outcome, PromiseStore
from edge.store.schema import open_durable, open_journal
from tests.fakes.day import lines
from tidegate.cli import single
from tidegate.errors import BadRequest
from tidegate.ids import RequestId
from tidegate.risk.fitted import make, scorer
from tidegate.risk.outcomes import read_outcomes
from tidegate.risk.task import Task

ASKED = "Turn off Ana's lamp, 3rd floor"


def outcome(name: str, origin: Origin = Origin.AUDIT, wrong: float = 0.0, at: float = 0.0) -> Outcome:
    return Outcome(
        f"{name}/{origin}", at, RequestId(name), "device/calls", Task.CALLS, 0.9, wrong, origin, 0.05
    )


def judged(name: str, sure: float) -> Judged:
    signals = Signals(Task.CALLS, sure, tools=4, decided={"min_logprob": -3 * (1 - sure), "copied": 1.0})
    told = json.dumps(Judgement(signals, 0.8, Ground.SURE_ENOUGH).told())
    return Judged(
        RequestId(name), 0.0, "tests", "device/calls", Task.CALLS, sure, 0.8, Ground.SURE_ENOUGH, 1, told
    )


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("learned")
    bases = (open_durable(folder), open_journal(folder))
    for base in bases:
        base.db.execute("PRAGMA synchronous = OFF")
    store, journal, dice = PromiseStore(*bases), JournalStore(bases[1]), random.Random(4)
    for at, line in enumerate(lines(150, start=1.0)):
        name, sure = f"req_{at:08}", dice.random()
        journal.write(replace(line, request_id=RequestId(name), question=ASKED if at % 2 else ""))
        store.judged(judged(name, sure))
        store.learned(
            outcome(name, Origin.AUDIT if at % 3 else Origin.CLOUD, float(dice.random() > sure), float(at))
        )
    store.learned(outcome("req_00000001", Origin.FEEDBACK, 1.0, 500.0))
    store.learned(outcome("req_forgotten", Origin.FEEDBACK, 1.0, 501.0))
    for base in bases:
        base.close()
    return folder


def exported(state: Path, tmp_path: Path, *options: str) -> Path:
    out = tmp_path / "outcomes.jsonl"
    done = CliRunner().invoke(single(export), ["--state", str(state), "--out", str(out), *options])
    assert (done.exit_code, "151 outcomes" in done.output) == (0, True), (done.output, done.exception)
    return out


def test_without_being_asked_for_no_word_of_a_question_is_written(state: Path, tmp_path: Path) -> None:
    out = exported(state, tmp_path)
    assert out.stat().st_mode & 0o777 == 0o600
    written = out.read_text()
    assert not any(word in written for word in ("Turn", "Ana", "lamp", "floor", "3rd"))
    prompts = {row["id"]: row["prompt"] for row in map(json.loads, written.splitlines())}
    assert prompts["req_00000001"] == "Xxxx xxx Xxx'x xxxx, 0xx xxxxx"
    assert prompts["req_00000002"] == "req_00000002"  # no text was kept of it


def test_with_text_questions_stand_as_they_were_asked(state: Path, tmp_path: Path) -> None:
    rows = [json.loads(line) for line in exported(state, tmp_path, "--text").read_text().splitlines()]
    assert {row["prompt"] for row in rows if row["id"] == "req_00000001"} == {ASKED}


def test_a_new_fit_learns_from_what_was_written(state: Path, tmp_path: Path) -> None:
    found = read_outcomes(exported(state, tmp_path))
    assert len(found) == 151
    assert found[1].features.keys() >= {"p_right", "min_logprob", "copied", "tools"}
    using = scorer(make(found, seed=0, promise=None))
    unsure, sure = using.p_right(
        ["req_x", "req_x"], [{"p_right": p, "min_logprob": -3 * (1 - p)} for p in (0.1, 0.95)]
    )
    assert unsure < sure


def test_a_folder_without_a_device_is_refused_and_stays_empty(tmp_path: Path) -> None:
    done = CliRunner().invoke(single(export), ["--state", str(tmp_path / "none")])
    assert isinstance(done.exception, BadRequest)
    assert not (tmp_path / "none").exists()


def test_a_person_is_believed_before_an_audit_and_an_audit_before_feedback() -> None:
    person, audit, said = (
        outcome("req_a", origin) for origin in (Origin.REVIEWER, Origin.AUDIT, Origin.FEEDBACK)
    )
    other = outcome("req_b", Origin.FEEDBACK)
    assert trusted([said, other, audit]) == (audit, other)
    assert trusted([person, audit]) == trusted([audit, person]) == (person,)


@pytest.mark.parametrize("raw", ["", "{}", "[]", '{"signals": {"features": 3, "tools": "x", "turns": true}}'])
def test_a_judgement_that_cannot_be_read_gives_no_numbers(raw: str) -> None:
    assert features(raw) == {}


@given(st.text())
def test_no_letter_and_no_digit_survives_the_mask(text: str) -> None:
    found = masked(text)
    assert len(found) == len(text)
    assert {one for one in found if one.isalnum()} <= set("xX0") | {one for one in text if one.isnumeric()}
