"""How one declared tool is carried out, behind one small Protocol: a file per kind."""

from __future__ import annotations

from typing import Protocol

from edge.agent.values import Outcome
from tidegate.chat import JSON


class Hand(Protocol):
    """Carries out calls of one tool. Raises BadRequest for arguments that cannot be carried out; nothing was done then."""

    async def act(self, arguments: dict[str, JSON], key: str) -> Outcome:
        """`key` names this call: a repeat after a power cut has the same."""
        ...
