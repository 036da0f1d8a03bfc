"""What an agent needs from the rest of the device: small Protocols, owned by the agent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from edge.agent.grants import Grant
from edge.agent.values import Outcome, Tool
from edge.ports import Answer, Request
from tidegate.chat import JSON


@dataclass(frozen=True, slots=True)
class Sealed:
    """A run on disk. What it is about is sealed; whose it is and where it stands is not."""

    id: str
    application: str
    conversation: str
    state: str
    created_at: float
    updated_at: float
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person said about the call with that digest, when it asked that question (`Call.question`)."""

    id: str
    run: str
    question: str
    digest: str
    approved: bool
    by: str
    at: float


class RunShelf(Protocol):
    """Runs on disk. Writing raises Exhausted when there is no room; what was written is durable."""

    def put(self, run: Sealed) -> None: ...

    def get(self, run: str) -> Sealed | None: ...

    def live(self) -> Sequence[Sealed]: ...

    def latest(self, application: str, most: int) -> Sequence[Sealed]: ...


class VerdictShelf(Protocol):
    """What persons have said. The CLI writes from another process."""

    def put(self, verdict: Verdict) -> None: ...

    def take(self, run: str) -> Verdict | None: ...


class GrantShelf(Protocol):
    def add(self, grant: Grant) -> None: ...

    def all(self, application: str = "") -> Sequence[Grant]: ...

    def use(self, grant: str, run: str, now: float) -> bool: ...

    def revoke(self, grant: str) -> bool: ...


class Toolbox(Protocol):
    """The tools of this device."""

    async def tools(self) -> Mapping[str, Tool]:
        """Those that can be offered now; a server that is away offers none."""
        ...

    async def call(self, tool: Tool, arguments: dict[str, JSON], key: str) -> Outcome:
        """Carries the call out within the tool's limits. Never raises for what a tool does; `key` names this call."""
        ...

    async def close(self) -> None:
        """Ends what the tools keep running."""
        ...


class Model(Protocol):
    """The model step: one turn, with everything a turn decides. Raises TidegateError."""

    async def answer(self, request: Request) -> Answer: ...


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the cloud said when it was asked to approve a call: `approved` only by a person there, for these bytes.

    `ticket`: it will say so later.
    """

    approved: bool = False
    declined: bool = False
    ticket: str = ""
    note: str = ""


class Cloud(Protocol):
    """A person at the cloud tier, asked about one call. In local-only mode there is none."""

    @property
    def present(self) -> bool: ...

    async def approve(self, request: Request, tool: Tool, digest: str) -> Opinion:
        """Raises Exhausted and Untrusted."""
        ...
