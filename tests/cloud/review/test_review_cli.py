"""Held cases from the shell: all that is decided about is shown, a refusal says what to do, looking makes no folder."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from cloud.ports import HoldReason, Proposal
from tests.fakes.cloud_parts import ADA, PASSWORD, cloud_house, passed, proposal, submission
from tidegate.chat import ToolCall
from tidegate.cli import run as tidegate
from tidegate.ids import CaseId

CALL = ToolCall("call_1", "TurnOff", '{"area": "kitchen"}')


def held(folder: Path, answer: Proposal | None) -> CaseId:
    house = cloud_house(folder)
    house.operators.put(ADA, by="test")
    one = submission()
    case = house.ledger.open_case(one)
    house.ledger.hold(case, one, answer, None if answer is None else passed(), HoldReason.UNSURE)
    return case


def decided(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr("sys.stdin", io.StringIO(PASSWORD + "\n"))
    return tidegate(["review", *words, "--as", "ada"], {})


def test_a_proposed_call_is_shown_since_that_is_what_is_approved(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = held(tmp_path, proposal("", tool_calls=(CALL,)))
    assert tidegate(["review", "show", case, "--state", str(tmp_path)], {}) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["calls"] == [{"name": "TurnOff", "arguments": '{"area": "kitchen"}'}]
    assert shown["escalated_because"] == "unsure"
    assert shown["model"] == "m"


def test_a_case_without_an_answer_says_how_one_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    case = held(tmp_path, None)
    assert decided(monkeypatch, "approve", case, "--state", str(tmp_path)) == 2
    assert "tidegate review edit" in capsys.readouterr().err


def test_a_case_that_is_decided_already_says_where_to_look(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    case = held(tmp_path, proposal())
    assert decided(monkeypatch, "reject", case, "--state", str(tmp_path)) == 0
    assert decided(monkeypatch, "approve", case, "--state", str(tmp_path)) == 2
    assert "tidegate review show" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [("review", "list"), ("cloud", "user", "list"), ("cloud", "audit", "verify")], ids=" ".join
)
def test_a_mistyped_folder_is_said_and_not_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    wrong = tmp_path / "clowd"
    assert tidegate([*words, "--state", str(wrong)], {}) == 2
    assert "holds no state of a cloud" in capsys.readouterr().err
    assert not wrong.exists()
