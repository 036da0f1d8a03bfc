"""Measures P(right) for the edge model: runs it on held-out requests, fits, tests, writes `confidence.json` beside it.

    nice python -m scripts.fit_confidence [--model models/edge/X.gguf] [--rows 1500] [--promise-rows 1500] [--test-rows 900]
        [--strong models/cloud/Y.gguf]

Rule 1: fitted and thresholded on one part of the fold "calibration", with further requests of that fold to learn from; promises
tested on the other part, all reported on the fold "test"; training saw neither. The outcomes that promises are tested on travel in the file.
Rule 2: a draft is right when its calls are exactly the expected ones, names and arguments compared without case and
white space. "Not for me" is never right: its confidence is a constant and it takes no part in the fit.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
import numpy as np

from scripts.fit_held_out import (
    SHOWN,
    Written,
    early_curve,
    held_out,
    nearness,
    quotes,
    settled,
    spared,
    told,
)
from scripts.fit_recall import Recalling, recalling
from scripts.fit_requests import SOURCES, again, examples, further
from scripts.training import results
from scripts.training.data import Corpus, Example, load
from scripts.training.data import held_out as unseen_of
from scripts.training.records import Call, Fold, arguments_text
from tidegate.assets import model_dir
from tidegate.chat import JSON, Message, Prompt, Role, Tool, ToolCall
from tidegate.engines.embedded import EDGE_LIMITS, weights_path
from tidegate.engines.llama import LlamaEngine
from tidegate.engines.port import Draft, Finish, TokenScore
from tidegate.risk import features
from tidegate.risk.calibrate import FILE, PASSED, Calibration, CalibrationFile, Curve, Report, is_quoted
from tidegate.risk.fit import (
    Flags,
    Floats,
    Line,
    Steps,
    auroc,
    calibration_error,
    crossfitted,
    isotonic,
    logistic,
    matrix,
    platt,
    threshold,
)
from tidegate.risk.growing import grow
from tidegate.risk.task import Task
from tidegate.risk.trees import Tree

PROMISES = (
    0.10,
    0.15,
    0.20,
    0.25,
)  # shares of wrong answers among those kept; the first that can be held is recorded


@dataclass(frozen=True, slots=True)
class Outcome:
    """One request, run: what the model showed and whether it was right."""

    source: str
    served: bool  # it had a right tool
    passed: bool
    usable: bool  # a well-formed call
    right: bool
    after: Mapping[str, float]
    before: dict[str, float]
    asked: dict[str, float] = field(default_factory=dict)  # `before` as a written draft still tells it
    tokens: tuple[TokenScore, ...] = ()
    text: str = field(default="", repr=False)
    strong: float | None = None  # how right the stronger model was

    @property
    def written(self) -> Written:
        return Written(self.asked, self.after, self.tokens, self.right, self.strong)


def prompt_of(example: Example) -> Prompt:
    """The request as the door would hand it over."""
    tools = []
    for spec in example.specs:
        function = spec.openai()["function"]
        parameters = function.get("parameters") if isinstance(function, dict) else {}
        tools.append(Tool(spec.name, "", json.dumps(parameters)))
    made = tuple(
        ToolCall(f"call_{at}", c.name, arguments_text(c)) for at, c in enumerate(example.expected_calls or ())
    )
    messages = tuple(
        Message(
            Role(str(m["role"])),
            str(m["content"] or ""),
            tool_calls=made if m.get("tool_calls") else (),
            tool_call_id=made[0].id if m["role"] == "tool" else "",
        )
        for m in example.messages
    )
    return Prompt(messages, tuple(tools), max_tokens=160)


def is_right(draft: Draft, expected: Sequence[Call] | None) -> bool:
    """Whether the draft is exactly what was asked for."""
    if expected is None or len(draft.tool_calls) != len(expected):
        return False
    wanted = [(call.name, {key: plain(value) for key, value in call.arguments}) for call in expected]
    return wanted == [
        (call.name, {k: plain(v) for k, v in json.loads(call.arguments).items()}) for call in draft.tool_calls
    ]


def plain(value: JSON | tuple[str, ...]) -> str:
    """A value as it is compared: without case and white space; the values of a list in order."""
    if isinstance(value, list | tuple):
        return json.dumps([plain(item) for item in value])
    return "".join(str(value).casefold().split())


async def run(engine: Recalling, chosen: Sequence[Example], *, look: bool = True) -> list[Outcome]:
    """Every example through the engine, one after another, with progress. Without `look`, nothing is known before writing."""
    found, begun = [], time.monotonic()
    for at, example in enumerate(chosen, start=1):
        prompt = prompt_of(example)
        seen, draft = await engine.looked(prompt) if look else ({}, await engine.draft(prompt))
        usable = draft.finish is Finish.TOOL_CALLS and not draft.features.get("broken_call")
        found.append(
            Outcome(
                source=example.source,
                served=example.expected_calls is not None,
                passed=draft.finish is Finish.PASS,
                usable=usable,
                right=usable and is_right(draft, example.expected_calls),
                after=features.after(draft, prompt),
                before=features.before(seen, prompt),
                asked=features.before(draft.features, prompt),
                tokens=draft.tokens,
                text=example.text,
            )
        )
        if at % 250 == 0:
            print(f"  {at}/{len(chosen)} requests, {time.monotonic() - begun:.0f} s", flush=True)
    return found


def curve(rows: Floats, right: Flags, names: tuple[str, ...]) -> tuple[Curve, Floats]:
    """A fitted straight line with its curve, and the probability of each row by fits that have not seen it."""
    ridge = 3.0
    unseen = crossfitted(rows, right, lambda some, hits: logistic(some, hits, ridge))
    line = logistic(rows, right, ridge)
    return _finished(names, line, (), unseen, isotonic(unseen, right))


def grown(
    rows: Floats, right: Flags, names: tuple[str, ...], texts: Sequence[str] = ()
) -> tuple[Curve, Floats]:
    """The same with trees: what each feature says of a draft depends on the others."""
    unseen = crossfitted(rows, right, grow, texts)
    grove = grow(rows, right)
    scale = rows.std(axis=0)
    line = Line(rows.mean(axis=0), np.where(scale < 1e-9, 1.0, scale), np.zeros(rows.shape[1]), grove.base)
    return _finished(names, line, grove.trees, unseen, platt(unseen, right))


def _finished(
    names: tuple[str, ...], line: Line, trees: tuple[Tree, ...], unseen: Floats, steps: Steps
) -> tuple[Curve, Floats]:
    fitted = Curve(
        features=names,
        mean=_floats(line.mean),
        scale=_floats(line.scale),
        weights=_floats(line.weights),
        bias=line.bias,
        x=steps.x,
        y=steps.y,
        trees=trees,
    )
    return fitted, 0.9 * steps.at(unseen) + 0.1 / (1 + np.exp(-unseen))


def _floats(values: Floats) -> tuple[float, ...]:
    return tuple(float(v) for v in values)


def fit(outcomes: Sequence[Outcome], more: Sequence[Outcome] = ()) -> Calibration:
    """The calibration of these outcomes, threshold included; without a report. `more`: the same requests with other tools, and
    further ones; the threshold is not chosen on them."""
    usable = [o for o in outcomes if o.usable]
    if sum(o.right for o in usable) < 20:
        raise SystemExit("fewer than 20 right drafts on held-out requests: this model cannot be calibrated")
    learned = [*usable, *(o for o in more if o.usable)]
    right, texts = np.array([o.right for o in learned]), [o.text for o in learned] if more else []
    after, sure = grown(matrix([o.after for o in learned], features.AFTER), right, features.AFTER, texts)
    sure, right = sure[: len(usable)], right[: len(usable)]
    all_right = np.array([o.right for o in outcomes])
    before, _ = curve(matrix([o.before for o in outcomes], features.BEFORE), all_right, features.BEFORE)
    bars = ((share, threshold(sure, right, wrong_at_most=share)) for share in PROMISES)
    share, keep_at = next(((share, bar) for share, bar in bars if bar <= 1), (PROMISES[0], 1.01))
    return Calibration(after, before, round(keep_at, 4), share)


def tested(made: Calibration, outcomes: Sequence[Outcome], rows: int) -> Report:
    """How the calibration holds on outcomes it has not seen. Every request counts, "not for me" among them."""
    right = np.array([o.right for o in outcomes])
    sure = np.array([made.after.probability(o.after) if o.usable else PASSED for o in outcomes])
    ahead = np.array([made.before.probability(o.before) for o in outcomes])
    kept = sure >= made.keep_at
    written_ones = [o.written for o in outcomes if o.usable]
    wrong = float((~right[kept]).mean()) if kept.any() else 0.0
    for source in SOURCES:
        rows_of = np.array([o.source == source for o in outcomes])
        if rows_of.any():
            share, good = (
                kept[rows_of].mean(),
                right[rows_of & kept].mean() if (rows_of & kept).any() else float("nan"),
            )
            print(
                f"  {source:<12} n={rows_of.sum():<4} right {right[rows_of].mean():.3f} kept {share:.3f}, right {good:.3f}"
            )
    usable = np.array([o.usable for o in outcomes])
    print(f"  among written calls alone: AUROC {auroc(sure[usable], right[usable]):.3f}")
    return Report(
        calibration_rows=rows,
        test_rows=len(outcomes),
        test_auroc=round(auroc(sure, right), 4),
        test_ece=round(calibration_error(sure, right), 4),
        test_coverage=round(float(kept.mean()), 4),
        test_error_kept=round(wrong, 4),
        test_right=round(float(right.mean()), 4),
        before_test_auroc=round(auroc(ahead, right), 4),
        spared=tuple(one for share in SHOWN if (one := spared(made, written_ones, share)) is not None),
    )


def retold(corpus: Corpus, which: Fold, count: int = 300) -> list[Example]:
    """Held-out calls that were made, with a made-up result, and what is to be said about it."""
    rng = random.Random(f"results/{which}")
    pool = [e for source in ("snips", "homes") for e in unseen_of(source, which, corpus) if e.expected_calls]
    words = tuple(str(value) for e in pool for call in e.expected_calls or () for _, value in call.arguments)
    found = []
    for example in rng.sample(pool, min(count, len(pool))):
        result, answer = results.drawn(words, rng)
        found.append(replace(example, result=result, answer=answer))
    return found


async def quoted(engine: Recalling, chosen: Sequence[Example]) -> list[bool]:
    """Of each answer that quotes the tool's result, whether it is wrong."""
    wrong = []
    for example in chosen:
        draft = await engine.draft(prompt_of(example))
        if draft.finish is Finish.STOP and is_quoted(draft.text, example.result):
            wrong.append(plain(draft.text) != plain(example.answer))
    print(f"  answers about results: {len(wrong)} of {len(chosen)} quote, {sum(wrong)} of them wrong")
    return wrong


async def compared(
    engine: Recalling, chosen: Sequence[Example], outcomes: Sequence[Outcome]
) -> list[Outcome]:
    """The outcomes with how right a stronger model was, asked where a draft could have been kept."""
    found = []
    for example, outcome in zip(chosen, outcomes, strict=True):
        if outcome.usable:
            draft = await engine.draft(prompt_of(example))
            outcome = replace(outcome, strong=float(is_right(draft, example.expected_calls)))
        found.append(outcome)
    return found


def complete(
    made: Calibration, seen: Sequence[Outcome], kept_back: Sequence[Outcome], told_wrong: Sequence[bool]
) -> Calibration:
    """The calibration with everything a device needs to make promises by itself. Half of the answers about results set their
    P(right), a share with one success and one failure added; promises are tested on the other half."""
    usable = [o.written for o in seen if o.usable]
    half = len(told_wrong) // 2
    quoting = round((half - sum(told_wrong[:half]) + 1) / (half + 2), 4)
    made = msgspec.structs.replace(
        made, quoted=quoting, early=early_curve(usable), near=nearness(made.before, [o.asked for o in seen])
    )
    known = {o.text for o in seen}
    rows = [o.written for o in kept_back if o.usable and o.text not in known]
    outcomes = {str(Task.CALLS): held_out(made, rows), str(Task.RESULTS): quotes(quoting, told_wrong[half:])}
    made = msgspec.structs.replace(made, outcomes={k: v for k, v in outcomes.items() if v.sure})
    return settled(made, PROMISES)


def written(path: Path, digest: str, made: Calibration) -> None:
    """Puts the calibration into the file, beside those of other weights."""
    found = (
        msgspec.json.decode(path.read_bytes(), type=CalibrationFile) if path.exists() else CalibrationFile()
    )
    encoded = msgspec.json.encode(found.plus(digest, made))
    path.write_bytes(msgspec.json.format(encoded, indent=1) + b"\n")


def summary(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """What happened, in counts."""
    kinds = Counter(
        (
            "served" if o.served else "not for it",
            "pass" if o.passed else "right" if o.right else "wrong" if o.usable else "broken",
        )
        for o in outcomes
    )
    return (f"  {asked}: {kind} {count}" for (asked, kind), count in sorted(kinds.items()))


def main() -> None:
    """One command, from a model file to its calibration."""
    parser = argparse.ArgumentParser(description="fit P(right) of the edge model on held-out requests")
    parser.add_argument("--model", type=Path, default=None)
    parser.add_argument("--rows", type=int, default=1500, help="requests to fit on")
    parser.add_argument("--promise-rows", type=int, default=1500, help="requests to test promises on")
    parser.add_argument("--test-rows", type=int, default=900)
    parser.add_argument("--strong", type=Path, default=None, help="a stronger model, asked the same")
    parser.add_argument("--out", type=Path, default=None)
    parser.add_argument(
        "--draws", type=int, default=2, help="lists of tools each fitted request is asked with"
    )
    asked = parser.parse_args()
    path = asked.model or weights_path(model_dir("edge"))
    loaded, corpus = LlamaEngine.load(path, limits=EDGE_LIMITS), load()
    engine = recalling(loaded)
    print(f"{loaded.model}: calibration, {len(engine.known)} drafts known")
    chosen = examples(corpus, "calibration", asked.rows + asked.promise_rows)
    cut = len(chosen) * asked.rows // (asked.rows + asked.promise_rows)
    seen = asyncio.run(run(engine, chosen[:cut]))
    others = [e for draw in range(1, asked.draws) for e in again(chosen[:cut], corpus, "calibration", draw)]
    more = asyncio.run(run(engine, [*others, *further(chosen, corpus, "calibration")], look=False))
    back = asyncio.run(run(engine, chosen[cut:], look=False))
    print("\n".join(summary([*seen, *back])))
    if asked.strong is not None:
        strong = recalling(LlamaEngine.load(asked.strong, limits=EDGE_LIMITS))
        back = asyncio.run(compared(strong, chosen[cut:], back))
    spoken = asyncio.run(quoted(engine, retold(corpus, "calibration", 700)))
    made = complete(fit(seen, more), seen, back, spoken)
    print("\n".join(told(made)))
    print("test")
    unseen = asyncio.run(run(engine, examples(corpus, "test", asked.test_rows)))
    report = tested(made, unseen, len(seen))
    written(asked.out or path.parent / FILE, loaded.digest, msgspec.structs.replace(made, report=report))
    kept = "keeps nothing: no threshold holds any of the promises" if made.keep_at > 1 else "keeps"
    print(
        f"keep_at {made.keep_at}, wrong at most {made.wrong_at_most}, {kept}",
        msgspec.json.encode(report).decode(),
    )


if __name__ == "__main__":
    main()
