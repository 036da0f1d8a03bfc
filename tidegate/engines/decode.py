"""One generation, token by token: shown the logits after what was fed, it says what to feed next, until it ends.

Pure but for the weights' vocabulary and the grammar, which live in llama.cpp. Runs on the engine thread; what runs in other
slots meanwhile cannot be seen from here.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from tidegate.chat import Prompt
from tidegate.engines.aside import Aside
from tidegate.engines.callrules import CallRules, Kind
from tidegate.engines.native import Constraint, Weights
from tidegate.engines.port import GivesUp, TokenScore
from tidegate.engines.score import Choice, Logits, describe, first_of, mass, pick
from tidegate.engines.telling import Telling

_LIKELY = 32  # tokens that are tried before all are put in order
_TOGETHER, _BYTES = (
    4,
    256 * 1024,
)  # so many tokens are scored in one go: another thread's waking is dearer than a score
MAX_KEPT_TOP = 20  # as many alternatives per token as OpenAI's API allows to ask for


@dataclass(frozen=True, slots=True)
class Written:
    """What came out. `ended`: by the model or a stop string, not by a limit. `features`: see `opening`;
    also how many tokens the rules `forced`, and the log-probability of ending where it ended."""

    text: str = field(repr=False)
    tokens: tuple[TokenScore, ...] = field(repr=False)
    ended: bool
    features: dict[str, float]


@dataclass(frozen=True, slots=True)
class Job:
    """A prompt ready to run. `room`: how many tokens may be written. `telling`: for whoever hears them being written."""

    prompt: Prompt = field(repr=False)
    room: int
    rng: random.Random = field(repr=False)
    constraint: Constraint | None = None
    rules: CallRules | None = None
    silent: frozenset[int] = frozenset()  # control tokens that no string may contain
    pass_token: int = -1
    call_token: int = -1
    telling: Telling | None = None
    give_up: Callable[[Mapping[str, float]], GivesUp] | None = None


class Writer:
    """Writes a draft. Implements `tidegate.engines.worker.Work`; scores are made `aside`, and `result` is called there too."""

    def __init__(self, weights: Weights, job: Job, aside: Aside) -> None:
        self._weights, self._job, self._aside = weights, job, aside
        self._stop = tuple(text.encode() for text in job.prompt.stop if text)
        self._top = min(job.prompt.top_logprobs, MAX_KEPT_TOP)
        self._silent = sorted(job.silent)
        self._features: dict[str, float] = {}
        self._forced = 0
        self._pieces: list[bytes] = []
        self._chosen: list[Choice] = []
        self._ended = False
        self._gives_up: GivesUp | None = None
        self._watched = 0
        self._unscored: list[tuple[Logits, int]] = []
        self._at_once = (
            1 if job.give_up is not None else max(1, min(_TOGETHER, _BYTES // (4 * weights.vocab_size)))
        )

    def take(self, logits: Logits, best: int) -> Sequence[int]:
        """The logits after everything fed so far; answers the token to feed next, or nothing at the end."""
        job = self._job
        if not self._features:
            self._features = opening(logits, job)
            self._gives_up = job.give_up(self._features) if job.give_up is not None else None
        if self._gives_up is not None and self._lost(self._gives_up):
            self._features["given_up"] = 1.0
            return ()
        token = self._next(logits, best) if job.room > 0 else None
        if (
            token is None
        ):  # a dead end, such as a value that cannot be finished: judged as an unfinished draft
            return ()
        if self._weights.ends(token):
            self._ended = True
            return ()
        piece = self._weights.piece(token)
        self._pieces.append(piece)
        if token == job.pass_token or (self._stop and self._stopped()):
            self._ended = True
            return ()
        if job.telling is not None:
            job.telling.hear(piece)
        return (token,) if len(self._pieces) < job.room else ()

    def _lost(self, gives_up: GivesUp) -> bool:
        """Whether the draft is given up, by the scores that are there: they are made aside, a token or so behind."""
        fresh = self._chosen[self._watched : len(self._pieces)]
        self._watched += len(fresh)
        return any(gives_up(_score(self._weights, choice)) for choice in fresh)

    def result(self) -> Written:
        """The draft, after `take` has answered nothing."""
        self._score_all(self._unscored)
        self._unscored = []
        text = b"".join(self._pieces).decode("utf-8", "replace")
        features = self._features | {"forced": float(self._forced)}
        if len(self._chosen) > len(self._pieces):  # the token that ended it stands in no text
            features["end_logprob"] = self._chosen[-1].logprob
        scores = tuple(_score(self._weights, choice) for choice in self._chosen[: len(self._pieces)])
        return Written(before_stop(text, self._job.prompt.stop), scores, self._ended, features)

    def _next(self, logits: Logits, best: int) -> int | None:
        """The next token, or None when the rules allow none."""
        job = self._job
        if job.rules is not None:
            choice = self._ruled(logits, job.rules)
            if choice is None:
                return None
            self._forced += choice.forced
            self._chosen.append(choice)
            return choice.token
        if job.constraint is not None:
            token = self._bound(logits, best, job.constraint)
        else:
            token = best if job.prompt.temperature <= 0 else self._pick(logits)
        self._unscored.append((logits.copy(), token))
        if len(self._unscored) >= self._at_once:
            self._hand_in()
        return token

    def _hand_in(self) -> None:
        """Has tokens scored, now or while the next ones are computed. Scores come in order: jobs do, and none is left waiting
        when some are made at once."""
        rows, self._unscored = self._unscored, []
        if self._aside.behind:
            self._aside.settle()
            self._score_all(rows)
        else:
            self._aside.put(lambda: self._score_all(rows))

    def _score_all(self, rows: Sequence[tuple[Logits, int]]) -> None:
        self._chosen.extend(describe(row, token, self._top) for row, token in rows)

    def _bound(self, logits: Logits, best: int, constraint: Constraint) -> int:
        """Under a grammar. Control tokens may only stand between calls, never inside a string."""
        between = not self._pieces or self._pieces[-1].endswith(b"}")
        token = best if self._job.prompt.temperature <= 0 else -1
        if token < 0 or (token in self._job.silent and not between) or not constraint.permits(token):
            allowed = constraint.mask(logits)
            if not between:
                allowed[self._silent] = float("-inf")
            token = self._pick(allowed)
        constraint.accept(token)
        return token

    def _pick(self, allowed: Logits) -> int:
        prompt = self._job.prompt
        return pick(allowed, temperature=prompt.temperature, top_p=prompt.top_p, draw=self._job.rng.random)

    def _ruled(self, logits: Logits, rules: CallRules) -> Choice | None:
        """The first token the rules allow, in the order in which the model would take them; None when there is none.

        Scores are the model's own.
        """
        first = describe(logits, self._pick(logits), self._top)
        shift = first.logprob - float(logits[first.token])
        for token in self._by_preference(logits, first.token):
            kind, piece = self._kind(token), self._weights.piece(token)
            probability = math.exp(float(logits[token]) + shift)
            if kind is not None and rules.allows(kind, piece, probability):
                rules.accept(kind, piece, probability)
                forced = token != first.token
                return replace(describe(logits, token, len(first.top)), forced=True) if forced else first
        return None

    def _by_preference(self, logits: Logits, first: int) -> Iterator[int]:
        """Every token: `first`, then the likeliest of the rest, or at a temperature other draws without replacement."""
        yield first
        if self._job.prompt.temperature <= 0:
            likely = first_of(logits, _LIKELY)
            yield from (token for token in likely if token != first)
            known = {first, *likely}
            yield from (int(token) for token in np.argsort(-logits, kind="stable") if token not in known)
            return
        left = logits.copy()
        left[first] = -np.inf
        for _ in range(len(logits) - 1):
            token = self._pick(left)
            left[token] = -np.inf
            yield token

    def _kind(self, token: int) -> Kind | None:
        """What a token is to the rules; None for a control token that never stands in an answer."""
        if token == self._job.pass_token:
            return Kind.PASS
        if token == self._job.call_token:
            return Kind.OPEN
        if self._weights.ends(token):
            return Kind.END
        return None if token in self._job.silent else Kind.TEXT

    def _stopped(self) -> bool:
        """Whether a stop string ends in what was written. Only the tail that the last piece can have completed is read."""
        reach = max(map(len, self._stop)) + len(self._pieces[-1])
        tail: list[bytes] = []
        size = 0
        for piece in reversed(self._pieces):
            tail.append(piece)
            size += len(piece)
            if size >= reach:
                break
        text = b"".join(reversed(tail))
        return any(stop in text for stop in self._stop)


class Look:
    """What a model thinks would come, without writing it. Implements `tidegate.engines.worker.Work`.

    `call_head`: how a call begins, up to the tool's name; empty when that means nothing here.
    """

    def __init__(self, job: Job, call_head: Sequence[int]) -> None:
        self._job, self._call_head = job, call_head
        self._seen: dict[str, float] = {}

    def take(self, logits: Logits, best: int) -> Sequence[int]:
        """First the logits after the prompt, then those at the name of a tool."""
        if not self._seen:
            self._seen = opening(logits, self._job)
            return self._call_head
        named = describe(logits, 0, 2)
        self._seen |= {"tool_entropy": named.entropy, "tool_margin": named.margin}
        return ()

    def result(self) -> dict[str, float]:
        """Keys as in `opening`, and `tool_entropy`, `tool_margin`."""
        return self._seen


def opening(logits: Logits, job: Job) -> dict[str, float]:
    """What the model thinks of its first token: mass on "not for me" and on a call, entropy, margin."""
    first = describe(logits, max(job.pass_token, 0), 2)
    found = {"first_entropy": first.entropy, "first_margin": first.margin}
    if job.pass_token >= 0:
        found["pass_p"] = mass(logits, job.pass_token)
    if job.call_token >= 0:
        found["call_p"] = mass(logits, job.call_token)
    return found


def before_stop(text: str, stop: tuple[str, ...]) -> str:
    """The text up to the first stop string."""
    ends = [at for s in stop if s and (at := text.find(s)) >= 0]
    return text[: min(ends)] if ends else text


def _score(weights: Weights, choice: Choice) -> TokenScore:
    return TokenScore(
        text=weights.text_of(choice.token),
        logprob=choice.logprob,
        entropy=choice.entropy,
        margin=choice.margin,
        top=tuple((weights.text_of(token), logprob) for token, logprob in choice.top),
    )
