"""The doctor as a whole: every part is looked at, what is not well says what to do, and nothing is repaired."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge.checkup.found import Finding
from edge.config import EdgeConfig, Fleet, Model, Rules, Uplink
from edge.doctor import examine, told
from edge.routing.mode import Mode
from tidegate.cli import run as tidegate

PARTS = {
    "clock", "permissions", "disk", "model", "calibration", "promise", "local answers", "detectors", "encoder", "identity", "link", "spool", "ledger", "broker",
    "update slot", "sockets", "tools",
}  # fmt: skip


def test_every_part_is_looked_at_and_says_what_to_do(tmp_path: Path) -> None:
    config = EdgeConfig(
        state=tmp_path / "state", mode=Mode.LOCAL_ONLY, model=Model(enabled=False), policy=Rules(names=False)
    )
    config.state.mkdir(mode=0o700)
    checks = {check.part: check for check in examine(config)}
    assert set(checks) >= PARTS
    for check in checks.values():
        assert check.said
        assert check.next or check.finding in (Finding.OK, Finding.NOT_USED), check.part
        assert set(told(check)) == {"part", "finding", "said", "next"}
    assert sorted(path.name for path in config.state.iterdir()) == []


def test_for_programs_it_is_json_and_the_exit_code_says_whether_something_is_broken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o755)
    environ = {"TIDEGATE_EDGE__MODEL__ENABLED": "false", "TIDEGATE_EDGE__POLICY__NAMES": "false"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environ.items():
            patch.setenv(name, value)
        assert tidegate(["edge", "doctor", "--json", "--state", str(state)], environ) == 1
    found = {one["part"]: one for one in json.loads(capsys.readouterr().out)}
    assert found["permissions"]["finding"] == "broken"
    assert "chmod" in found["permissions"]["next"]


def test_a_certificate_that_is_none_is_found_and_the_doctor_goes_on(tmp_path: Path) -> None:
    identity = tmp_path / "state" / "identity"
    identity.mkdir(parents=True, mode=0o700)
    (tmp_path / "state").chmod(0o700)
    for name in ("cert.pem", "key.pem", "ca.pem"):
        (identity / name).write_text("nothing of the kind")
        (identity / name).chmod(0o600)
    config = EdgeConfig(
        state=tmp_path / "state", model=Model(enabled=False), policy=Rules(names=False),
        uplink=Uplink(address="127.0.0.1:9"), fleet=Fleet(broker="127.0.0.1:9"),
    )  # fmt: skip
    checks = {check.part: check for check in examine(config)}
    assert set(checks) >= PARTS
    assert checks["identity"].finding is Finding.BROKEN
    assert "no certificate" in checks["identity"].said
    for part in ("identity", "link", "broker"):
        assert checks[part].next
