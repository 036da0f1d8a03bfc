"""A language model in ten lines: says what it is told to say, and refuses what a real one refuses."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace

from tidegate.chat import Prompt, Usage
from tidegate.engines.grammar import schema_grammar
from tidegate.engines.port import ANYHOW, Draft, Finish, Terms, TokenScore
from tidegate.engines.seats import Seats, Slot
from tidegate.errors import BadRequest, Broken


def says(text: str) -> Callable[[Prompt], Draft]:
    """A script that always answers `text`."""
    return lambda _prompt: Draft(text, tokens=tuple(TokenScore(word, -0.1) for word in text.split()))


class FakeEngine:
    """Implements `edge.routing.confidence.LocalEngine`; one word is one token."""

    def __init__(
        self,
        script: Callable[[Prompt], Draft] | None = None,
        *,
        model: str = "fake",
        context_tokens: int = 64,
    ) -> None:
        self._script = script or says("a fixed answer")
        self._model, self._context_tokens = model, context_tokens
        self.closed = False
        self.gate = asyncio.Event()  # cleared: generations wait
        self.gate.set()
        self._running = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def model(self) -> str:
        return self._model

    @property
    def digest(self) -> str:
        return hashlib.sha256(self._model.encode()).hexdigest()

    @property
    def context_tokens(self) -> int:
        return self._context_tokens

    @property
    def speaks(self) -> bool:
        return True

    def seats(self) -> Seats:
        return Seats(self._context_tokens, (Slot(0, busy=self._running > 0),))

    def count_tokens(self, prompt: Prompt) -> int:
        return sum(len(m.content.split()) for m in prompt.messages) + 1

    async def glance(self, prompt: Prompt) -> Mapping[str, float]:
        self._refuse(prompt)
        return {"pass_p": 0.1, "call_p": 0.8, "first_entropy": 0.5}

    async def read_ahead(self, prompt: Prompt, application: str = "") -> None:
        self._refuse(prompt)

    async def generate(self, prompt: Prompt, terms: Terms = ANYHOW) -> Draft:
        self._refuse(prompt)
        self._running += 1
        self._idle.clear()
        try:
            await asyncio.sleep(0.001)  # a model takes time: callers can cancel meanwhile
            await self.gate.wait()
            made = self._cut(self._script(prompt), prompt)
            if terms.hear is not None and made.text:
                terms.hear(made.text[:1])
                terms.hear(made.text[1:])
            return made
        finally:
            self._running -= 1
            if not self._running:
                self._idle.set()

    async def close(self) -> None:
        self.closed = True
        await self._idle.wait()

    def _refuse(self, prompt: Prompt) -> None:
        if self.closed:
            raise Broken("this model has been unloaded", code="model_closed")
        if self.count_tokens(prompt) >= self._context_tokens:
            raise BadRequest("too long", code="context_length_exceeded", param="messages")
        if prompt.response_schema:
            schema_grammar(prompt.response_schema)

    def _cut(self, draft: Draft, prompt: Prompt) -> Draft:
        """The scripted draft with its usage, cut where a real model would have been stopped."""
        words = draft.text.split()
        if len(words) <= prompt.max_tokens:
            return replace(draft, usage=Usage(self.count_tokens(prompt), len(words)))
        text, count = " ".join(words[: prompt.max_tokens]), prompt.max_tokens
        usage = Usage(self.count_tokens(prompt), count)
        return replace(draft, text=text, finish=Finish.LENGTH, tokens=draft.tokens[:count], usage=usage)
