"""Teaches two attention heads where to look, so that copying is learned in minutes instead of hours.

Nearly every token of a right answer stands in the prompt: tool names and parameter names in the tool list, values in the
request. Where it stands is known when the example is made, so one head is told to look there (by cross-entropy on its
attention), and one head of the first layer is told to look one token back, which the other one needs. Nothing of this
remains in the exported network: it is an ordinary llama.
"""

from __future__ import annotations

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from scripts.training.records import Example
from scripts.training.template import USER

NOWHERE = -1
BACK_WEIGHT, POINT_WEIGHT = 0.3, 0.5


def find(needle: list[int], hay: list[int], start: int, stop: int) -> int:
    """Where `needle` begins in `hay[start:stop]`, or -1."""
    first, size = needle[0], len(needle)
    for at in range(start, stop - size + 1):
        if hay[at] == first and hay[at : at + size] == needle:
            return at
    return NOWHERE


def sources_of(example: Example, ids: list[int], start: int, codec: Tokenizer) -> list[int]:
    """For every position of the answer, where the token after it stands in the prompt; 0 where it does not.

    Position 0 holds a tag that is never written, so looking there means: nothing to copy.
    """
    found = [NOWHERE] * (start - 1) + [0] * (len(ids) - start + 1)
    asked = start - 1 - ids[:start][::-1].index(codec.token_to_id(USER) or 0)
    cursor = start
    for call in example.expected_calls or ():
        name = codec.encode(call.name).ids
        line = find([*name, codec.token_to_id("(") or 0], ids, 0, asked)
        cursor = _mark(found, ids, name, max(line, 0), asked, cursor)
        for key, value in call.arguments:
            cursor = _mark(found, ids, codec.encode(key).ids, max(line, 0) + len(name), asked, cursor)
            cursor = _mark(found, ids, codec.encode(str(value)).ids, asked, start, cursor)
    return found


def _mark(found: list[int], ids: list[int], piece: list[int], start: int, stop: int, cursor: int) -> int:
    """Notes the source of each token of `piece`, which is next written at or after `cursor`; the cursor behind it."""
    if not piece:
        return cursor
    origin, target = find(piece, ids, start, stop), find(piece, ids, cursor, len(ids))
    if target == NOWHERE:
        return cursor
    if origin != NOWHERE:
        for step in range(len(piece)):
            found[target + step - 1] = origin + step
    return target + len(piece)


def pointing_loss(scores: list[Tensor], sources: Tensor) -> Tensor:
    """The two heads' error: `scores` of the first layer's guided head and of the pointing layer's, then weighted."""
    length = sources.shape[1]
    future = torch.ones(length, length, dtype=torch.bool, device=sources.device).triu(1)
    back = torch.arange(length - 1, device=sources.device).expand(sources.shape[0], -1)
    first, pointer = (found.masked_fill(future, -1e9) for found in scores)
    total = BACK_WEIGHT * functional.cross_entropy(first[:, 1:].flatten(0, 1), back.flatten())
    known = sources != NOWHERE
    if known.any():
        total = total + POINT_WEIGHT * functional.cross_entropy(pointer[known], sources[known])
    return total
