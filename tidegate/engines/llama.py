"""A GGUF model on this machine: one engine thread, one context, the prefix of the last request reused.

Everything native happens on the engine thread; callers await. Requests run one after another in order of arrival, a
cancelled one stops within one step. A swap closes the old engine, which first finishes what it had accepted.
"""

from __future__ import annotations

import asyncio
import queue
import random
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Generic, TypeVar

from tidegate.chat import Prompt, Role, ToolChoice, Usage
from tidegate.engines.callrules import HEAD, CallRules
from tidegate.engines.decode import Cancelled, Job, Written, opening, prefill, write
from tidegate.engines.grammar import callable_tools, grammar_for
from tidegate.engines.native import Constraint, Context, Weights
from tidegate.engines.port import Draft, Finish
from tidegate.engines.score import describe
from tidegate.engines.template import ChatTemplate, SafeTokeniser, control_texts
from tidegate.engines.toolcalls import CLOSE, OPEN, PASS, parse
from tidegate.errors import BadRequest, Broken, Exhausted, TidegateError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limits:
    """Memory and time of one engine. Tokens, threads, requests."""

    context_tokens: int = 2048
    batch_tokens: int = 256
    threads: int = 1
    queued: int = 64


@dataclass(eq=False)
class _Errand(Generic[T]):
    """Work for the engine thread and where its result goes."""

    work: Callable[[Callable[[], bool]], T]
    loop: asyncio.AbstractEventLoop
    result: asyncio.Future[T]
    cancelled: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        if self.cancelled.is_set():
            return
        try:
            value = self.work(self.cancelled.is_set)
        except Cancelled:
            return
        except TidegateError as error:
            self._deliver(error)
        except Exception as error:  # noqa: BLE001  boundary: the thread must outlive any one request
            failure = Broken(f"the model failed ({type(error).__name__})", code="model_failed")
            failure.__cause__ = error
            self._deliver(failure)
        else:
            self._tell(lambda: self._settle(lambda: self.result.set_result(value)))

    def _deliver(self, error: TidegateError) -> None:
        self._tell(lambda: self._settle(lambda: self.result.set_exception(error)))

    def _settle(self, settle: Callable[[], None]) -> None:
        if not self.result.done():
            settle()

    def _tell(self, what: Callable[[], None]) -> None:
        try:
            self.loop.call_soon_threadsafe(what)
        except RuntimeError:
            self.cancelled.set()  # the caller's loop is gone, and the caller with it


class LlamaEngine:
    """Implements `tidegate.engines.port.Engine`. Safe to use from one event loop; `count_tokens` from any thread."""

    def __init__(self, weights: Weights, context: Context, *, model: str, queued: int) -> None:
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
        self._tokeniser = SafeTokeniser(
            lambda text, special: weights.tokens(text, special=special), control_texts(texts)
        )
        self._errands: queue.Queue[Callable[[], None] | None] = queue.Queue(maxsize=queued)
        self._closed = False
        self._tokenising = threading.Lock()  # close() must not free the vocabulary under a count
        self._thread = threading.Thread(target=self._serve, name="tidegate-engine", daemon=True)
        self._thread.start()

    @classmethod
    def load(cls, path: Path, *, model: str = "", limits: Limits | None = None) -> LlamaEngine:
        """Loads a model file; blocks. `model` defaults to the name in the file. Raises Broken with the reason."""
        limits = limits or Limits()
        weights = Weights(path)
        try:
            size = min(limits.context_tokens, weights.trained_context or limits.context_tokens)
            context = Context(
                weights, size=size, batch=min(limits.batch_tokens, size), threads=limits.threads
            )
            try:
                return cls(weights, context, model=model or weights.name, queued=limits.queued)
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

    def count_tokens(self, prompt: Prompt) -> int:
        """How many tokens the rendered prompt has. Raises BadRequest when it cannot be rendered, Broken when closed."""
        return len(self._tokens(prompt))

    async def generate(self, prompt: Prompt) -> Draft:
        """See the port. Seed 0 with a temperature draws fresh randomness; any other seed reproduces."""
        tokens = self._fitting(prompt)
        written = await self._submit(lambda cancelled: self._write(prompt, tokens, cancelled))
        return self._draft(prompt, len(tokens), written)

    async def glance(self, prompt: Prompt) -> Mapping[str, float]:
        """The prompt and the first words of a call are read, nothing is written: what the model thinks would come.

        Keys as in `decode.opening`, and `tool_entropy`, `tool_margin` at the name of a tool, for models that write calls.
        """
        tokens = self._fitting(prompt)

        def look(cancelled: Callable[[], bool]) -> dict[str, float]:
            job = self._job(prompt, tokens, cancelled)
            prefill(self._context, tokens, cancelled)
            seen = opening(self._context, job)
            longer = [*tokens, *self._call_head]
            if prompt.tools and self._call_head and len(longer) < self._context.size:
                prefill(self._context, longer, cancelled)
                named = describe(self._context.logits(), 0, 2)
                seen |= {"tool_entropy": named.entropy, "tool_margin": named.margin}
            return seen

        return await self._submit(look)

    async def close(self) -> None:
        """Finishes what was accepted, then frees the memory. Later calls raise Broken; closing twice does nothing."""
        if self._closed:
            return
        self._closed = True
        await asyncio.to_thread(self._errands.put, None)
        await asyncio.to_thread(self._thread.join)
        with self._tokenising:
            self._context.free()
            self._weights.free()

    def _serve(self) -> None:
        while (errand := self._errands.get()) is not None:
            errand()

    async def _submit(self, work: Callable[[Callable[[], bool]], T]) -> T:
        if self._closed:
            raise _closed()
        loop = asyncio.get_running_loop()
        errand = _Errand(work, loop, loop.create_future())
        try:
            self._errands.put_nowait(errand.run)
        except queue.Full as error:
            raise Exhausted(
                "the model on this device has a full queue", code="engine_busy", status=429, retry_after_s=2
            ) from error
        try:
            found: T = await errand.result
            return found
        finally:
            errand.cancelled.set()

    def _tokens(self, prompt: Prompt) -> list[int]:
        segments = self._template.render(prompt)
        with self._tokenising:
            if self._closed:
                raise _closed()
            tokens = self._tokeniser.tokens(segments)
        weights = self._weights
        if weights.adds_bos and tokens[:1] != [weights.bos]:
            return [weights.bos, *tokens]
        return tokens or [max(weights.bos, 0)]

    def _fitting(self, prompt: Prompt) -> list[int]:
        tokens = self._tokens(prompt)
        if len(tokens) >= self._context.size:
            raise BadRequest(
                f"the conversation has {len(tokens)} tokens, this model's context holds {self._context.size}",
                code="context_length_exceeded",
                param="messages",
                hint="shorten the conversation or offer fewer tools",
            )
        return tokens

    def _job(self, prompt: Prompt, tokens: list[int], cancelled: Callable[[], bool]) -> Job:
        return Job(
            prompt,
            tokens,
            cancelled,
            random.Random(prompt.seed or secrets.randbits(64)),
            silent=self._silent,
            pass_token=self._ids.get(PASS, -1),
            call_token=self._ids.get(OPEN, -1),
        )

    def _write(self, prompt: Prompt, tokens: list[int], cancelled: Callable[[], bool]) -> Written:
        rules = self._rules(prompt)
        grammar = "" if rules else grammar_for(prompt, closes=CLOSE in self._template.source)
        constraint = Constraint(self._weights, grammar) if grammar else None
        try:
            job = self._job(prompt, tokens, cancelled)
            return write(self._context, self._weights, replace(job, constraint=constraint, rules=rules))
        finally:
            if constraint is not None:
                constraint.free()

    def _rules(self, prompt: Prompt) -> CallRules | None:
        """For a model that knows tool calls and "not for me" only: those, well formed, in the words of the conversation."""
        if self.speaks or not prompt.tools or prompt.response_schema or prompt.tool_choice is ToolChoice.NONE:
            return None
        if prompt.after_tool and not prompt.forced_tool:
            return None  # the call was made: what it gave back is told in words
        said = "\n".join(m.content for m in prompt.messages if m.role is not Role.ASSISTANT)
        may_pass = prompt.tool_choice is ToolChoice.AUTO and not prompt.forced_tool
        return CallRules(callable_tools(prompt), said, may_pass=may_pass)

    def _draft(self, prompt: Prompt, prompt_tokens: int, written: Written) -> Draft:
        parsed = parse(written.text, prompt.tools, lambda: f"call_{secrets.token_hex(8)}")
        if parsed.passed:
            finish = Finish.PASS
        elif not written.ended:
            finish = Finish.LENGTH
        else:
            finish = Finish.TOOL_CALLS if parsed.calls else Finish.STOP
        features = written.features | {
            "broken_call": float(parsed.broken),
            "reused_tokens": float(written.reused),
        }
        return Draft(
            text=parsed.text,
            tool_calls=parsed.calls,
            finish=finish,
            tokens=written.tokens,
            usage=Usage(prompt_tokens, len(written.tokens)),
            features=features,
        )


def _closed() -> Broken:
    return Broken("this model has been unloaded", code="model_closed", hint="send the request again")
