"""Gathers what `edge.preference` judges: from a state folder, or from the running daemon. Reads alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from edge.config import EdgeConfig
from edge.preference import Device, Preference, Recent, judge
from edge.promise import view
from edge.promise.keeper import Keeper
from edge.promise.ledger import Sheet, sheets
from edge.promise.settings import stance_of
from edge.routing.confidence import KEEP_AT
from edge.store.journal import JournalStore
from edge.store.promises import PromiseStore
from edge.stores import Stores
from tidegate.errors import BadConfig, Broken

DAY_S = 86_400.0
WEEK_S = 7 * DAY_S
_EVENTS = 200


class Model(Protocol):
    """The local model as it is looked at."""

    @property
    def ready(self) -> bool: ...

    @property
    def calibrated(self) -> bool: ...

    @property
    def keep_at(self) -> float: ...


def recent_of(journal: JournalStore, now: float) -> Recent:
    day = now - DAY_S
    return Recent(journal.reasons(day, now + 1.0), journal.reasons(day - WEEK_S, day))


def from_folder(config: EdgeConfig, stores: Stores, now: float) -> Preference:
    """As the state folder and the model's own files have it; the model is not loaded. Raises Broken for a damaged folder."""
    ready, calibration = config.model.enabled, None
    try:
        calibration = view.calibration_of(config)
    except (Broken, BadConfig, OSError):
        ready = False
    promised = sheets(config, stores.promises, calibration) if ready else ()
    own = calibration.keep_at if calibration is not None else KEEP_AT
    device = Device(
        config.mode, config.model.enabled, ready, calibration is not None, _keep_at(config, own), promised
    )
    return judge(device, recent_of(stores.journal, now))


def from_daemon(
    config: EdgeConfig, local: Model, promised: Sequence[Sheet], journal: JournalStore, now: float
) -> Preference:
    """As the running daemon has it."""
    keep_at = _keep_at(config, local.keep_at)
    device = Device(
        config.mode, config.model.enabled, local.ready, local.calibrated, keep_at, tuple(promised)
    )
    return judge(device, recent_of(journal, now))


def standing_sheets(config: EdgeConfig, keeper: Keeper, store: PromiseStore) -> tuple[Sheet, ...]:
    """The lines of a running daemon's promise as they stand this moment."""
    standings = keeper.standings()
    events = store.events(_EVENTS) if standings else ()
    at_least = stance_of(config).at_least
    return tuple(
        Sheet(
            one.line,
            one.terms,
            one.saved,
            one.watch,
            tuple(event for event in events if event.line == one.line.key),
            (),
            at_least,
        )
        for one in standings
    )


def _keep_at(config: EdgeConfig, own: float) -> float:
    return config.policy.keep_at if config.policy.keep_at is not None else own
