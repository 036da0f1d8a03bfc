"""What to do about a call that failed, as a table: at once, later, or never; and whether the way itself is to blame. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """What went wrong with a call to the cloud. The values are the codes of the errors that say it."""

    UNREACHABLE = "cloud_unreachable"
    SLOW = "cloud_slow"
    BUSY = "cloud_busy"
    FAILED = "cloud_failed"  # the cloud answered, with a defect of its own
    CROSSED = "cloud_crossed"  # two calls got in each other's way
    FOREIGN = "foreign_answer"  # somebody who is not the cloud answered: a captive portal
    TLS_REFUSED = "tls_refused"
    DEVICE_REFUSED = "device_refused"
    MISMATCH = "wire_mismatch"


class Again(StrEnum):
    NOW = "now"
    LATER = "later"
    NEVER = "never"  # not by itself: an identity or a release has to change first


@dataclass(frozen=True, slots=True)
class Rule:
    """`way`: it counts against the link. Waits double from `first_s` to `most_s` (seconds)."""

    again: Again
    way: bool
    first_s: float = 1.0
    most_s: float = 60.0


TABLE: Mapping[Fault, Rule] = {
    Fault.UNREACHABLE: Rule(Again.LATER, way=True),
    Fault.SLOW: Rule(Again.LATER, way=True, first_s=2.0),
    Fault.BUSY: Rule(Again.LATER, way=False, first_s=5.0, most_s=300.0),  # the way works: press less
    Fault.FAILED: Rule(Again.LATER, way=False, first_s=2.0, most_s=300.0),
    Fault.CROSSED: Rule(Again.NOW, way=False),
    Fault.FOREIGN: Rule(Again.LATER, way=True, first_s=5.0),
    Fault.TLS_REFUSED: Rule(Again.NEVER, way=False),
    Fault.DEVICE_REFUSED: Rule(Again.NEVER, way=False),
    Fault.MISMATCH: Rule(Again.NEVER, way=False),
}

STATUS: Mapping[str, Fault] = {  # every status of gRPC that is not OK
    "CANCELLED": Fault.UNREACHABLE,
    "UNKNOWN": Fault.FAILED,
    "INVALID_ARGUMENT": Fault.MISMATCH,
    "DEADLINE_EXCEEDED": Fault.SLOW,
    "NOT_FOUND": Fault.MISMATCH,
    "ALREADY_EXISTS": Fault.CROSSED,
    "PERMISSION_DENIED": Fault.DEVICE_REFUSED,
    "RESOURCE_EXHAUSTED": Fault.BUSY,
    "FAILED_PRECONDITION": Fault.MISMATCH,
    "ABORTED": Fault.CROSSED,
    "OUT_OF_RANGE": Fault.MISMATCH,
    "UNIMPLEMENTED": Fault.MISMATCH,
    "INTERNAL": Fault.FAILED,
    "UNAVAILABLE": Fault.UNREACHABLE,
    "DATA_LOSS": Fault.FAILED,
    "UNAUTHENTICATED": Fault.DEVICE_REFUSED,
}

AT_ONCE = 1  # so often a call is repeated without a wait; after that NOW waits like LATER


def fault_of(code: str) -> Fault:
    """The fault an error's code speaks of; one that is not in the table is taken for an unreachable cloud."""
    return Fault(code) if code in _CODES else Fault.UNREACHABLE


_CODES = frozenset(fault.value for fault in Fault)


def delay(fault: Fault, attempts: int, draw: float) -> float:
    """Seconds until the next try after so many earlier failures. Half of the wait is fixed, half is drawn (`draw`, 0..1):
    devices that lost the cloud together do not come back together."""
    rule = TABLE[fault]
    if rule.again is Again.NOW and attempts < AT_ONCE:
        return 0.0
    whole = min(rule.most_s, rule.first_s * 2.0 ** min(attempts, 16))
    return whole * (0.5 + 0.5 * draw)
