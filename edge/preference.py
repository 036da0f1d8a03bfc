"""Whether this device answers what it may answer itself, and what stands in the way: a local preference must not stop in silence.

Pure. The doctor, the status in the terminal and the status page say the same, out of this.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from edge.pages import words
from edge.promise.ledger import Sheet
from edge.routing.mode import Mode
from tidegate.chat import JSON
from tidegate.risk.calibrate import PRIOR
from tidegate.risk.monitor import State
from tidegate.risk.promise import binomial_tail
from tidegate.risk.terms import Support

ENOUGH = 10  # requests of a day before "none of them was answered here" is worth a word
ENOUGH_BEFORE = 30  # of the week before, before a fall is one
RARELY = 0.01  # a fall that chance alone would bring less often than this
_NAMED = 3  # reasons that are named


class Hindrance(StrEnum):
    """What keeps answers of this device's own model from being kept. Closed."""

    SWITCHED_OFF = "switched_off"
    NO_MODEL = "no_model"
    NEVER_MEASURED = "never_measured"
    CLOUD_FIRST = "cloud_first"
    ALARM_STOPPED = "alarm_stopped"
    ALARM_TIGHTENED = "alarm_tightened"
    NO_PROMISE_POSSIBLE = "no_promise_possible"


@dataclass(frozen=True, slots=True)
class Found:
    """One hindrance. `what`: the lines of the promise it is about; `all`: nothing at all is kept because of it."""

    hindrance: Hindrance
    what: tuple[str, ...] = ()
    all: bool = False

    @property
    def said(self) -> str:
        return _SAID[self.hindrance] + (f" {', '.join(map(words.line, self.what))}" if self.what else "")

    @property
    def next(self) -> str:
        return _NEXT[self.hindrance]


_SAID: Mapping[Hindrance, str] = {
    Hindrance.SWITCHED_OFF: "the local model is switched off",
    Hindrance.NO_MODEL: "no local model could be loaded",
    Hindrance.NEVER_MEASURED: "nobody has measured the local model, so its answers are not believed",
    Hindrance.CLOUD_FIRST: "the mode asks the cloud first",
    Hindrance.ALARM_STOPPED: "an alarm of the promise has stopped answers here, of",
    Hindrance.ALARM_TIGHTENED: "an alarm of the promise keeps only the surer half, of",
    Hindrance.NO_PROMISE_POSSIBLE: "no promise can be made, so all is escalated, of",
}
_NEXT: Mapping[Hindrance, str] = {
    Hindrance.SWITCHED_OFF: "set model.enabled to true",
    Hindrance.NO_MODEL: "`tidegate edge doctor` says what is wrong with its file",
    Hindrance.NEVER_MEASURED: "use a model with its calibration (docs/models.md)",
    Hindrance.CLOUD_FIRST: 'set mode to "prefer-local" to try here first',
    Hindrance.ALARM_STOPPED: "`tidegate risk ledger` shows what was found; a model with a new fit ends it",
    Hindrance.ALARM_TIGHTENED: "`tidegate risk ledger` shows what was found; a model with a new fit ends it",
    Hindrance.NO_PROMISE_POSSIBLE: "promise less, or bring a model with outcomes of that kind (docs/promise.md)",
}


@dataclass(frozen=True, slots=True)
class Device:
    """What the answer depends on. `keep_at`: without a promise."""

    mode: Mode
    enabled: bool
    ready: bool
    measured: bool
    keep_at: float
    promised: tuple[Sheet, ...] = ()


@dataclass(frozen=True, slots=True)
class Recent:
    """Requests of a day, and of the week before, by (source, reason)."""

    day: Mapping[tuple[str, str], int]
    before: Mapping[tuple[str, str], int]

    @property
    def asked(self) -> int:
        return sum(self.day.values())

    @property
    def here(self) -> int:
        return _here(self.day)

    @property
    def reasons(self) -> tuple[tuple[str, int], ...]:
        """Why requests of the day were not answered here, the most frequent first."""
        counts: dict[str, int] = {}
        for (source, why), count in self.day.items():
            if source != "device":
                counts[why] = counts.get(why, 0) + count
        return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    @property
    def fell(self) -> bool:
        """Whether fewer than half as many stay as in the week before, and not by chance."""
        asked, stayed = sum(self.before.values()), _here(self.before)
        if asked < ENOUGH_BEFORE or self.asked < ENOUGH:
            return False
        half = stayed / asked / 2
        return self.here / self.asked < half and _at_most(self.here, self.asked, half) < RARELY


@dataclass(frozen=True, slots=True)
class Preference:
    """The verdict. `well`: answers stay here as the settings want it, as far as can be seen."""

    well: bool
    found: tuple[Found, ...]
    recent: Recent
    wanted: bool = True  # the mode wants answers to stay

    @property
    def said(self) -> str:
        """One sentence: how many stayed, and why the others did not."""
        parts = [one.said for one in self.found]
        if self.recent.fell:
            parts.append("far fewer stay here than in the week before")
        return "; ".join([counted(self.recent), *parts])

    @property
    def next(self) -> str:
        if self.well:
            return ""
        if self.found:
            return self.found[0].next
        return "`tidegate plan --signals` shows what a request comes to; `tidegate risk replay` what other settings would do"


def hindrances(device: Device) -> tuple[Found, ...]:
    """What stands in the way, the most important first."""
    if not device.enabled:
        return (Found(Hindrance.SWITCHED_OFF, all=True),)
    if not device.ready:
        return (Found(Hindrance.NO_MODEL, all=True),)
    found: list[Found] = []
    if not device.measured and (device.promised or device.keep_at > PRIOR):
        return (Found(Hindrance.NEVER_MEASURED, all=True),)
    if device.mode is Mode.PREFER_CLOUD:
        found.append(Found(Hindrance.CLOUD_FIRST))
    for hindrance, lines in (
        (Hindrance.ALARM_STOPPED, _in_state(device.promised, State.STOPPED)),
        (Hindrance.ALARM_TIGHTENED, _in_state(device.promised, State.TIGHTENED)),
        (Hindrance.NO_PROMISE_POSSIBLE, _impossible(device.promised)),
    ):
        if lines:
            found.append(Found(hindrance, lines, all=len(lines) == len(device.promised)))
    return tuple(found)


def judge(device: Device, recent: Recent) -> Preference:
    """Whether local answers go on as the settings want them to."""
    found = hindrances(device)
    wanted = device.mode is not Mode.PREFER_CLOUD
    alarmed = any(one.hindrance in (Hindrance.ALARM_STOPPED, Hindrance.ALARM_TIGHTENED) for one in found)
    none = recent.asked >= ENOUGH and recent.here == 0
    stopped = any(one.all for one in found if one.hindrance is not Hindrance.SWITCHED_OFF)
    ill = alarmed or stopped or (wanted and device.enabled and (none or recent.fell))
    return Preference(not ill, found, recent, wanted)


def counted(recent: Recent) -> str:
    """How many of a day's requests stayed here, and why the others did not."""
    if not recent.asked:
        return "nothing was asked in the last day"
    here = f"{recent.here} of {recent.asked} requests of the last day were answered here"
    others = [f"{count}: {words.why(why)}" for why, count in recent.reasons[:_NAMED]]
    more = sum(count for _, count in recent.reasons[_NAMED:])
    if more:
        others.append(f"{more} for other reasons")
    return f"{here}; the others: {', '.join(others)}" if others else here


def told(preference: Preference) -> dict[str, JSON]:
    """For programs."""
    return {
        "well": preference.well,
        "asked": preference.recent.asked,
        "answered_here": preference.recent.here,
        "not_here": dict(preference.recent.reasons),
        "fell": preference.recent.fell,
        "hindrances": [
            {"hindrance": one.hindrance, "lines": list(one.what), "all": one.all} for one in preference.found
        ],
        "said": preference.said,
        "next": preference.next,
    }


def _in_state(promised: Iterable[Sheet], state: State) -> tuple[str, ...]:
    return tuple(one.line.key for one in promised if one.terms.holds and one.state is state)


def _impossible(promised: Iterable[Sheet]) -> tuple[str, ...]:
    return tuple(
        one.line.key
        for one in promised
        if not one.terms.holds and one.terms.support is not Support.NO_CALIBRATION
    )


def _here(counts: Mapping[tuple[str, str], int]) -> int:
    return sum(count for (source, _), count in counts.items() if source == "device")


def _at_most(hits: int, of: int, share: float) -> float:
    """The chance of at most so many hits; counted exactly, and of the first thousand alone where there are more."""
    if of > 1000:
        hits, of = round(hits * 1000 / of), 1000
    return binomial_tail(hits, of, share)
