"""The rows of a language model: which tool, which call, which arguments, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from scripts.evaluation import scoring
from scripts.evaluation.intervals import Estimate, f_measure, separation, wilson
from scripts.evaluation.rows import Bar, Row, Unit
from scripts.evaluation.runner import Answer
from tidegate.risk.calibrate import Calibration, confidence, prospect

Answers = Mapping[str, Sequence[Answer]]
LEAST = 10  # requests a stratum needs before it gets a row
SETS = {"slurp": "SLURP", "hwu64": "HWU64", "clinc150": "CLINC150"}
BARS = {"slurp": Bar(0.82)}  # by name only; no bar was set for the other two


@dataclass(frozen=True, slots=True)
class Subject:
    """The file measured: the name its rows carry, and its calibration, if any."""

    model: str
    calibration: Calibration | None


def rows(subject: Subject, answers: Answers) -> Iterator[Row]:
    """Everything that answers alone tell."""
    yield from snips(subject.model, answers)
    yield from homes(subject.model, answers)
    yield from by_name(subject.model, answers)
    yield from out_of_scope(subject, answers)
    yield from strata(subject.model, answers)


def tool_share(answers: Sequence[Answer]) -> Estimate:
    """How often exactly the right tools were called."""
    return wilson(sum(scoring.right_tools(a.draft, a.example.expected_calls) for a in answers), len(answers))


def exact_share(answers: Sequence[Answer]) -> Estimate:
    """How often the whole call was right."""
    return wilson(sum(a.exact for a in answers), len(answers))


def pass_share(answers: Sequence[Answer]) -> Estimate:
    """How often the model said "not for me"."""
    return wilson(sum(scoring.passed(a.draft) for a in answers), len(answers))


def argument_f1(answers: Sequence[Answer]) -> Estimate:
    """F1 over arguments."""
    return f_measure([scoring.arguments(a.draft, a.example.expected_calls) for a in answers])


def snips(model: str, answers: Answers) -> Iterator[Row]:
    """The seven tools in full, under the rules and plain."""
    ruled, plain = answers["snips"], answers["snips-greedy"]
    same = ruled[: len(plain)]
    yield Row(model, "SNIPS, seven tools: right tool", tool_share(ruled), bar=Bar(0.97))
    yield Row(model, "plain greedy, without the engine's rules", tool_share(plain), detail=True)
    yield Row(model, "with the rules, the same requests", tool_share(same), detail=True)
    yield Row(model, "SNIPS, seven tools: exact call", exact_share(ruled), bar=Bar(0.85))
    yield Row(model, "plain greedy, without the engine's rules", exact_share(plain), detail=True)
    yield Row(model, "with the rules, the same requests", exact_share(same), detail=True)
    yield Row(model, "SNIPS, seven tools: argument F1", argument_f1(ruled), Unit.SCORE, note="n: arguments")
    yield Row(model, "plain greedy", argument_f1(plain), Unit.SCORE, note="n: arguments", detail=True)


def homes(model: str, answers: Answers) -> Iterator[Row]:
    """Homes whose words were kept from training."""
    ruled, plain = answers["homes"], answers["homes-greedy"]
    yield Row(model, "homes never seen: right action (tool)", tool_share(ruled), bar=Bar(0.80))
    yield Row(model, "plain greedy", tool_share(plain), detail=True)
    yield Row(model, "homes never seen: exact call", exact_share(ruled))
    yield Row(model, "plain greedy", exact_share(plain), detail=True)
    yield Row(
        model,
        "Home Assistant's public tasks: right action",
        None,
        bar=Bar(0.40),
        note="the public reports hold requests and other models' marks, neither the homes nor the calls due",
    )


def by_name(model: str, answers: Answers) -> Iterator[Row]:
    """All intents of a set, known by their names alone."""
    for task, title in SETS.items():
        asked = answers[task]
        offered = len(asked[0].example.specs) if asked else 0
        yield Row(
            model, f"{title}, all {offered} intents by name: intent", tool_share(asked), bar=BARS.get(task)
        )
        yield Row(model, 'declined ("not for me")', pass_share(asked), detail=True)
        if f"{task}-required" in answers:
            yield Row(model, "when it must call", tool_share(answers[f"{task}-required"]), detail=True)


def out_of_scope(subject: Subject, answers: Answers) -> Iterator[Row]:
    """SNIPS's seven tools offered; requests for them against requests about other things."""
    model, wanted, others = subject.model, answers["snips"], answers["other"]
    both = [*wanted, *others]
    served = np.array([True] * len(wanted) + [False] * len(others))

    def auroc(scores: Sequence[float]) -> Estimate:
        return separation(np.array(scores, dtype=np.float64), served)

    sure = [confidence(a.draft, a.prompt, subject.calibration) for a in both]
    ahead = [prospect(a.glance, a.prompt, subject.calibration) for a in both]
    doubt = [-a.glance.get("pass_p", 0.0) for a in both]
    kind = "" if subject.calibration else "uncalibrated"
    yield Row(
        model,
        "out of scope, SNIPS against CLINC150: AUROC of the confidence",
        auroc(sure),
        Unit.SCORE,
        Bar(0.95),
        kind,
    )
    yield Row(model, "of the chance seen before writing", auroc(ahead), Unit.SCORE, note=kind, detail=True)
    yield Row(
        model,
        'of "not for me" at the first token',
        auroc(doubt),
        Unit.SCORE,
        detail=True,
    )
    yield Row(model, "out of scope, CLINC150 about other things: declined", pass_share(others))
    yield Row(model, "Banking77 declined", pass_share(answers["banking"]), detail=True)
    yield Row(model, "SNIPS wrongly declined", pass_share(wanted), bar=None, detail=True)


def strata(model: str, answers: Answers) -> Iterator[Row]:
    """Exact calls of SNIPS and of homes by what is hard about a request. More requests that need several calls are
    looked at than a random draw has; they count in their own row only."""
    everything = [*answers["snips"], *answers["homes"]]
    more = list({a.example: a for a in [*everything, *answers["homes-several"]]}.values())
    yield Row(model, "exact call, SNIPS and homes together", exact_share(everything))
    for title, belongs in scoring.STRATA.items():
        pool = more if belongs is scoring.several_calls else everything
        chosen = [a for a in pool if belongs(a.example)]
        if len(chosen) >= LEAST:
            yield Row(model, title, exact_share(chosen), detail=True)
        else:
            yield Row(model, title, None, note=f"only {len(chosen)} requests", detail=True)
