"""`tidegate fleet` as a user types it, over one state folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cloud.fleet import desk
from cloud.fleet.broker import listener_of, render_acl
from cloud.fleet.cli import app
from cloud.fleet.place import FleetPlace, published_root
from tidegate.errors import TidegateError
from tidegate.ids import DeviceId
from tidegate.updates import Reported, UpdateState

ONE = DeviceId("pump-room-01")


def run(state: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--state", str(state)])


def fails(state: Path, *arguments: str) -> str:
    result = run(state, *arguments)
    assert isinstance(result.exception, TidegateError), result.output
    return result.exception.code


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = tmp_path / "cloud"
    assert run(folder, "init", "--broker-port", "18884").exit_code == 0
    return folder


def test_init_makes_everything_once_and_keeps_it(state: Path) -> None:
    first = published_root(state)
    again = run(state, "init", "--broker-port", "18885", "--json")
    assert again.exit_code == 0
    assert published_root(state) == first
    assert listener_of(FleetPlace(state).broker) == ("127.0.0.1", 18885)
    assert state.stat().st_mode & 0o777 == 0o700
    keys = [
        *(state / "fleet" / "keys").iterdir(),
        state / "authority" / "root.key",
        state / "broker" / "key.pem",
    ]
    assert {key.stat().st_mode & 0o777 for key in keys} == {0o600}


def test_a_token_is_shown_once_and_kept_as_a_digest(state: Path) -> None:
    told = json.loads(run(state, "token", ONE, "--json").stdout)
    secret = told["token"].rpartition("_")[2]
    kept = b"".join(path.read_bytes() for path in (state / "tokens").iterdir())
    assert secret.encode() not in kept
    assert fails(state, "token", "UPPER") == "bad_device_id"


def test_publish_roll_out_look_and_take_back(state: Path, tmp_path: Path) -> None:
    model = tmp_path / "model.gguf"
    model.write_bytes(b"GGUF weights")
    (tmp_path / "confidence.json").write_bytes(b"{}")
    published = json.loads(run(state, "publish", str(model), "--name", "edge-1.0", "--json").stdout)
    manifest = FleetPlace(state).repository.manifest(published["release"])
    assert [file.role.value for file in manifest.files] == ["model", "calibration"]
    desk.hear(FleetPlace(state).store, ONE, Reported(0, "embedded", "0" * 64, UpdateState.IDLE), 1.0)
    started = json.loads(run(state, "rollout", "start", "edge-1.0", "--all", "--json").stdout)
    assert (started["state"], started["devices"]) == ("canary", [ONE])
    seen = json.loads(run(state, "status", "--json").stdout)
    assert seen["devices"][0]["wanted"] == "edge-1.0"
    assert run(state, "status").exit_code == 0
    assert "paused" in run(state, "rollout", "pause", started["rollout"]).stdout
    assert "canary" in run(state, "rollout", "resume", started["rollout"]).stdout
    assert "rolled_back" in run(state, "rollback", started["rollout"]).stdout
    known = FleetPlace(state).store.device(ONE)
    assert known is not None
    assert known.desired is not None
    assert (known.desired.release, known.desired.revision) == ("embedded", 2)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["publish", "nowhere.gguf", "--name", "edge-1.0"], "unreadable_file"),
        (["rollout", "start", "edge-9.9", "--all"], "unknown_release"),
        (["rollback", "rollout_9"], "unknown_rollout"),
        (["revoke", "never-seen-01"], "unknown_device"),
        (["init", "--root-keys", "1", "--root-threshold", "2"], "bad_threshold"),
    ],
)
def test_a_mistake_is_named(state: Path, arguments: list[str], code: str) -> None:
    assert fails(state, *arguments) == code


def test_a_release_name_is_used_once_and_shaped(state: Path, tmp_path: Path) -> None:
    model = tmp_path / "model.gguf"
    model.write_bytes(b"GGUF")
    assert run(state, "publish", str(model), "--name", "edge-1.0").exit_code == 0
    assert fails(state, "publish", str(model), "--name", "edge-1.0") == "release_exists"
    assert fails(state, "publish", str(model), "--name", "../edge") == "bad_release_id"
    assert fails(state, "rollout", "start", "edge-1.0", "--all") == "no_devices"
    assert fails(state, "rollout", "start", "edge-1.0") == "no_devices"


def test_without_init_every_command_says_what_to_do(tmp_path: Path) -> None:
    for arguments in (["token", ONE], ["status"], ["rollback", "x"], ["revoke", ONE]):
        assert fails(tmp_path / "nothing", *arguments) == "no_fleet"


def test_the_access_list_gives_a_device_its_own_topics_and_nothing_else() -> None:
    assert render_acl().split("\n") == [
        "user svc.conductor",
        "topic read tidegate/v1/dev/+/up/#",
        "topic write tidegate/v1/dev/+/down/#",
        "",
        "pattern read tidegate/v1/dev/%u/down/#",
        "pattern write tidegate/v1/dev/%u/up/#",
        "",
    ]


def test_a_file_that_is_no_model_is_not_signed(state: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "notes.gguf"
    wrong.write_bytes(b"shopping list")
    assert fails(state, "publish", str(wrong), "--name", "edge-1.0") == "not_a_model"
    assert fails(state, "rollout", "start", "edge-1.0", "--all") == "unknown_release"


def test_weights_that_nobody_measured_are_published_with_a_warning(state: Path, tmp_path: Path) -> None:
    model = tmp_path / "model.gguf"
    model.write_bytes(b"GGUF weights")
    assert "nobody has measured" in run(state, "publish", str(model), "--name", "edge-1.0").stdout
