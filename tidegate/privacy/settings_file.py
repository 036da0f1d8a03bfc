"""The part of a device's settings that says what is private and what becomes of it, for commands that need nothing else of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from tidegate.errors import BadConfig
from tidegate.privacy.actions import MASKED, Action, Handling
from tidegate.privacy.rules import NO_RULES, OwnRules, own_rules
from tidegate.privacy.spans import Label


class _Pattern(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: str
    expression: str
    label: Label = Label.CUSTOM


class _Privacy(msgspec.Struct, frozen=True, kw_only=True):
    """`[privacy]` without what only the daemon asks for (consent)."""

    actions: dict[Label, Action] = {}
    patterns: tuple[_Pattern, ...] = ()
    hide: tuple[str, ...] = ()
    show: tuple[str, ...] = ()


class _Settings(msgspec.Struct, frozen=True, kw_only=True):
    privacy: _Privacy = _Privacy()


@dataclass(frozen=True, slots=True)
class Own:
    """The operator's own rules, and the action for each kind."""

    rules: OwnRules = field(default=NO_RULES)
    handling: Handling = field(default=MASKED)


def own(file: Path | None) -> Own:
    """What `file` (TOML) says under `[privacy]`. Raises BadConfig naming the file, the key and the reason."""
    if file is None:
        return Own()
    try:
        found = msgspec.toml.decode(file.read_bytes(), type=_Settings).privacy
    except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
        raise BadConfig(f"{file}: {wrong}") from wrong
    handling = Handling(found.actions)
    rules = own_rules(
        patterns=((one.name, one.expression, one.label) for one in found.patterns),
        hide=found.hide,
        show=found.show,
        allow=handling.having(Action.ALLOW),
    )
    return Own(rules, handling)
