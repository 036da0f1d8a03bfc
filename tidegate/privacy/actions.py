"""What becomes of a private value of each kind before it leaves: the operator's choice, one word per kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from tidegate.privacy.spans import Label


class Action(StrEnum):
    """`mask` is what happens without a word of the operator."""

    MASK = "mask"  # a placeholder; comes back exactly
    PSEUDONYMISE = (
        "pseudonymise"  # another value of the kind, the same for the whole conversation; comes back
    )
    GENERALISE = "generalise"  # a year for a date, a band for an age, a town for an address; what was left out does not come back
    BLOCK = "block"  # a placeholder, and the request never leaves the device
    ALLOW = "allow"  # left as it is


@dataclass(frozen=True, slots=True)
class Handling:
    """Which action each kind gets. Kinds that cannot be pseudonymised or generalised are masked instead."""

    actions: Mapping[Label, Action] = field(default_factory=lambda: MappingProxyType({}))

    def of(self, kind: str) -> Action:
        """The action for a kind; LITERAL, and every kind without a word, is masked."""
        return next((action for label, action in self.actions.items() if label == kind), Action.MASK)

    def having(self, action: Action) -> frozenset[Label]:
        """The kinds with this action."""
        return frozenset(label for label, one in self.actions.items() if one is action)


MASKED = Handling()
