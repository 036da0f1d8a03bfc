"""How a call covers the words of its request: what was said and left unused, and where values begin and end. Pure.

A small model drops words or cuts a value short without any doubt to be seen in its tokens; the words left over tell. English
function words are known by name; in other languages more words count as left over, for all requests alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from tidegate.chat import JSON

_WORD = re.compile(r"[^\W_]+(?:['’.,:][^\W_]+)*")
_HUMPS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_READ = 512  # words at most: a model that writes calls reads no more
_STEM = 4  # letters by which words of one kind are told: "light", "lights", "lighting"
FUNCTION_WORDS = frozenset(
    "a about all also am an and any are as at be been but by can could d did do does for from get give had has have hey hi how i"
    " if in into is it its just let like ll m may me might my now of off on or our out over please re s shall she should so some"
    " tell than thanks that the their them then there these they this to too up us ve want was we were what when where which who"
    " will with would you your".split()
)
WORDING: tuple[str, ...] = (
    "left_words", "left_share", "left_marked", "left_beside", "loose_ends", "used_twice", "params_unused", "params_used",
    "rival", "kin", "keys_said", "value_words", "gap",
)  # fmt: skip


def wording(
    said: str, calls: Sequence[tuple[str, Mapping[str, JSON]]], declared: Mapping[str, Sequence[str]]
) -> dict[str, float]:
    """Keys are WORDING. `declared`: the parameters of every tool on offer."""
    words = _WORD.findall(said)[:_READ]
    low = [word.casefold() for word in words]
    taken = [0] * len(low)
    ends = 0
    values = [_words_of(value) for _, arguments in calls for value in arguments.values()]
    for value in values:
        at = _find(value, low, taken)
        if at is not None:
            for i in range(at, at + len(value)):
                taken[i] += 1
            ends += value[0] in FUNCTION_WORDS or value[-1] in FUNCTION_WORDS
    named = {
        stem
        for name, arguments in calls
        for stem in (*_stems(name), *(s for key in arguments for s in _stems(key)))
    }
    left = [
        i for i, word in enumerate(low)
        if not taken[i] and word not in FUNCTION_WORDS and word[:_STEM] not in named
    ]  # fmt: skip
    beside = sum(1 for i in left if (i > 0 and taken[i - 1]) or (i + 1 < len(low) and taken[i + 1]))
    marked = sum(1 for i in left if words[i][:1].isdigit() or (i > 0 and words[i][:1].isupper()))
    content = sum(1 for word in low if word not in FUNCTION_WORDS)
    keys = [key for _, arguments in calls for key in arguments]
    offered = sum(len(declared.get(name, ())) for name, _ in calls)
    mine = max((_overlap(name, low) for name, _ in calls), default=0.0)
    chosen = {name for name, _ in calls}
    others = [name for name in declared if name not in chosen]
    return {
        "left_words": float(min(len(left), 12)),
        "left_share": len(left) / max(content, 1),
        "left_marked": float(min(marked, 6)),
        "left_beside": float(min(beside, 6)),
        "loose_ends": float(min(ends, 4)),
        "used_twice": float(min(sum(1 for count in taken if count > 1), 6)),
        "params_unused": float(min(max(offered - len(keys), 0), 20)),
        "params_used": len(keys) / offered if offered else 1.0,
        "rival": max((_overlap(name, low) for name in others), default=0.0) - mine,
        "kin": float(min(sum(1 for name in others if _kin(name, chosen)), 10)),
        "keys_said": sum(_overlap(key, low) for key in keys) / len(keys) if keys else 0.0,
        "value_words": float(min(sum(map(len, values)), 20)),
        "gap": float(min(_longest_run(left), 8)),
    }


def _words_of(value: JSON) -> list[str]:
    if isinstance(value, list):
        return [word for item in value for word in _words_of(item)]
    return [word.casefold() for word in _WORD.findall(str(value))]


def _find(value: Sequence[str], low: Sequence[str], taken: Sequence[int]) -> int | None:
    """Where a value stands in the request: rather where no other value stands."""
    if not value:
        return None
    places = [i for i in range(len(low) - len(value) + 1) if low[i : i + len(value)] == list(value)]
    return min(places, key=lambda at: (sum(taken[at : at + len(value)]), at), default=None)


@lru_cache(maxsize=1024)
def _stems(name: str) -> tuple[str, ...]:
    return tuple(word.casefold()[:_STEM] for word in _HUMPS.findall(name))


def _overlap(name: str, low: Sequence[str]) -> float:
    """The share of a name's words that the request says."""
    stems, said = _stems(name), {word[:_STEM] for word in low}
    return sum(1 for stem in stems if stem in said) / len(stems) if stems else 0.0


def _kin(name: str, chosen: set[str]) -> bool:
    return any(set(_stems(name)) & set(_stems(other)) for other in chosen)


def _longest_run(places: Sequence[int]) -> int:
    longest = run = 0
    for i, at in enumerate(places):
        run = run + 1 if i and at == places[i - 1] + 1 else 1
        longest = max(longest, run)
    return longest
