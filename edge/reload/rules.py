"""What a daemon takes from settings that were changed under it. Pure: two settings in, one decision out.

Rule 1: a key is live when it is listed here; any other needs a restart, until somebody has shown how it changes in flight.
Rule 2: what needs a restart keeps its old value, and is named; the rest is applied together or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from edge.config import EdgeConfig
from edge.routing.mode import Mode
from tidegate import config

LIVE_GROUPS = ("policy", "privacy", "promise", "vitals", "budget", "journal", "memory", "logs", "agent")
NOT_LIVE = ("promise.audit_by",)  # of these groups: who checks is chosen when the way out is built
LIVE_KEYS = (
    "mode_for",
    "tools",
    "mcp",
    "door.max_body_bytes",
    "door.max_depth",
    "door.max_in_flight",
    "door.max_waiting",
    "door.max_per_application",
    "door.per_minute",
    "door.write_timeout_s",
    "door.deadline_s",
    "model.path",
    "uplink.metered_bytes_a_day",
)
MODEL = "model.path"
_SENTRY = ("policy.names", "policy.encoder", "policy.public_words")  # what the detectors are made of
_UNSEEN = ("privacy.consent", "privacy.consent_for")  # of privacy, what they are not made of


@dataclass(frozen=True, slots=True)
class Change:
    """`settings` is what the daemon shall run with: the new values that are live, the old ones of all others."""

    settings: EdgeConfig
    applied: tuple[str, ...]
    needs_restart: tuple[str, ...]

    @property
    def model(self) -> bool:
        return MODEL in self.applied

    @property
    def agent(self) -> bool:
        """Whether what an agent may use, or how its rooms are kept, has changed."""
        return any(key in ("tools", "mcp") or key.startswith(("agent.", "door.")) for key in self.applied)

    @property
    def detectors(self) -> bool:
        """Whether what finds private text, or what becomes of it, has changed."""
        return any(
            key in _SENTRY or (key.startswith("privacy.") and key not in _UNSEEN) for key in self.applied
        )


def settle(old: EdgeConfig, new: EdgeConfig) -> Change:
    """What of `new` a daemon that runs with `old` takes."""
    changed = [key for key in config.keys(EdgeConfig) if _value(old, key) != _value(new, key)]
    applied = tuple(key for key in changed if _lives(key, old, new))
    settings = old
    for key in applied:
        settings = _with(settings, key, _value(new, key))
    return Change(settings, applied, tuple(key for key in changed if key not in applied))


def is_live(key: str) -> bool:
    """Whether the key can change in flight, as far as that depends on the key alone."""
    lives = key in LIVE_KEYS or key.partition(".")[0] in LIVE_GROUPS or key == "mode"
    return lives and key not in NOT_LIVE


def _lives(key: str, old: EdgeConfig, new: EdgeConfig) -> bool:
    """A model is the fleet's business on a managed device; the way out is not built, nor torn down, in flight."""
    if key == MODEL:
        return not old.managed and old.model.enabled
    if key == "mode":
        return Mode.LOCAL_ONLY not in (old.mode, new.mode)
    return is_live(key)


def _value(settings: msgspec.Struct, key: str) -> object:
    found: object = settings
    for name in key.split("."):
        found = getattr(found, name)
    return found


def _with(settings: EdgeConfig, key: str, value: object) -> EdgeConfig:
    group, _, name = key.rpartition(".")
    if not group:
        return msgspec.structs.replace(settings, **{name: value})
    inside: msgspec.Struct = getattr(settings, group)
    return msgspec.structs.replace(settings, **{group: msgspec.structs.replace(inside, **{name: value})})
