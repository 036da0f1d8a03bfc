"""Requests through the engine that answers them in the product, once each.

Three ways of asking: as the device does (its rules for well-formed calls in the words of the request), greedily with
nothing but the chat template, and with `tool_choice` "required", where "not for me" is no way out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from scripts.evaluation import scoring
from scripts.evaluation.progress import Progress
from scripts.evaluation.unruled import UnruledEngine
from scripts.fit_confidence import Outcome, prompt_of
from scripts.training.records import Example
from tidegate.chat import Prompt, ToolChoice
from tidegate.engines.llama import Limits, LlamaEngine
from tidegate.engines.port import Draft
from tidegate.errors import BadRequest
from tidegate.risk import features

LIMITS = Limits(context_tokens=2048, batch_tokens=256, threads=1)  # room for 150 tools by name


class Mode(StrEnum):
    """How the model is asked."""

    RULES = "under the engine's rules"
    GREEDY = "plain greedy"
    REQUIRED = "a call required"


@dataclass(frozen=True, slots=True)
class Task:
    """Requests to run, under a name that rows refer to."""

    name: str
    examples: tuple[Example, ...]
    mode: Mode = Mode.RULES


@dataclass(frozen=True, slots=True)
class Answer:
    """A request and what the model made of it. `glance` (what it thought before writing) only under the rules."""

    example: Example
    prompt: Prompt = field(repr=False)
    draft: Draft = field(repr=False)
    glance: dict[str, float] = field(default_factory=dict)

    @property
    def exact(self) -> bool:
        """Whether the calls are exactly those due."""
        return scoring.exact(self.draft, self.example.expected_calls)

    def outcome(self) -> Outcome:
        """The same as `scripts.fit_confidence` records it."""
        return Outcome(
            source=self.example.source,
            served=self.example.expected_calls is not None,
            passed=scoring.passed(self.draft),
            usable=scoring.is_written(self.draft),
            right=self.exact,
            after=features.after(self.draft, self.prompt),
            before=features.before(self.glance, self.prompt),
        )


TOO_LONG = Draft("", features={"too_long": 1.0})


class Runner:
    """One model file, loaded; answers are remembered, since several rows look at the same requests."""

    def __init__(self, path: Path) -> None:
        """Blocks while it loads. Raises Broken with the reason."""
        self._ruled = LlamaEngine.load(path, limits=LIMITS)
        self._unruled = UnruledEngine.load(path, limits=LIMITS)
        self._known: dict[tuple[Example, Mode], Answer] = {}

    @property
    def digest(self) -> str:
        """SHA-256 of the weights."""
        return self._ruled.digest

    def tokens(self, example: Example) -> int:
        """How long the prompt is."""
        return self._ruled.count_tokens(prompt_of(example))

    async def run(self, task: Task, progress: Progress) -> list[Answer]:
        """Every request of a task, one after another."""
        progress.begin(task.name)
        found = []
        for example in task.examples:
            found.append(await self._answer(example, task.mode))
            progress.step()
        return found

    async def _answer(self, example: Example, mode: Mode) -> Answer:
        key = (replace(example, source=""), mode)
        if key not in self._known:
            self._known[key] = await self._fresh(example, mode)
        return replace(self._known[key], example=example)

    async def _fresh(self, example: Example, mode: Mode) -> Answer:
        engine = self._unruled if mode is Mode.GREEDY else self._ruled
        prompt = prompt_of(example)
        if mode is Mode.REQUIRED:
            prompt = replace(prompt, tool_choice=ToolChoice.REQUIRED)
        try:
            glance = dict(await engine.glance(prompt)) if mode is Mode.RULES else {}
            return Answer(example, prompt, await engine.generate(prompt), glance)
        except BadRequest as error:
            if error.code != "context_length_exceeded":
                raise
            return Answer(example, prompt, TOO_LONG)  # what the product refuses is not right

    async def close(self) -> None:
        """Frees the memory."""
        await self._ruled.close()
        await self._unruled.close()


def planned(tasks: Sequence[Task]) -> int:
    """How many requests tasks have at most."""
    return sum(len(task.examples) for task in tasks)
