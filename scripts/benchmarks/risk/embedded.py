"""The embedded models on their own held-out outcomes, as their calibration files hold them, and what a judgement costs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import numpy as np

from edge.device_key import DeviceKey
from edge.ports import Request
from edge.promise.keeper import Keeper, Stance
from edge.promise.lines import Promises
from edge.promise.weigh import signals
from edge.store.promises import PromiseStore
from edge.store.schema import open_durable, open_journal
from scripts.evaluation.intervals import Estimate, Rows, bootstrap, middle, wilson
from scripts.evaluation.rows import Bar, Row, Unit
from tidegate.assets import model_dir
from tidegate.chat import Message, Prompt, Role, Tool, ToolCall, Usage
from tidegate.clock import FixedClock
from tidegate.engines.port import Draft, Finish, TokenScore
from tidegate.ids import ConversationId, RequestId, TraceId
from tidegate.risk import early
from tidegate.risk.calibrate import FILE, Calibration, CalibrationFile, confidence
from tidegate.risk.fit import auroc
from tidegate.risk.held_out import HeldOut
from tidegate.risk.promise import Promise
from tidegate.risk.report import area
from tidegate.risk.simulate import World, days
from tidegate.risk.task import Task
from tidegate.risk.terms import terms

TOKENS = ("<tool_call>", '{"name": "', "Set", "Light", '", "arguments": {"', "area", '": "', "pantry", '"}}')
TOOL = Tool("SetLight", "", '{"type":"object","properties":{"area":{"type":"string"}}}')


def rows() -> Iterator[Row]:
    """AUROC and risk among written calls, for each model whose file holds outcomes."""
    for name in ("edge", "cloud"):
        made = _newest(model_dir(name) / FILE)
        held = made.outcomes.get(Task.CALLS) if made is not None else None
        if made is None or held is None:
            yield Row("embedded", f"{name}: AUROC", None, Unit.SCORE, Bar(0.85), "its file holds no outcomes")
            continue
        yield from _quality(name, held)
        yield from _promises(name, made, held)
        yield from _early(name, made)


def month_rows(seeds: int) -> Iterator[Row]:
    """Months with drift in which the promise held as a whole, and those in which the alarm rang."""
    promise, held, rang = Promise(0.05), 0, 0
    for seed in range(seeds):
        month = list(days(World(), promise, seed))
        wrong = sum(day.kept * day.wrong for day in month)
        held += wrong <= promise.wrong_at_most * sum(day.kept for day in month)
        rang += any("ALARM" in event for day in month for event in day.events)
    note = f"{World().drift_day} quiet days, then 15 % of the requests are of a new kind; a new fit two days after the alarm"
    yield Row("month", "the promise held over the whole month", wilson(held, seeds), Unit.SHARE, None, note)
    yield Row("month", "the alarm rang", wilson(rang, seeds), Unit.SHARE, Bar(0.95), note)


def cost_rows(count: int = 3000) -> Iterator[Row]:
    """The time a judgement takes, its signals and the watch included; what is written down comes after the answer."""
    made = _newest(model_dir("edge") / FILE)
    prompt = Prompt((Message(Role.USER, "set the light in the pantry to 40"),), (TOOL,) * 8)
    scores = tuple(TokenScore(text, -0.1, 0.2, 3.0) for text in TOKENS)
    draft = Draft(
        "", (ToolCall("c", "SetLight", '{"area":"pantry"}'),), Finish.TOOL_CALLS, scores, Usage(300, 9)
    )
    request = Request(
        prompt, RequestId("req_12345678"), ConversationId("conv_12345678"), TraceId("1" * 32), "bench"
    )
    with TemporaryDirectory() as folder:
        bases = (open_durable(Path(folder)), open_journal(Path(folder)))
        keeper = Keeper(
            Stance(Promises(Promise(0.1)), 0.05), PromiseStore(*bases), lambda: made,
            key=DeviceKey(bytes(32)), clock=FixedClock(), draw=lambda: 1.0,
        )  # fmt: skip
        spent = []
        for _ in range(count):
            fresh = replace(draft)  # as each request brings its own: nothing about it is known yet
            began = time.thread_time()
            sure = confidence(fresh, prompt, made)
            keeper.judge(request, signals(prompt, fresh, sure, made, 2048), claims=keeper.claims(fresh))
            spent.append(1000 * (time.thread_time() - began))
        for base in bases:
            base.close()
    p99 = float(np.quantile(spent, 0.99))
    yield Row(
        "judgement",
        "p99 of a judgement, ms of its own time",
        middle([p99]),
        Unit.SCORE,
        Bar(1.0, at_least=False),
        f"{count} times",
    )


def _quality(name: str, held: HeldOut) -> Iterator[Row]:
    sure, weak = np.array(held.sure), 1 - np.array(held.wrong)
    right, entropy = weak >= 0.5, -np.array(held.entropy)

    def lower(chosen: Rows) -> float:
        return 1 - area(sure[chosen], weak[chosen]) / max(area(entropy[chosen], weak[chosen]), 1e-9)

    yield Row(
        "embedded", f"{name}: AUROC among written calls",
        bootstrap(len(sure), lambda at: auroc(sure[at], right[at]), resamples=500), Unit.SCORE, Bar(0.85), "held-out outcomes",
    )  # fmt: skip
    yield Row(
        "embedded", f"{name}: AUROC of entropy alone",
        bootstrap(len(sure), lambda at: auroc(entropy[at], right[at]), resamples=500), Unit.SCORE, None, "", detail=True,
    )  # fmt: skip
    yield Row(
        "embedded", f"{name}: area under risk-coverage, lower than entropy's by",
        bootstrap(len(sure), lower, resamples=500), Unit.SHARE, Bar(0.30), "written calls alone",
    )  # fmt: skip


def _promises(name: str, made: Calibration, held: HeldOut) -> Iterator[Row]:
    for share in (0.02, 0.05, 0.10, 0.15):
        on = terms(made, Task.CALLS, Promise(share))
        yield Row(
            "embedded", f"{name}: kept under a promise of {100 * share:g} %", wilson(on.kept, max(on.of, 1)), Unit.SHARE,
            None, on.support.value, detail=True,
        )  # fmt: skip
        if on.holds and held.lowest:
            bar = early.give_up_below(held, on.keep_at)
            lows = [low for low, sure in zip(held.lowest, held.sure, strict=True) if sure < on.keep_at]
            yield Row(
                "embedded", f"{name}: drafts to be escalated given up early, {100 * share:g} %",
                wilson(sum(low < bar for low in lows), max(len(lows), 1)), Unit.SHARE, None, f"below {bar:.3f}", detail=True,
            )  # fmt: skip


def _early(name: str, made: Calibration) -> Iterator[Row]:
    """What early exit spared of drafts that escalate, on the test half, when the calibration was made."""
    for one in made.report.spared if made.report is not None else ():
        yield Row(
            "embedded",
            f"{name}: early exit, tokens of drafts that escalate spared, {100 * one.wrong_at_most:g} %",
            Estimate(one.tokens, one.low, one.high, one.drafts),
            Unit.SHARE,
            Bar(0.30),
            f"kept drafts given up: {100 * one.lost:.1f} %; reading the prompt is not spared",
        )


def _newest(path: Path) -> Calibration | None:
    found = msgspec.json.decode(path.read_bytes(), type=CalibrationFile)
    return next(reversed(found.known.values()), None)
