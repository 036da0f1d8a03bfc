"""The promise beside MAPIE, which tests the same hypotheses: the same p-values, and the same threshold along the same walk."""

from __future__ import annotations

import random
from importlib import import_module

import numpy as np
import pytest

from tidegate.risk import promise as rules
from tidegate.risk.promise import ESCALATE_ALL, Kept, Promise, binomial_tail, decide, hoeffding_bentkus

pytest.importorskip(
    "mapie", reason="MAPIE is not installed: it comes with the development environment, scripts/setup"
)
methods = import_module("mapie.risk_control.methods")
base = import_module("mapie.risk_control._base_controller")


@pytest.mark.parametrize("rate", [0.01, 0.02, 0.05, 0.1, 0.3])
@pytest.mark.parametrize("kept", [30, 149, 600])
def test_p_values_are_mapies(kept: int, rate: float) -> None:
    means = np.array([k / kept for k in range(0, kept, max(kept // 12, 1))])
    theirs = methods.compute_hoeffding_bentkus_p_value(means, kept, rate)[:, 0]
    assert [hoeffding_bentkus(float(m), kept, rate) for m in means] == pytest.approx(
        np.minimum(theirs, 1.0), rel=1e-6
    )
    exact = methods.compute_hoeffding_bentkus_p_value(means, kept, rate, binary=True)[:, 0]
    ours = [binomial_tail(round(float(m) * kept), kept, rate) for m in means]
    assert all(
        mine <= other * (1 + 1e-9) + 1e-12 for mine, other in zip(ours, exact, strict=True) if other < 0.5
    )


@pytest.mark.filterwarnings("ignore:Fixed sequence testing")
@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("wrong_at_most", [0.02, 0.05, 0.1])
def test_along_the_same_walk_mapie_stops_where_the_promise_stops(seed: int, wrong_at_most: float) -> None:
    dice = random.Random(seed)
    sure = sorted((dice.betavariate(3, 0.4) for _ in range(800)), reverse=True)
    wrong = [float(dice.random() > p) for p in sure]
    promise = Promise(wrong_at_most)
    ends = rules._ends(sure)
    walk = rules._walk(sure, ends, promise)
    lost = np.cumsum(wrong)
    risks = np.array([[lost[count - 1] / count for count in walk]])
    counts = np.array([walk])
    valid, _ = base.ltt_procedure(
        risks, np.array([[wrong_at_most]]), promise.level, counts, binary=True, fwer_method="fixed_sequence"
    )
    found = decide(sure, wrong, promise)
    theirs = sure[walk[max(valid[0])] - 1] if len(valid[0]) else ESCALATE_ALL
    assert (found.keep_at if isinstance(found, Kept) else ESCALATE_ALL) == theirs
