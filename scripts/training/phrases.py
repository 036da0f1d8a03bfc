"""Texts from rules: `<name>` stands for one of the lines of that name, chosen at random, to a bounded depth. Pure but for the random source."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence

DEPTH = 7  # rules within rules; the deepest frames need five
_RULE = re.compile(r"<([A-Za-z]\w*)>")

Rules = Mapping[str, Sequence[str]]


def expand(rules: Rules, start: str, rng: random.Random) -> str:
    """One text of the rule `start`. What is no rule, `<system>` say, stays as it is."""
    text = rng.choice(rules[start])
    for _ in range(DEPTH):
        grown = _RULE.sub(lambda at: rng.choice(rules[at[1]]) if at[1] in rules else at[0], text)
        if grown == text:
            break
        text = grown
    return text
