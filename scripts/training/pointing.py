"""Teaches three attention heads where to look, so that copying is learned in minutes instead of hours.

Nearly every token of a right answer stands in the prompt: tool names and parameter names in the tool list, values in the
request. Where it stands is known when the example is made, so one head is told to look there (by cross-entropy on its
attention). To find the place it needs to know what stood before a token; since every other token is a space, one step back
is not enough, so two heads of the first layer are told to look one and two tokens back. Nothing of this remains in the
exported network: it is an ordinary decoder.
"""

from __future__ import annotations

import re

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from scripts.training.model import Watched
from scripts.training.packing import NOWHERE, Pack
from scripts.training.records import Example
from scripts.training.template import TOOL, USER

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
    tag = TOOL if example.result else USER
    asked = start - 1 - ids[:start][::-1].index(codec.token_to_id(tag) or 0)
    cursor = start
    if example.result:
        for word in re.findall(r"[\w.%°]+", example.answer):
            cursor = _mark(found, ids, codec.encode(word).ids, asked, start, cursor)
        return found
    for call in example.expected_calls or ():
        name = codec.encode(call.name).ids
        line = find([*name, codec.token_to_id("(") or 0], ids, 0, asked)
        cursor = _mark(found, ids, name, max(line, 0), asked, cursor)
        for key, value in call.arguments:
            cursor = _mark(found, ids, codec.encode(key).ids, max(line, 0) + len(name), asked, cursor)
            for word in value if isinstance(value, tuple) else (value,):
                cursor = _mark(found, ids, codec.encode(str(word)).ids, asked, start, cursor)
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


def pointing_loss(scores: list[Watched], pack: Pack) -> Tensor:
    """The guided heads' error, weighted: two of the first layer look one and two tokens back, one at what is copied."""
    back, further, pointer, _ = scores
    total = BACK_WEIGHT * (_prefix_back(back.prefix, pack, 1) + _prefix_back(further.prefix, pack, 2))
    for at, strip in enumerate(pack.strips):
        share = len(strip.group_of) / pack.requests
        nearer = _chosen(back.strips[at], strip.seen, strip.back)
        farther = _chosen(further.strips[at], strip.seen, _one_more(strip.back))
        total = total + share * BACK_WEIGHT * (nearer + farther)
        total = total + share * POINT_WEIGHT * _chosen(pointer.strips[at], strip.seen, strip.sources)
    return total


def _one_more(back: Tensor) -> Tensor:
    """Columns two tokens back, from those one token back; the prefix has at least two tokens or the first is unknown."""
    first = (back[:, :1] - 1).clamp(min=NOWHERE)
    moved = torch.cat((first, back[:, :-1]), dim=1)
    return moved.masked_fill(back == NOWHERE, NOWHERE)


def _chosen(scores: Tensor, seen: Tensor, wanted: Tensor) -> Tensor:
    known = wanted != NOWHERE
    if not bool(known.any()):
        return scores.new_zeros(())
    shown = scores[known].masked_fill(~seen[:, 0][known], torch.finfo(scores.dtype).min)
    return functional.cross_entropy(shown, wanted[known])


def _prefix_back(scores: Tensor, pack: Pack, steps: int) -> Tensor:
    length = scores.shape[1]
    real = pack.prefix_at[:, steps:] > 0
    if not bool(real.any()):
        return scores.new_zeros(())
    future = torch.ones(length, length, dtype=torch.bool, device=scores.device).triu(1)
    back = torch.arange(length - steps, device=scores.device).expand(len(scores), -1)
    found = scores.masked_fill(future, torch.finfo(scores.dtype).min)[:, steps:]
    return functional.cross_entropy(found[real], back[real])
