"""The steps of a case as the event loop runs them: CPU-bound ones on worker threads, each under a span of its own."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from cloud.intake.admit import Gate
from cloud.ports import Admission, Answerer, Knowledge, Passage, Proposal, Submission, Verdict
from cloud.validation.verdict import Bench
from tidegate.telemetry import Tracer


@dataclass(frozen=True, slots=True)
class IntakeStep:
    """cloud.ports.Intake. A long text costs the encoder seconds; other devices do not wait for it."""

    gate: Gate
    spans: Tracer

    async def admit(self, submission: Submission) -> Admission:
        with self.spans.span("cloud.intake"):
            return await asyncio.to_thread(self.gate.admit, submission)


@dataclass(frozen=True, slots=True)
class SearchStep:
    """cloud.ports.Retrieval. What a question means takes the embedder tens of milliseconds."""

    knowledge: Knowledge
    spans: Tracer

    async def search(self, question: str, *, most: int) -> tuple[Passage, ...]:
        with self.spans.span("cloud.search") as span:
            found = await asyncio.to_thread(self.knowledge.search, question, most=most)
            span.set(count=len(found))
            return found


@dataclass(frozen=True, slots=True)
class AnswerStep:
    """cloud.ports.Answerer."""

    answerer: Answerer
    spans: Tracer

    async def propose(self, submission: Submission, passages: tuple[Passage, ...]) -> Proposal | None:
        with self.spans.span("cloud.answer", count=len(passages)) as span:
            proposal = await self.answerer.propose(submission, passages)
            span.set(outcome="none" if proposal is None else "proposed")
            return proposal


@dataclass(frozen=True, slots=True)
class VerdictStep:
    """cloud.ports.Validator."""

    bench: Bench
    spans: Tracer

    async def judge(
        self, submission: Submission, proposal: Proposal, passages: tuple[Passage, ...]
    ) -> Verdict:
        with self.spans.span("cloud.verdict") as span:
            verdict = await asyncio.to_thread(self.bench.judge, submission, proposal, passages)
            span.set(verdict="passed" if verdict.passed else "failed")
            return verdict
