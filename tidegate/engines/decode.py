"""One generation, step by step: feed the prompt, take a token, feed it, until it ends. Runs on the engine thread."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from tidegate.chat import Prompt
from tidegate.engines.callrules import CallRules, Kind
from tidegate.engines.native import Constraint, Context, Weights
from tidegate.engines.port import TokenScore
from tidegate.engines.score import Choice, Logits, choose, describe, mass

MAX_KEPT_TOP = 20  # as many alternatives per token as OpenAI's API allows to ask for


class Cancelled(Exception):
    """The caller no longer wants the answer."""


@dataclass(frozen=True, slots=True)
class Written:
    """What came out. `ended`: by the model or a stop string, not by a limit. `features`: see `opening`;
    also how many tokens the rules `forced`, and the log-probability of ending where it ended."""

    text: str = field(repr=False)
    tokens: tuple[TokenScore, ...] = field(repr=False)
    ended: bool
    features: dict[str, float]
    reused: int


@dataclass(frozen=True, slots=True)
class Job:
    """A prompt ready to run."""

    prompt: Prompt = field(repr=False)
    tokens: Sequence[int] = field(repr=False)
    cancelled: Callable[[], bool]
    rng: random.Random = field(repr=False)
    constraint: Constraint | None = None
    rules: CallRules | None = None
    silent: frozenset[int] = frozenset()  # control tokens that no string may contain
    pass_token: int = -1
    call_token: int = -1


def prefill(context: Context, tokens: Sequence[int], cancelled: Callable[[], bool]) -> int:
    """Brings the context to hold exactly `tokens`; returns how many were there already. Raises Cancelled, Broken."""
    reused = min(
        _common(context.held, tokens), len(tokens) - 1
    )  # the last is fed anew: its logits are needed
    context.keep(reused)
    reused = len(context.held)
    for start in range(reused, len(tokens), context.room):
        if cancelled():
            raise Cancelled
        context.feed(tokens[start : start + context.room])
    return reused


def opening(context: Context, job: Job) -> dict[str, float]:
    """What the model thinks of its first token: mass on "not for me" and on a call, entropy, margin."""
    logits = context.logits()
    first = describe(logits, max(job.pass_token, 0), 2)
    found = {"first_entropy": first.entropy, "first_margin": first.margin}
    if job.pass_token >= 0:
        found["pass_p"] = mass(logits, job.pass_token)
    if job.call_token >= 0:
        found["call_p"] = mass(logits, job.call_token)
    return found


def write(context: Context, weights: Weights, job: Job) -> Written:
    """Runs a job to its end. Raises Cancelled, Broken."""
    prompt = job.prompt
    reused = prefill(context, job.tokens, job.cancelled)
    features = opening(context, job) | {"forced": 0.0}
    room = min(prompt.max_tokens, context.size - len(job.tokens))
    pieces: list[bytes] = []
    scores: list[TokenScore] = []
    ended = False
    while len(scores) < room:
        if job.cancelled():
            raise Cancelled
        choice = _next(context, weights, job, between=not pieces or pieces[-1].endswith(b"}"))
        if (
            choice is None
        ):  # a dead end, such as a value that cannot be finished: an unfinished draft, judged as such
            break
        features["forced"] += choice.forced
        if weights.ends(choice.token):
            ended = True
            features["end_logprob"] = choice.logprob
            break
        pieces.append(weights.piece(choice.token))
        scores.append(_score(weights, choice))
        if choice.token == job.pass_token or _stopped(pieces, prompt.stop):
            ended = True
            break
        if len(scores) < room:
            context.feed([choice.token])
    text = b"".join(pieces).decode("utf-8", "replace")
    return Written(_before_stop(text, prompt.stop), tuple(scores), ended, features, reused)


def _next(context: Context, weights: Weights, job: Job, *, between: bool) -> Choice | None:
    """The next token, or None when the rules allow none. Under a grammar, control tokens may only stand `between` calls, never inside a string."""
    logits = context.logits()
    allowed = logits
    if job.constraint is not None:
        allowed = job.constraint.mask(logits)
        if not between:
            allowed[list(job.silent)] = float("-inf")
    choice = (
        _ruled(logits, weights, job, job.rules) if job.rules is not None else _choose(logits, allowed, job)
    )
    if job.constraint is not None and choice is not None:
        job.constraint.accept(choice.token)
    return choice


def _choose(logits: Logits, allowed: Logits, job: Job) -> Choice:
    prompt = job.prompt
    top = min(prompt.top_logprobs, MAX_KEPT_TOP)
    return choose(
        logits, allowed, temperature=prompt.temperature, top_p=prompt.top_p, draw=job.rng.random, top=top
    )


def _ruled(logits: Logits, weights: Weights, job: Job, rules: CallRules) -> Choice | None:
    """The first token the rules allow, in the order in which the model would take them; None when there is none.

    Scores are the model's own.
    """
    first = _choose(logits, logits, job)
    shift = first.logprob - float(logits[first.token])
    for token in _by_preference(logits, first.token, job):
        kind, piece = _kind(token, weights, job), weights.piece(token)
        probability = math.exp(float(logits[token]) + shift)
        if kind is not None and rules.allows(kind, piece, probability):
            rules.accept(kind, piece, probability)
            forced = token != first.token
            return replace(describe(logits, token, len(first.top)), forced=True) if forced else first
    return None


def _by_preference(logits: Logits, first: int, job: Job) -> Iterator[int]:
    """Every token: `first`, then the likeliest of the rest, or at a temperature other draws without replacement."""
    yield first
    if job.prompt.temperature <= 0:
        yield from (int(token) for token in np.argsort(-logits, kind="stable") if token != first)
        return
    left = logits.copy()
    left[first] = -np.inf
    for _ in range(len(logits) - 1):
        token = _choose(logits, left, job).token
        left[token] = -np.inf
        yield token


def _kind(token: int, weights: Weights, job: Job) -> Kind | None:
    """What a token is to the rules; None for a control token that never stands in an answer."""
    if token == job.pass_token:
        return Kind.PASS
    if token == job.call_token:
        return Kind.OPEN
    if weights.ends(token):
        return Kind.END
    return None if token in job.silent else Kind.TEXT


def _score(weights: Weights, choice: Choice) -> TokenScore:
    return TokenScore(
        text=weights.text_of(choice.token),
        logprob=choice.logprob,
        entropy=choice.entropy,
        margin=choice.margin,
        top=tuple((weights.text_of(token), logprob) for token, logprob in choice.top),
    )


def _common(held: Sequence[int], wanted: Sequence[int]) -> int:
    """Length of the longest common prefix."""
    count = 0
    for ours, theirs in zip(held, wanted, strict=False):
        if ours != theirs:
            break
        count += 1
    return count


def _stopped(pieces: Sequence[bytes], stop: tuple[str, ...]) -> bool:
    """Whether a stop string ends in what was written. Only the tail that the last piece can have completed is read."""
    if not stop:
        return False
    reach = max(len(s.encode()) for s in stop) + len(pieces[-1])
    tail, size = [], 0
    for piece in reversed(pieces):
        tail.append(piece)
        size += len(piece)
        if size >= reach:
            break
    text = b"".join(reversed(tail))
    return any(s.encode() in text for s in stop if s)


def _before_stop(text: str, stop: tuple[str, ...]) -> str:
    """The text up to the first stop string."""
    ends = [at for s in stop if s and (at := text.find(s)) >= 0]
    return text[: min(ends)] if ends else text
