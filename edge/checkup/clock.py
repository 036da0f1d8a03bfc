"""Whether this device's clock can be right. Certificates, expiry and the journal rest on it, and a device may start without a battery."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

from edge.checkup.found import Check, Finding
from edge.config import EdgeConfig
from tidegate.clock import SystemClock, rfc3339

SLACK_S = 120.0  # of two processes that write down moments
_TIMEX_BYTES = 512  # more than any struct timex
_NOT_SYNCHRONISED = 5  # TIME_ERROR of adjtimex(2)
_SET_IT = (
    "set the clock (`timedatectl set-ntp true`, or a battery for the clock), then start the daemon again"
)


@dataclass(frozen=True, slots=True)
class Signs:
    """What speaks about the clock. Seconds since 1970; 0: there is none. `synchronised` None: the system does not say."""

    now: float
    newest: float = 0.0  # the latest moment this device has written down
    begins: float = 0.0  # of this device's certificate
    synchronised: bool | None = None


def judge(part: str, signs: Signs) -> Check:
    """The first sign that speaks against the clock. Pure."""
    says = f"it says {rfc3339(signs.now)}"
    if signs.begins and signs.now < signs.begins - SLACK_S:
        said = f"{says}, before this device's certificate begins ({rfc3339(signs.begins)}): no connection can work"
        return Check(part, Finding.BROKEN, said, _SET_IT)
    if signs.newest and signs.now < signs.newest - SLACK_S:
        said = f"{says}, but this device has written down {rfc3339(signs.newest)} already: it was set back"
        return Check(part, Finding.ATTENTION, said, _SET_IT)
    if signs.synchronised is False:
        return Check(part, Finding.ATTENTION, f"{says}; no time server has set it", _SET_IT)
    known = "a time server sets it" if signs.synchronised else "whether a time server sets it is not known"
    return Check(part, Finding.OK, f"{says}; {known}")


def look(part: str, config: EdgeConfig) -> Check:
    return judge(part, Signs(SystemClock().now(), _newest(config), _begins(config), synchronised()))


def synchronised() -> bool | None:
    """What the kernel says of its clock; None where it cannot be asked."""
    try:
        ask = ctypes.CDLL(None).adjtimex
    except (OSError, AttributeError):
        return None
    ask.restype = ctypes.c_int
    state = int(ask(ctypes.create_string_buffer(_TIMEX_BYTES)))  # modes 0: nothing is changed
    return None if state < 0 else state != _NOT_SYNCHRONISED


def _newest(config: EdgeConfig) -> float:
    """The later of the newest decision and the newest record of the ledger."""
    if not (config.state / "durable.db").exists():
        return 0.0
    from edge.stores import stores_of

    with stores_of(config) as stores:
        lines, records = stores.journal.latest(1), stores.ledger.latest(1)
    return max(lines[0].at if lines else 0.0, float(records[0].at) if records else 0.0)


def _begins(config: EdgeConfig) -> float:
    """When this device's certificate begins; 0 where it has none, or one that the check of the identity is about."""
    try:
        pem = (config.identity / "cert.pem").read_bytes()
    except OSError:
        return 0.0
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificate(pem).not_valid_before_utc.timestamp()
    except ValueError:
        return 0.0
