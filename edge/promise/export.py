"""Outcomes that this device has learned, as `tidegate risk fit` reads them: a line for each answer somebody judged. Pure.

Without text a prompt is only told apart: by its shape where the journal keeps questions (letters become x, digits 0), else by the id
of its request. Where several judged one answer, a person goes before an audit, an audit before the cloud, and all before feedback.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence

from edge.store.promises import Judged, Origin, Outcome
from tidegate.chat import JSON
from tidegate.ids import RequestId

_TRUST = (Origin.REVIEWER, Origin.AUDIT, Origin.CLOUD, Origin.FEEDBACK)
_ALSO = ("novelty", "context_used", "tools", "turns", "tokens", "worst_logprob")


def told(
    outcomes: Iterable[Outcome],
    judged: Callable[[RequestId], Judged | None],
    question: Callable[[RequestId], str],
    *,
    text: bool,
) -> Iterator[dict[str, JSON]]:
    """The lines, oldest first. `text`: with the questions as they were asked."""
    for outcome in trusted(outcomes):
        asked = question(outcome.request_id)
        kept = judged(outcome.request_id)
        yield {
            "id": outcome.request_id,
            "prompt": (asked if text else masked(asked)) or outcome.request_id,
            "weak": 1 - outcome.wrong,
            "features": {"p_right": round(outcome.p_right, 6), **(features(kept.signals) if kept else {})},
            "task": outcome.task,
            "origin": outcome.origin,
            "chance": outcome.chance,
        }


def trusted(outcomes: Iterable[Outcome]) -> Sequence[Outcome]:
    """One outcome for each answer: that of whoever knows best, in the order in which answers were first judged."""
    best: dict[RequestId, Outcome] = {}
    for outcome in outcomes:
        known = best.get(outcome.request_id)
        if known is None or _TRUST.index(outcome.origin) < _TRUST.index(known.origin):
            best[outcome.request_id] = outcome
    return tuple(best.values())


def features(signals: str) -> dict[str, JSON]:
    """The numbers of a judgement that was written down; nothing of one that cannot be read."""
    found = _parsed(signals)
    shown = found.get("signals")
    shown = shown if isinstance(shown, dict) else {}
    decided = shown.get("features")
    numbers = {name: shown.get(name) for name in _ALSO} | (decided if isinstance(decided, dict) else {})
    return {
        name: value
        for name, value in numbers.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def masked(text: str) -> str:
    """The shape of a text: letters become x or X, digits 0, the rest of what is printed stays."""
    return "".join(
        "0" if one.isdigit() else "X" if one.isupper() else "x" if one.isalpha() else one for one in text
    )


def _parsed(signals: str) -> dict[str, JSON]:
    try:
        found: JSON = json.loads(signals)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
