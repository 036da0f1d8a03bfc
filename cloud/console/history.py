"""The audit log as people read it: a sentence an entry, its ids, and the raw bytes that were hashed. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from cloud.audit.log import Entry
from cloud.console.show import REASONS
from cloud.ports import HoldReason
from tidegate.clock import rfc3339

_REJECTED = {
    "not_redacted": "private text stood in it",
    "injection": "it read as an attack",
    "too_large": "it was too large",
    "malformed": "it could not be read",
    "policy": "policy forbids it",
    "failed_check": "a check failed",
    "reviewer": "a person turned it down",
    "unknown_ticket": "nobody knew its ticket",
    "conflict": "the same key came with other bytes",
    "expired": "nobody decided in time",
}
_WORDS = {
    "released": "answered without a person",
    "held": "held for a person",
    "rejected": "rejected",
    "decided": "decided by a person",
    "expired": "nobody decided in time",
    "withdrawn": "taken back by its device",
    "operator": "an account was changed",
}


@dataclass(frozen=True, slots=True)
class Told:
    """`kind` is a closed word of the log, for the colour; `fixed` the head after the entry, shortened."""

    index: int
    at: str
    kind: str
    what: str
    why: str
    who: str
    case: str
    raw: str
    fixed: str

    @property
    def seen_by_people(self) -> bool:
        """Whether the case was held: only then there is a page about it."""
        return self.kind in ("held", "decided", "expired", "withdrawn")


def told(entry: Entry) -> Told:
    """An entry. Bytes that are no JSON object are shown as they are: the proof of the log is another page's work."""
    raw = entry.body.decode(errors="replace")
    try:
        facts = msgspec.json.decode(entry.body, type=dict[str, str | int | bool | list[str]])
    except (msgspec.DecodeError, msgspec.ValidationError):
        return Told(entry.index, "", "unknown", "cannot be read", "", "", "", raw, entry.head.hex()[:16])
    kind, at = str(facts.get("kind", "")), facts.get("at")
    return Told(
        entry.index,
        rfc3339(float(at)) if isinstance(at, int) else "",
        kind,
        _WORDS.get(kind, kind.replace("_", " ")),
        _why(facts),
        str(facts.get("device") or facts.get("name") or facts.get("user") or ""),
        str(facts.get("case", "")),
        raw,
        entry.head.hex()[:16],
    )


def _why(facts: dict[str, str | int | bool | list[str]]) -> str:
    """The reason, or who decided what."""
    reason, operator = str(facts.get("reason", "")), str(facts.get("operator", ""))
    if operator:
        return f"{operator}: {facts.get('decision', '')}".removesuffix(": ")
    if reason in set(HoldReason):
        return REASONS[HoldReason(reason)]
    return _REJECTED.get(reason, reason.replace("_", " "))
