"""The port every language model is behind."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from tidegate.chat import Prompt, ToolCall, Usage


class Finish(StrEnum):
    STOP = "stop"
    LENGTH = "length"
    TOOL_CALLS = "tool_calls"
    PASS = "pass"  # the model said "not for me": never shown to a client as an answer


@dataclass(frozen=True, slots=True)
class TokenScore:
    """One generated token: its text, natural-log probability, and the best alternatives (text, logprob), best first."""

    text: str = field(repr=False)
    logprob: float
    entropy: float = 0.0  # nats, over the whole vocabulary
    margin: float = 0.0  # logprob of the best minus the second best
    top: tuple[tuple[str, float], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a model produced for a prompt, with what confidence needs. `finish` PASS means "not for me"."""

    text: str = field(repr=False)
    tool_calls: tuple[ToolCall, ...] = ()
    finish: Finish = Finish.STOP
    tokens: tuple[TokenScore, ...] = field(default=(), repr=False)
    usage: Usage = Usage()
    features: Mapping[str, float] = field(default_factory=dict)


GivesUp = Callable[[TokenScore], bool]
"""Told each token of a draft in order; true ends it there. Quick and pure: it runs between two steps of the engine."""


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms a draft is written on this machine: whose request it is (queues are fair to applications), how long it
    may wait for its turn, in seconds, and who hears it being written.

    `due` is the moment, on a monotonic clock, at which it ends whatever it has come to: such a draft has finish LENGTH and the
    feature `overdue`.
    `hear` gets text that the draft is sure to begin with, in order, each part once, on the caller's event loop.
    `give_up` makes, from the features of the first look, what may end the draft before it is finished: such a draft has finish
    LENGTH and the feature `given_up`.
    """

    application: str = ""
    wait_s: float = 600.0
    due: float = math.inf
    hear: Callable[[str], None] | None = None
    give_up: Callable[[Mapping[str, float]], GivesUp] | None = None


ANYHOW = Terms()


class Engine(Protocol):
    """A language model.

    `generate` raises BadRequest (context too long: param "messages"; unusable schema: param "response_format"),
    Unreachable (remote engines), Broken (the model cannot run). It never returns text that is not the model's.
    `model` is the id shown to clients; `digest` is the SHA-256 of the weights (64 hex digits; of the id for a remote).
    """

    @property
    def model(self) -> str: ...

    @property
    def digest(self) -> str: ...

    @property
    def context_tokens(self) -> int: ...

    async def generate(self, prompt: Prompt) -> Draft: ...

    async def close(self) -> None: ...
