"""The fleet as the console shows it: devices, what they run, how their promises stand, rollouts. Values; pure but for `FleetWatch`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from cloud.console.show import age
from cloud.fleet.registry import Device, FleetStore
from cloud.fleet.rollout import Rollout
from tidegate.clock import Clock, rfc3339
from tidegate.errors import TidegateError
from tidegate.health import Health, PromiseLine, Scope
from tidegate.risk.monitor import State
from tidegate.updates import Fault, UpdateState

_AGAIN_S = 5.0
_SCOPES = {Scope.DEVICE: "", Scope.CLASS: "", Scope.APPLICATION: "one application: "}
_TASKS = {"calls": "calls of tools", "results": "what tools gave back", "prose": "prose"}
_STATES = {
    State.KEEPING: ("kept", "good"),
    State.TIGHTENED: ("alarm: tightened", "care"),
    State.STOPPED: ("alarm: stopped", "bad"),
}


@dataclass(frozen=True, slots=True)
class PromiseRow:
    """One promise of a device. `seen`: wrong ones among those checked, in words."""

    name: str
    state: str
    sign: str
    allowed: str
    kept: int
    checked: int
    wrong: int
    since: str


@dataclass(frozen=True, slots=True)
class DeviceRow:
    id: str
    link: str
    sign: str
    seen: str
    runs: str
    weights: str
    wanted: str
    update: str
    fault: str
    here: str
    spooled: int
    promises: tuple[PromiseRow, ...] = ()

    @property
    def alarms(self) -> tuple[PromiseRow, ...]:
        return tuple(row for row in self.promises if row.sign in ("care", "bad"))


@dataclass(frozen=True, slots=True)
class RolloutRow:
    id: str
    release: str
    state: str
    sign: str
    done: int
    failed: int
    of: int
    faults: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class FleetSeen:
    devices: tuple[DeviceRow, ...] = ()
    rollouts: tuple[RolloutRow, ...] = ()
    failed: str = ""  # why it cannot be read

    @property
    def alarms(self) -> int:
        """Devices whose promise is broken."""
        return sum(bool(device.alarms) for device in self.devices)

    @property
    def online(self) -> int:
        return sum(device.link == "online" for device in self.devices)


def device_row(device: Device, now: float) -> DeviceRow:
    link = "revoked" if device.revoked else "online" if device.online else "offline"
    reported, health = device.reported, device.health
    return DeviceRow(
        id=device.id,
        link=link,
        sign={"online": "good", "offline": "care", "revoked": "bad"}[link],
        seen=f"{age(now - device.seen_at)} ago" if device.seen_at else "never",
        runs=reported.running_release if reported is not None else "not known",
        weights=reported.running_digest[:12] if reported is not None else "",
        wanted=device.desired.release if device.desired is not None and device.lags else "",
        update=_update(device),
        fault=reported.last_fault.value.replace("_", " ")
        if reported is not None and reported.last_fault is not Fault.NONE
        else "",
        here=_here(health),
        spooled=health.spooled if health is not None else 0,
        promises=tuple(promise_row(line) for line in health.lines) if health is not None else (),
    )


def _update(device: Device) -> str:
    progress = device.progress
    if progress is not None and progress.state not in (
        UpdateState.IDLE,
        UpdateState.COMMITTED,
        UpdateState.FAILED,
    ):
        percent = f" {progress.percent} %" if progress.state is UpdateState.FETCHING else ""
        return progress.state.value + percent
    return device.reported.state.value if device.reported is not None else ""


def _here(health: Health | None) -> str:
    if health is None:
        return "not told"
    return f"{health.here} of {health.asked}" if health.asked else "nothing asked"


def promise_row(line: PromiseLine) -> PromiseRow:
    state, sign = _STATES[line.state] if line.possible else ("not possible", "off")
    return PromiseRow(
        _SCOPES[line.scope] + _TASKS.get(line.task, line.task),
        state,
        sign,
        f"{100 * line.wrong_at_most:g} %",
        line.kept,
        line.right + line.wrong,
        line.wrong,
        rfc3339(line.alarm_at) if line.alarm_at else "",
    )


def rollout_row(item: Rollout) -> RolloutRow:
    members = item.members.values()
    failed = sum(m.settled and not m.done for m in members)
    state = item.state.value
    sign = {"complete": "good", "paused": "care", "rolled_back": "bad"}.get(state, "off")
    faults = {
        device: m.fault.value.replace("_", " ")
        for device, m in item.members.items()
        if m.fault is not Fault.NONE
    }
    return RolloutRow(
        item.id,
        item.release,
        state.replace("_", " "),
        "care" if failed and sign == "good" else sign,
        sum(m.done for m in members),
        failed,
        len(members),
        tuple(sorted(faults.items())),
    )


def fleet_seen(store: FleetStore, now: float) -> FleetSeen:
    """Devices with an alarm first, then by name; the newest rollout first."""
    rows = [device_row(device, now) for device in store.devices()]
    rows.sort(key=lambda row: (not row.alarms, row.id))
    return FleetSeen(tuple(rows), tuple(rollout_row(one) for one in reversed(store.rollouts())))


@dataclass(slots=True)
class FleetWatch:
    """Reads the registry at most every five seconds, however many pages are asked for. Use from one thread."""

    open: Callable[[], FleetStore | None]  # None: there is no fleet
    clock: Clock
    _seen: FleetSeen | None = field(default=None, init=False)
    _at: float = field(default=float("-inf"), init=False)

    def look(self) -> FleetSeen | None:
        """None where there is no fleet. A registry that cannot be read is said, and ends no page."""
        now = self.clock.mono()
        if now - self._at >= _AGAIN_S:
            self._at, self._seen = now, self._fresh()
        return self._seen

    def _fresh(self) -> FleetSeen | None:
        try:
            store = self.open()
            return None if store is None else fleet_seen(store, self.clock.now())
        except TidegateError as error:
            return FleetSeen(failed=error.message)
        except OSError as error:
            return FleetSeen(failed=f"the fleet's registry cannot be read: {error.strerror}")
