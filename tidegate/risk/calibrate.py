"""P(right) of a draft, by the calibration made for exactly these weights.

Rule 1: a draft that says "not for me" serves nobody, so its P(right) is near zero: at most PASSED.
Rule 2: a model without a calibration of its own is never trusted above PRIOR.
Rule 3: a file of a later format than FORMAT counts as none; programs older than trees find none in files that have them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import msgspec

from tidegate.chat import Prompt
from tidegate.engines.port import Draft, Finish
from tidegate.errors import Broken
from tidegate.risk.features import after, before
from tidegate.risk.held_out import HeldOut
from tidegate.risk.trees import Node, Tree, added

PRIOR = 0.5  # what a model nobody has measured may claim at most
PASSED = 0.01  # at most, for a draft that declines
FAILED = 0.02  # at most, for a draft that broke off or called a tool wrongly
FILE = "confidence.json"
FORMAT = 2  # 2: trees
OPENINGS = (("done",), ("that", "did", "not", "work"))  # the words the embedded models have of their own
_WORDS = re.compile(r"\w+")


class Curve(msgspec.Struct, frozen=True, dict=True):
    """A logistic model and the monotone curve after it, as the file holds them. Lists run over `features`. `trees`, of values
    as they come, are added to the straight line."""

    features: tuple[str, ...]
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]
    bias: float
    x: tuple[float, ...]
    y: tuple[float, ...]
    trees: tuple[Tree, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether the lists fit each other."""
        count = len(self.features)
        lists = (self.mean, self.scale, self.weights)
        return all(len(rows) == count for rows in lists) and all(
            tree.whole and all(asked < count for asked in tree.asks) for tree in self.trees
        )

    @cached_property
    def _roots(self) -> tuple[Node, ...]:
        return tuple(tree.root for tree in self.trees)

    def probability(self, row: Mapping[str, float]) -> float:
        """P(right), 0..1, strictly increasing in the log-odds: a tenth of it is the plain logistic, which breaks ties."""
        z = self.bias
        values = [row.get(name, 0.0) for name in self.features]
        for value, mean, scale, weight in zip(values, self.mean, self.scale, self.weights, strict=True):
            if weight:
                z += weight * min(max((value - mean) / scale, -5.0), 5.0)
        z = added(self._roots, values, z)
        return 0.9 * _between(z, self.x, self.y) + 0.1 * _logistic(z)


class Spared(msgspec.Struct, frozen=True):
    """What early exit spares under a promise: the share of the tokens of drafts that escalate, with its 95 % interval, and which
    share of the drafts that would have been kept it gives up. `drafts`: how many escalated."""

    wrong_at_most: float
    drafts: int
    tokens: float
    low: float
    high: float
    lost: float


class Report(msgspec.Struct, frozen=True):
    """How the calibration was made and how it held on outcomes it had not seen. Shares in 0..1."""

    calibration_rows: int
    test_rows: int
    test_auroc: float
    test_ece: float
    test_coverage: float
    test_error_kept: float
    test_right: float
    before_test_auroc: float
    spared: tuple[Spared, ...] = ()


class Calibration(msgspec.Struct, frozen=True):
    """Everything known about one model: curves for a written draft and for before writing, and the threshold to keep."""

    after: Curve
    before: Curve
    keep_at: float
    wrong_at_most: float
    quoted: float = 0.0  # P(right) of an answer that says only what a tool gave back
    report: Report | None = None
    outcomes: dict[str, HeldOut] = {}  # by task; files made before promises have none
    early: Curve | None = None  # P(right) of a draft that is still being written, see tidegate.risk.early
    near: float = 0.0  # how unlike the outcomes a request may be, see tidegate.risk.novelty; 0: not measured

    @property
    def whole(self) -> bool:
        """Whether all lists fit each other."""
        curves = (self.after, self.before, *((self.early,) if self.early is not None else ()))
        return all(curve.whole for curve in curves) and all(rows.whole for rows in self.outcomes.values())


class CalibrationFile(msgspec.Struct, frozen=True):
    """The file: calibrations by SHA-256 of the weights. Those with trees stand apart, where programs that cannot read trees do
    not look: to them the model is one that nobody measured, and they keep nothing on its word."""

    models: dict[str, Calibration] = {}
    with_trees: dict[str, Calibration] = {}
    format: int = 1

    @property
    def known(self) -> dict[str, Calibration]:
        """All of them, oldest first; none of a file in a later format."""
        return self.models | self.with_trees if self.format <= FORMAT else {}

    def plus(self, digest: str, made: Calibration) -> CalibrationFile:
        """The file with one more calibration, in place of an older one of the same weights."""
        plain = {key: value for key, value in self.models.items() if key != digest}
        grown = {key: value for key, value in self.with_trees.items() if key != digest}
        (grown if made.after.trees or made.before.trees else plain)[digest] = made
        return CalibrationFile(plain, grown, FORMAT if grown else 1)


def read_calibration(path: Path, digest: str) -> Calibration | None:
    """The calibration of the model `digest`, or None when the file has none (or is absent). Raises Broken when malformed."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        found = msgspec.json.decode(raw, type=CalibrationFile)
    except msgspec.DecodeError as error:
        raise Broken(
            f"the calibration file {path.name} is malformed",
            code="calibration_broken",
            hint="install it again",
        ) from error
    made = found.known.get(digest)
    if made is not None and not made.whole:
        raise Broken(
            f"the calibration file {path.name} holds lists that do not fit each other",
            code="calibration_broken",
            hint="install it again",
        )
    return made


def confidence(draft: Draft, prompt: Prompt, calibration: Calibration | None) -> float:
    """P(returning this draft serves the request), 0..1."""
    if draft.finish is Finish.PASS:
        # The surer the model is that this is not for it, the less; so requests can be ordered by it throughout.
        return PASSED * (1 - min(max(draft.features.get("pass_p", 0.0), 0.0), 1.0))
    row = after(draft, prompt)
    typical = math.exp(row["mean_logprob"]) if draft.tokens else 0.0
    if draft.finish is Finish.LENGTH or draft.features.get("broken_call", 0.0) > 0:
        return FAILED * typical
    if prompt.after_tool and not draft.tool_calls and calibration is not None:
        quoting = is_quoted(draft.text, prompt.messages[-1].content)
        return calibration.quoted if quoting else FAILED * typical
    if prompt.tools and not draft.tool_calls and calibration is not None:
        return FAILED * typical  # a model calibrated on calls wrote prose: nothing is known about that
    if calibration is None:
        return PRIOR * typical
    return calibration.after.probability(row)


def is_quoted(answer: str, result: str) -> bool:
    """Whether an answer says nothing but "Done", "That did not work", and words of the tool's result, in their order.

    A small model's own words about a result are worth nothing; the result's words are as good as the result.
    """
    said = _WORDS.findall(answer.casefold())
    for opening in OPENINGS:
        if said[: len(opening)] == list(opening):
            said = said[len(opening) :]
            break
    found = iter(_WORDS.findall(result.casefold()))
    return bool(answer.strip()) and all(word in found for word in said)


def prospect(glance: Mapping[str, float], prompt: Prompt, calibration: Calibration | None) -> float:
    """P(the draft, once written, would serve the request), before it is written."""
    row = before(glance, prompt)
    return (
        calibration.before.probability(row)
        if calibration is not None
        else PRIOR * (1 - glance.get("pass_p", 0.0))
    )


def _between(z: float, x: tuple[float, ...], y: tuple[float, ...]) -> float:
    """Linear interpolation, level outside; the scalar twin of `Steps.at`."""
    if not x:
        return PRIOR
    if z <= x[0]:
        return y[0]
    for i in range(1, len(x)):
        if z <= x[i]:
            width = x[i] - x[i - 1]
            share = (z - x[i - 1]) / width if width > 0 else 1.0
            return y[i - 1] + share * (y[i] - y[i - 1])
    return y[-1]


def _logistic(z: float) -> float:
    return 1 / (1 + math.exp(-z)) if z >= 0 else math.exp(z) / (1 + math.exp(z))
