"""Which settings change in flight: a table, and the promise that a refused key keeps its old value."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.config import Door, EdgeConfig, Fleet, Memory, Mode, Model, Privacy, Rules, Uplink
from edge.reload.rules import LIVE_GROUPS, LIVE_KEYS, is_live, settle
from tidegate import config
from tidegate.privacy.actions import Action
from tidegate.privacy.spans import Label

OLD = EdgeConfig(state=Path("s"))


@pytest.mark.parametrize(
    ("new", "applied", "refused"),
    [
        (OLD, (), ()),
        (
            EdgeConfig(state=Path("s"), policy=Rules(version="v-2", keep_at=0.5)),
            ("policy.version", "policy.keep_at"),
            (),
        ),
        (EdgeConfig(state=Path("s"), door=Door(port=1, per_minute=9)), ("door.per_minute",), ("door.port",)),
        (EdgeConfig(state=Path("s"), uplink=Uplink(address="127.0.0.1:1")), (), ("uplink.address",)),
        (EdgeConfig(state=Path("t")), (), ("state",)),
        (
            EdgeConfig(state=Path("s"), model=Model(path=Path("m"), threads=2)),
            ("model.path",),
            ("model.threads",),
        ),
        (
            EdgeConfig(state=Path("s"), model=Model(enabled=False, path=Path("m"))),
            ("model.path",),
            ("model.enabled",),
        ),
        (EdgeConfig(state=Path("s"), mode=Mode.ASK), ("mode",), ()),
        (EdgeConfig(state=Path("s"), mode=Mode.LOCAL_ONLY), (), ("mode",)),
        (EdgeConfig(state=Path("s"), memory=Memory(applications=("a",))), ("memory.applications",), ()),
    ],
)
def test_what_is_taken_and_what_waits(
    new: EdgeConfig, applied: tuple[str, ...], refused: tuple[str, ...]
) -> None:
    change = settle(OLD, new)
    assert (change.applied, change.needs_restart) == (applied, refused)


def test_what_waits_keeps_its_old_value_and_the_rest_is_new() -> None:
    change = settle(
        OLD, EdgeConfig(state=Path("s"), door=Door(port=1, per_minute=9), policy=Rules(version="v-2"))
    )
    assert change.settings == EdgeConfig(
        state=Path("s"), door=Door(per_minute=9), policy=Rules(version="v-2")
    )
    assert settle(change.settings, change.settings).applied == ()


def test_the_fleet_decides_about_the_model_of_a_managed_device() -> None:
    old = EdgeConfig(state=Path("s"), fleet=Fleet(broker="127.0.0.1:1"))
    new = EdgeConfig(state=Path("s"), fleet=Fleet(broker="127.0.0.1:1"), model=Model(path=Path("m")))
    assert settle(old, new).needs_restart == ("model.path",)


@pytest.mark.parametrize(
    ("new", "made"),
    [
        (EdgeConfig(state=Path("s"), policy=Rules(keep_at=0.5)), False),
        (EdgeConfig(state=Path("s"), policy=Rules(names=False)), True),
        (EdgeConfig(state=Path("s"), privacy=Privacy(hide=("Aurelia",))), True),
        (EdgeConfig(state=Path("s"), privacy=Privacy(actions={Label.PERSON: Action.PSEUDONYMISE})), True),
        (EdgeConfig(state=Path("s"), privacy=Privacy(consent_for={})), False),
    ],
)
def test_detectors_are_made_anew_only_when_they_would_differ(new: EdgeConfig, made: bool) -> None:
    assert settle(OLD, new).detectors is made


def test_every_live_key_is_a_setting() -> None:
    known = set(config.keys(EdgeConfig))
    assert set(LIVE_KEYS) <= known
    assert {key.partition(".")[0] for key in known} >= set(LIVE_GROUPS)
    assert not is_live("door.port")
    assert not is_live("uplink.address")
    assert is_live("promise.audit")
    assert not is_live("promise.audit_by")
