"""An exported ledger can be checked anywhere: any line changed, removed, swapped or cut off shows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge.cli import app
from edge.routing.plan import Why
from edge.uplink.ledger import Kind, Record, chained
from edge.uplink.ledger_export import checked, exported
from tidegate.errors import Untrusted
from tidegate.ids import RequestId
from tidegate.privacy.spans import Label

KEY = b"k" * 32


def lines(count: int) -> list[str]:
    made: list[Record] = []
    for number in range(1, count + 1):
        one = Record(
            at=1_790_000_000 + number,
            kind=Kind.RECEIPT if number % 3 == 0 else Kind.SENT,
            request_id=RequestId(f"req_{number:08d}"),
            digest=bytes([number]) * 32,
            size=100 + number,
            entities={Label.PERSON: 2, Label.IBAN_CODE: 1},
            policy="test-1",
            why=Why.UNSURE,
            receipt=b"r" * 32 if number % 3 == 0 else b"",
        )
        made.append(chained(one, made[-1] if made else None))
    return list(exported(made, KEY))


def test_what_was_exported_stands_with_the_key_and_without() -> None:
    for count in (0, 1, 7):
        assert checked(lines(count)) == count
        assert checked(lines(count), KEY) == count


def test_the_file_says_digests_counts_and_reasons_and_no_text() -> None:
    first = json.loads(lines(1)[0])
    assert set(first) == {
        "seq", "at", "kind", "request", "sha256", "bytes", "entities", "policy", "why", "receipt", "hash",
    }  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda all_: all_[:2] + all_[3:], id="one removed"),
        pytest.param(lambda all_: [all_[1], all_[0], *all_[2:]], id="two swapped"),
        pytest.param(lambda all_: [all_[0], *all_], id="one repeated"),
        pytest.param(lambda all_: all_[:-1], id="the end line cut off"),
        pytest.param(lambda all_: [*all_[:-2], all_[-1]], id="the last record cut off"),
        pytest.param(
            lambda all_: [all_[0].replace('"PERSON": 2', '"PERSON": 0'), *all_[1:]], id="a count changed"
        ),
        pytest.param(lambda all_: [all_[0].replace("unsure", "passed"), *all_[1:]], id="a reason changed"),
        pytest.param(lambda all_: [all_[0].replace("PERSON", "NOBODY"), *all_[1:]], id="an unknown kind"),
        pytest.param(lambda all_: ["[]", *all_], id="no record"),
        pytest.param(lambda all_: ["{" * 5000, *all_], id="no JSON"),
        pytest.param(lambda all_: [], id="nothing"),
    ],
)
def test_every_change_shows(change: object) -> None:
    assert callable(change)
    with pytest.raises(Untrusted):
        checked(change(lines(5)))


def test_a_chain_made_anew_does_not_carry_the_devices_seal() -> None:
    assert checked(lines(3)) == 3
    with pytest.raises(Untrusted):
        checked(lines(3), b"x" * 32)


def test_a_file_that_was_changed_is_named_by_the_command(tmp_path: Path) -> None:
    file = tmp_path / "ledger.jsonl"
    file.write_text("\n".join(lines(3)) + "\n")
    good = CliRunner().invoke(app, ["ledger", "verify", "--file", str(file)])
    assert good.exit_code == 0, good.output
    assert json.loads(good.output) == {"verified": True, "records": 3}
    file.write_text("\n".join(lines(3)[1:]) + "\n")
    assert CliRunner().invoke(app, ["ledger", "verify", "--file", str(file)]).exit_code != 0
