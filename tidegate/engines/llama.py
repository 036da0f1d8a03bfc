"""A GGUF model on this machine: several requests at once, in slots of one context.

Callers render, tokenise and await; the engine thread (`tidegate.engines.worker`) computes. The same prompt gets the same
answer to the byte, whatever runs beside it and whatever ran before. A swap closes the old engine, which first finishes what
it had accepted.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import numpy as np

from tidegate.chat import Prompt, Role, ToolChoice, Usage
from tidegate.clock import SystemClock
from tidegate.engines.aside import Aside
from tidegate.engines.callrules import HEAD, CallRules
from tidegate.engines.decode import Job, Look, Writer, Written
from tidegate.engines.families import OPEN, Family, family_of, marks_of, unspoken
from tidegate.engines.grammar import callable_tools, grammar_for
from tidegate.engines.hearing import Hearing
from tidegate.engines.native import Constraint, Context, Weights
from tidegate.engines.port import ANYHOW, Draft, Finish, Terms
from tidegate.engines.prompted import in_words
from tidegate.engines.schedule import TILE, head_of
from tidegate.engines.score import Logits
from tidegate.engines.seats import Seats
from tidegate.engines.shelf import Prefix
from tidegate.engines.telling import Telling
from tidegate.engines.template import ChatTemplate, SafeTokeniser, Segment, control_texts
from tidegate.engines.threads import SMALL, measured
from tidegate.engines.toolcalls import PASS, parse
from tidegate.engines.worker import Errand, Work, Worker, failure
from tidegate.errors import BadRequest, Broken, TidegateError

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


def _nothing() -> None:
    """Nothing to free."""


def _told(_what: int | TidegateError) -> None:
    """Nobody waits for it."""


_REMEMBERED = 64  # tokenised prompts: a request is counted before it is generated


@dataclass(frozen=True, slots=True)
class Limits:
    """Memory and time of one engine. `context_tokens` for each of `slots` (requests at work) and of `spares` (sequences that
    only keep prefixes); tokens in one call; threads (0: measured, see `threads`); requests that may wait."""

    context_tokens: int = 2048
    batch_tokens: int = 256
    threads: int = 1
    queued: int = 64
    slots: int = 1
    spares: int = 0

    @property
    def sequences(self) -> int:
        """How many contexts are held in memory."""
        return self.slots + self.spares


class _Made(Work, Protocol[T_co]):
    def result(self) -> T_co: ...


class _Call(Generic[T]):
    """A caller that awaits what the engine thread makes."""

    def __init__(self, make: Callable[[], _Made[T]], aside: Aside) -> None:
        self._make, self._aside = make, aside
        self._made: _Made[T] | None = None
        self._hearing: Hearing | None = None
        self._loop = asyncio.get_running_loop()
        self.found: asyncio.Future[tuple[T, int]] = self._loop.create_future()

    def begin(self) -> Work:
        made = self._made = self._make()
        return made

    def done(self, reused: int) -> None:
        self._aside.put(lambda: self._deliver(reused))  # after the scores of the last token

    def _deliver(self, reused: int) -> None:
        if self._made is None:
            return
        try:
            value = self._made.result()
        except Exception as error:  # noqa: BLE001  boundary: the thread must outlive any one request
            self.failed(failure(error))
        else:
            self._tell(lambda: self.found.set_result((value, reused)))

    def failed(self, error: TidegateError) -> None:
        self._tell(lambda: self.found.set_exception(error))

    def heard_by(self, hear: Callable[[str], None]) -> Callable[[str], None]:
        """`hear`, called on the caller's loop, before the call is done."""
        self._hearing = Hearing(self._loop, lambda text: None if self.found.done() else hear(text))
        return self._hearing.put

    def _tell(self, settle: Callable[[], None]) -> None:
        def settled() -> None:
            if self._hearing is not None:
                self._hearing.finish()
            if not self.found.done():
                settle()

        with contextlib.suppress(RuntimeError):  # the caller's loop is gone, and the caller with it
            self._loop.call_soon_threadsafe(settled)


class _Read:
    """A prompt that is only read."""

    def take(self, logits: Logits, best: int) -> Sequence[int]:
        return ()


class LlamaEngine:
    """Implements `tidegate.engines.port.Engine`. Safe to use from event loops; `count_tokens` from any thread."""

    def __init__(self, weights: Weights, context: Context, *, model: str, limits: Limits) -> None:
        self._weights, self._context, self._model = weights, context, model
        texts = [(s.token, s.text) for s in weights.specials]
        self._ids = {text: token for token, text in texts}
        self._silent = frozenset(token for token, _ in texts if not weights.ends(token))
        self._call_head: list[int] = []
        if PASS in self._ids and OPEN in self._ids:
            self._call_head = [self._ids[OPEN], *weights.tokens(HEAD, special=False)]
        self._template = ChatTemplate(
            weights.chat_template, bos=weights.text_of(weights.bos), eos=weights.text_of(weights.eos)
        )
        self._family = family_of(self._template.source)
        self._tokeniser = SafeTokeniser(
            lambda text, special: weights.tokens(text, special=special), control_texts(texts)
        )
        self._closed, self._clock = False, SystemClock()
        self._vocabulary = threading.Lock()  # close() must not free it under a count
        self._ready: OrderedDict[Prompt, Prefix] = OrderedDict()
        self.threads = limits.threads
        self._aside = Aside(beside=(os.cpu_count() or 1) > limits.threads)
        self._worker = Worker(context, weights, limits.threads, spares=limits.spares, queued=limits.queued)

    @classmethod
    def load(
        cls, path: Path, *, model: str = "", limits: Limits | None = None, mapped: bool | None = None
    ) -> LlamaEngine:
        """Loads a model file; blocks. `model` defaults to the name in the file; `mapped` as in `Weights`.

        Raises Broken with the reason.
        """
        limits = limits or Limits()
        weights = Weights(path, mapped=mapped)
        try:
            size = min(limits.context_tokens, weights.trained_context or limits.context_tokens)
            context = Context(
                weights,
                size=size,
                sequences=limits.sequences,
                batch=min(limits.batch_tokens, size),
                threads=limits.threads or 1,
            )
            try:
                if not limits.threads:
                    limits = replace(limits, threads=_measured(weights, context))
                return cls(weights, context, model=model or weights.name, limits=limits)
            except TidegateError:
                context.free()
                raise
        except TidegateError:
            weights.free()
            raise

    @property
    def model(self) -> str:
        return self._model

    @property
    def digest(self) -> str:
        return self._weights.digest

    @property
    def context_tokens(self) -> int:
        return self._context.size

    @property
    def speaks(self) -> bool:
        """Whether the model answers in prose: a model with a "not for me" token writes tool calls only."""
        return PASS not in self._ids

    @property
    def family(self) -> Family:
        """How this model writes tool calls."""
        return self._family

    @property
    def at_work(self) -> int:
        """Requests in slots or waiting for one."""
        return self._worker.accepted

    def seats(self) -> Seats:
        """Its slots and its queue, from any thread."""
        return self._worker.seats()

    def count_tokens(self, prompt: Prompt) -> int:
        """How many tokens the rendered prompt has. Raises BadRequest when it cannot be rendered, Broken when closed."""
        return len(self._prepared(prompt).tokens)

    async def generate(self, prompt: Prompt, terms: Terms = ANYHOW) -> Draft:
        """See the port. Seed 0 with a temperature draws fresh randomness; any other seed reproduces.

        Raises Exhausted (429) when too many wait, or when it would wait longer than the terms allow.
        """
        ready = self._fitting(prompt)
        call: _Call[Written]
        rules, constraint = self._rules(prompt), None
        if rules is None and (prompt.response_schema or prompt.tools):
            constraint = await asyncio.to_thread(self._constraint, prompt)
        job = replace(self._job(prompt, ready), rules=rules, constraint=constraint, give_up=terms.give_up)
        end = constraint.free if constraint is not None else _nothing
        call = _Call(lambda: Writer(self._weights, job, self._aside), self._aside)
        if terms.hear is not None:
            job = replace(job, telling=_telling(prompt, call.heard_by(terms.hear), self._family))
        written, ran = await self._run(call, ready, terms, job.room, end)
        return _drafted(prompt, len(ready.tokens), written, ran, self._family)

    async def read_ahead(self, prompt: Prompt, application: str = "") -> None:
        """Reads a prompt that is likely to be written to soon; `generate` then goes on from where that has come to.

        Ends when it is cancelled. It takes no slot that another may need at once. Raises BadRequest as `generate` does.
        """
        ready = await asyncio.to_thread(self._fitting, prompt)
        if self._closed or self._worker.accepted + 1 >= self._worker.slots:
            return
        errand = Errand(
            ready, begin=_Read, done=_told, failed=_told, application=application, cost=0, ahead=True
        )
        try:
            self._worker.submit(errand)
            await asyncio.get_running_loop().create_future()
        finally:
            errand.cancelled = True

    async def glance(self, prompt: Prompt) -> Mapping[str, float]:
        """The prompt and the first words of a call are read, nothing is written: what the model thinks would come.

        Keys as in `decode.Look`, those at the name of a tool only for models that write calls.
        """
        ready = self._fitting(prompt)
        job = self._job(prompt, ready)
        named = prompt.tools and len(ready.tokens) + len(self._call_head) < self._context.size
        look: _Call[dict[str, float]] = _Call(
            lambda: Look(job, self._call_head if named else ()), self._aside
        )
        seen, _ = await self._run(look, ready, ANYHOW, 1)
        return seen

    async def close(self) -> None:
        """Finishes what was accepted, then frees the memory. Later calls raise Broken; closing twice does nothing."""
        if self._closed:
            return
        self._closed = True
        await asyncio.to_thread(self._worker.stop)
        await asyncio.to_thread(self._aside.stop)
        with self._vocabulary:
            self._context.free()
            self._weights.free()

    async def _run(
        self, call: _Call[T], ready: Prefix, terms: Terms, room: int, end: Callable[[], None] = _nothing
    ) -> tuple[T, dict[str, float]]:
        """What the call makes, in a slot, and how it went there; a caller that is cancelled frees it before the next step."""
        errand = Errand(
            ready,
            begin=call.begin,
            done=call.done,
            failed=call.failed,
            end=end,
            application=terms.application,
            cost=len(ready.tokens) + room,
            until=min(self._clock.mono() + terms.wait_s, terms.due),
            due=terms.due,
        )
        try:
            if self._closed:
                raise _closed()
            self._worker.submit(errand)
        except TidegateError:
            end()
            raise
        try:
            found, reused = await call.found
            ran = {"reused_tokens": float(reused)}
            return found, ran | {"overdue": 1.0} if errand.overdue else ran
        finally:
            errand.cancelled = True

    def _prepared(self, prompt: Prompt) -> Prefix:
        """The prompt's tokens, remembered for the next who asks. Raises BadRequest and Broken."""
        if self._closed:
            raise _closed()
        known = self._ready.get(prompt)
        if known is None:
            segments = self._template.render(self._spoken(prompt))
            with self._vocabulary:
                if self._closed:
                    raise _closed()
                known = self._tokenised(segments)
                self._ready[prompt] = known
                while len(self._ready) > _REMEMBERED:
                    self._ready.popitem(last=False)
        return known

    def _spoken(self, prompt: Prompt) -> Prompt:
        """As the template can say it."""
        told = prompt.tools or any(m.tool_calls or m.role is Role.TOOL for m in prompt.messages)
        if self._family is not Family.PROMPTED or not told:
            return prompt
        return in_words(prompt, system=self._template.takes_system)

    def _tokenised(self, segments: Sequence[Segment]) -> Prefix:
        weights, split = self._weights, self._tokeniser.tokens
        tokens = split(segments)
        if weights.adds_bos and tokens[:1] != [weights.bos]:
            tokens = [weights.bos, *tokens]
        tokens = tokens or [max(weights.bos, 0)]
        opens = next((i for i, one in enumerate(segments) if one.opens), len(segments))
        before, first = segments[:opens], segments[opens : opens + 1]
        head = len(split(before))
        if first and len(first[0].text) > TILE and (said := len(split(first))) >= TILE:
            head += said  # a long first question is part of what is computed in tiles
        return Prefix(np.array(tokens, np.int32), head_of(head, len(tokens), self._context.room))

    def _fitting(self, prompt: Prompt) -> Prefix:
        ready = self._prepared(prompt)
        if len(ready.tokens) >= self._context.size:
            raise BadRequest(
                f"the conversation has {len(ready.tokens)} tokens, this model's context holds {self._context.size}",
                code="context_length_exceeded",
                param="messages",
                hint="shorten the conversation or offer fewer tools",
            )
        return ready

    def _job(self, prompt: Prompt, ready: Prefix) -> Job:
        return Job(
            prompt,
            min(prompt.max_tokens, self._context.size - len(ready.tokens)),
            random.Random(prompt.seed or secrets.randbits(64)),
            silent=self._silent,
            pass_token=self._ids.get(PASS, -1),
            call_token=self._ids.get(OPEN, -1),
        )

    def _rules(self, prompt: Prompt) -> CallRules | None:
        """For a model that knows tool calls and "not for me" only: those, well formed, in the words of the conversation."""
        if self.speaks or not prompt.tools or prompt.response_schema or prompt.tool_choice is ToolChoice.NONE:
            return None
        if prompt.after_tool and not prompt.forced_tool:
            return None  # the call was made: what it gave back is told in words
        said = "\n".join(m.content for m in prompt.messages if m.role is not Role.ASSISTANT)
        may_pass = prompt.tool_choice is ToolChoice.AUTO and not prompt.forced_tool
        return CallRules(callable_tools(prompt), said, may_pass=may_pass)

    def _constraint(self, prompt: Prompt) -> Constraint | None:
        """What binds the answer, if anything does; a large schema takes its time. Raises BadRequest."""
        grammar = grammar_for(prompt, self._family)
        return Constraint(self._weights, grammar) if grammar else None


def _telling(prompt: Prompt, tell: Callable[[str], None], family: Family) -> Telling:
    marks, whole = marks_of(family) if prompt.tools else ((OPEN,), "")
    return Telling(tell, stop=prompt.stop, marks=(PASS, *marks), whole=whole)


def _drafted(
    prompt: Prompt, prompt_tokens: int, written: Written, ran: Mapping[str, float], family: Family
) -> Draft:
    parsed = parse(written.text, prompt.tools, lambda: f"call_{secrets.token_hex(8)}", family)
    if parsed.passed:
        finish = Finish.PASS
    elif not written.ended:
        finish = Finish.LENGTH
    else:
        finish = Finish.TOOL_CALLS if parsed.calls else Finish.STOP
    features = {**written.features, "broken_call": float(parsed.broken), **ran}
    return Draft(
        text=unspoken(parsed.text, family) if parsed.broken and _meant(prompt, written) else parsed.text,
        tool_calls=parsed.calls,
        finish=finish,
        tokens=written.tokens,
        usage=Usage(prompt_tokens, len(written.tokens)),
        features=features,
    )


def _meant(prompt: Prompt, written: Written) -> bool:
    """Whether what looks like a broken call was meant as one: tools were offered, or the draft was cut off in it."""
    return bool(prompt.tools) or not written.ended or bool(prompt.stop)


def _measured(weights: Weights, context: Context) -> int:
    """How many threads serve best here; the context is left on as many, and empty."""
    if weights.bytes <= SMALL:
        return 1

    def step(threads: int) -> None:
        context.use_threads(threads)
        context.step([0], [max(weights.bos, 0)], [0])
        context.cut(0, 0)

    chosen = measured(step, os.cpu_count() or 1)
    context.use_threads(chosen)
    return chosen


def _closed() -> Broken:
    return Broken("this model has been unloaded", code="model_closed", hint="send the request again")
