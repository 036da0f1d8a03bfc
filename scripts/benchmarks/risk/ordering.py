"""How well P(right) orders prompts by what escalating gains: APGR, exact mode of the shared `metrics.py`.

Texts not seen: folds by text, each ordered by the fit made without it, the same share sent from every fold. Probabilities of
different fits are never compared: each fit knows its own mean, which is low where the fold it left out is high, and with
few texts that alone costs up to .14. One deal of 84 texts into folds says little, so the figure is the mean over
DEALS of them. Intervals: bootstrap over texts; the rows of one text succeed and fail together.
"""

from __future__ import annotations

import csv
import importlib.util
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from scripts.evaluation.intervals import Estimate, Rows, bootstrap
from scripts.evaluation.rows import Bar, Row, Unit
from tidegate.risk.fit import Floats
from tidegate.risk.fitted import Scorer, make, scorer
from tidegate.risk.learn import dealt
from tidegate.risk.outcomes import Outcome, read_outcomes
from tidegate.risk.words import shipped

FOLDS = 5
DEALS = 10  # ways of dealing texts into folds
SEED = 7  # of the first deal
HOME_WEAK = ("qwen3-1.7b@2025.7.1", "qwen3-4b@2025.7.1", "gemma4-e2b@2026.2.3", "ministral-3-3b@2026.1.1")
HOME_STRONG = "gpt-4.1@2025.4.3"
CODE_WEAK = ("gemma-2-2b-it", "Qwen2.5-3B-Instruct", "Meta-Llama-3-8B-Instruct")
CODE_STRONG = "gpt-4o-2024-08-06"


def rows(shared: Path) -> Iterator[Row]:
    """The table's lines about ordering."""
    folder = shared / "data" / "routing"
    area = _area(folder / "metrics.py")
    mmlu = read_outcomes(folder / "mmlu_1500.jsonl.gz")
    yield _row(
        "MMLU, texts not seen",
        area,
        unseen(mmlu),
        mmlu,
        0.66,
        f"{DEALS} deals of five folds by text; RouteLLM best .603, TF-IDF ridge .625",
    )
    yield _row("MMLU, one deal pooled", area, pooled(mmlu), mmlu, None, "as first measured", detail=True)
    length = np.array([-len(o.prompt) for o in mmlu], dtype=np.float64)
    yield _row("length alone", area, [length], mmlu, None, "", detail=True)
    using = _fitted(mmlu)
    for weak in CODE_WEAK:
        code = table([folder / "zeroeval" / "crux_matrix.csv"], weak, CODE_STRONG, "prompt")
        yield _row(
            f"MMLU's fit on CRUX, {weak}", area, [_score(using, code)], code, None, "program outputs, no bar"
        )
    yield Row(
        "ordering", "APGR MMLU's fit on GSM8K", None, Unit.SCORE, Bar(0.60), "its outcomes are not at hand"
    )
    for weak in HOME_WEAK:
        home = table(
            sorted((folder / "home-assistant-reports").glob("matrix_*.csv")), weak, HOME_STRONG, "text"
        )
        yield _row(
            f"Home Assistant, {weak}", area, unseen(home), home, 0.70,
            f"against {HOME_STRONG}, {DEALS} deals of five folds by text; {len({o.prompt for o in home})} texts only",
        )  # fmt: skip
        yield _row(
            f"Home Assistant, {weak}, one deal pooled", area, pooled(home), home, None, "as first measured", detail=True
        )  # fmt: skip


def unseen(outcomes: Sequence[Outcome]) -> list[Floats]:
    """For each deal, how sure a fit that has not seen a row's text is of it: the row's rank in its fold, 0..1."""
    return [_dealt_once(outcomes, seed, within) for seed in range(SEED, SEED + DEALS)]


def pooled(outcomes: Sequence[Outcome]) -> list[Floats]:
    """One deal, the bare P(right) of its five fits thrown together: how the figures were first taken, kept to compare."""
    return [_dealt_once(outcomes, SEED, lambda sure: sure)]


def within(sure: Floats) -> Floats:
    """The share of the others that are less sure, ties counted half: 0..1, whatever scale `sure` has."""
    order = np.sort(sure)
    below, upto = np.searchsorted(order, sure, "left"), np.searchsorted(order, sure, "right")
    found: Floats = (below + upto) / (2.0 * max(len(sure), 1))
    return found


def _fitted(outcomes: Sequence[Outcome]) -> Scorer:
    words = shipped()
    return scorer(make(outcomes, words=words), words)


def _dealt_once(outcomes: Sequence[Outcome], seed: int, scale: Callable[[Floats], Floats]) -> Floats:
    fold = dealt([o.prompt for o in outcomes], FOLDS, seed)
    found = np.zeros(len(outcomes))
    for k in range(FOLDS):
        using = _fitted([o for o, at in zip(outcomes, fold, strict=True) if at != k])
        left = [o for o, at in zip(outcomes, fold, strict=True) if at == k]
        found[fold == k] = scale(_score(using, left))
    return found


def table(paths: Sequence[Path], weak: str, strong: str, text: str) -> list[Outcome]:
    """Outcomes of two models out of tables with one column a model; rows without both are left out."""
    found: list[Outcome] = []
    for path in paths:
        with path.open(encoding="utf-8", newline="") as file:
            found += [
                Outcome(row[text], float(row[weak]), float(row[strong]))
                for row in csv.DictReader(file)
                if row.get(weak) in {"0", "1"} and row.get(strong) in {"0", "1"}
            ]
    return found


def by_text(outcomes: Sequence[Outcome]) -> list[Rows]:
    """The rows of each text, blanks squeezed; every row is in one of them."""
    found: dict[str, list[int]] = {}
    for at, outcome in enumerate(outcomes):
        found.setdefault(" ".join(outcome.prompt.split()), []).append(at)
    return [np.array(rows) for rows in found.values()]


def _score(using: Scorer, outcomes: Sequence[Outcome]) -> Floats:
    return np.array(using.p_right([o.prompt for o in outcomes], [{}] * len(outcomes)))


def _row(
    measure: str, area: Callable[[Floats, Floats, Floats], float], sure: Sequence[Floats], outcomes: Sequence[Outcome],
    bar: float | None, note: str, *, detail: bool = False,
) -> Row:  # fmt: skip
    weak = np.array([o.weak for o in outcomes])
    strong = np.array([o.strong or 0.0 for o in outcomes])
    same = by_text(outcomes)

    def figure(chosen: Rows) -> float:
        rows = np.concatenate([same[at] for at in chosen])
        if weak[rows].mean() >= strong[rows].mean():
            return float("nan")
        return float(np.mean([area(-each[rows], weak[rows], strong[rows]) for each in sure]))

    found: Estimate = bootstrap(len(same), figure, resamples=500)
    return Row("ordering", f"APGR {measure}", found, Unit.SCORE, Bar(bar) if bar else None, note, detail)


def _area(path: Path) -> Callable[[Floats, Floats, Floats], float]:
    """`exact_metrics(...)["apgr"]` of the shared file."""
    spec = importlib.util.spec_from_file_location("shared_metrics", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def area(score: Floats, weak: Floats, strong: Floats) -> float:
        return float(module.exact_metrics(score, weak, strong)["apgr"])

    return area
