"""From the settings to the keeper of the promise."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from edge.config import AuditBy, EdgeConfig, Promised, Stated
from edge.device_key import DeviceKey
from edge.ports import House
from edge.promise.audits import Audits, Courier, Replies
from edge.promise.desk import Desk
from edge.promise.keeper import Keeper, Stance
from edge.promise.lines import Promises
from edge.store.promises import PromiseStore
from tidegate.clock import Clock
from tidegate.risk.calibrate import Calibration
from tidegate.risk.promise import Promise

_FINE = 1 << 53  # as fine as a float is


@dataclass(frozen=True, slots=True)
class Ways:
    """How an audit leaves, and where what comes back is looked at."""

    courier: Courier
    replies: Replies
    house: Callable[[], House]


def promises_of(stated: Promised) -> Promises:
    """What the operator promised."""
    device = None if stated.wrong_at_most is None else Promise(stated.wrong_at_most, stated.with_confidence)
    return Promises(
        device,
        {name: _promise(one) for name, one in stated.applications.items()},
        {task: _promise(one) for task, one in stated.classes.items()},
    )


def stance_of(config: EdgeConfig) -> Stance:
    watched = config.promise.audit if config.escalates else 0.0
    return Stance(promises_of(config.promise), watched, config.policy.keep_at or 0.0)


def keeper_of(
    config: EdgeConfig,
    store: PromiseStore,
    calibration: Callable[[], Calibration | None],
    key: DeviceKey,
    clock: Clock,
) -> Keeper:
    """The keeper of this device. Draws come from the system's randomness: nobody can foresee which answers are checked."""
    return Keeper(
        stance_of(config),
        store,
        calibration,
        key=key,
        clock=clock,
        draw=lambda: secrets.randbelow(_FINE) / _FINE,
    )


def _promise(one: Stated) -> Promise:
    return Promise(one.wrong_at_most, one.with_confidence)


def desk_of(
    keeper: Keeper, config: EdgeConfig, store: PromiseStore, key: DeviceKey, ways: Ways | None
) -> Desk:
    """The desk at the door. Without ways out nothing can be audited."""
    if ways is None:
        return Desk(keeper, store, None)
    by_person = config.promise.audit_by is AuditBy.PERSON
    return Desk(keeper, store, Audits(keeper, store, ways.courier, ways.replies, ways.house, key, by_person))
