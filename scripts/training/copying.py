"""Gives the pointing head something to carry: its value path is fitted so that it writes the token it looks at.

Once the head looks at the right place, what it should write is known: the embedding of the token there. That is a linear
map of low rank, found in one least-squares step (reduced-rank regression: Izenman 1975) over a few hundred examples
instead of by thousands of small ones. Several heads share the work, since one of 32 dimensions cannot tell thousands of tokens apart.
"""

from __future__ import annotations

import torch
from torch import Tensor

from scripts.training.model import Decoder, rotations
from scripts.training.packing import Pack

HEADS = 3
SCALES = (0.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0)


def fitted_map(seen: Tensor, wanted: Tensor, rank: int, ridge: float = 1.0) -> tuple[Tensor, Tensor]:
    """(down, up) with up @ down of the given rank, such that up @ down @ x is near the wanted vector for every row x."""
    gram = seen.T @ seen + ridge * torch.eye(seen.shape[1])
    full = torch.linalg.solve(gram, seen.T @ wanted)
    _, _, directions = torch.linalg.svd(seen @ full, full_matrices=False)
    kept = directions[:rank]
    return (full @ kept.T).T, kept.T


def states_at(model: Decoder, pack: Pack) -> Tensor:
    """What the pointing layer's attention reads at every token."""
    turns = rotations(model.shape, pack.positions)
    x = model.embedding(pack.tokens)
    for block in model.blocks[: model.shape.layers - 2]:
        x = block(x, pack, turns)
    found: Tensor = model.blocks[model.shape.layers - 2].attn_norm(x)
    return found


def plant(model: Decoder, rows: list[Pack]) -> tuple[Tensor, Tensor]:
    """Fits the map on `rows` and writes it, unscaled, into the pointing layer; returns (up, where it goes)."""
    shape = model.shape
    with torch.no_grad():
        seen = torch.cat([states_at(model, pack) for pack in rows])
        wanted = torch.cat([model.embedding(pack.tokens) for pack in rows])
        down, up = fitted_map(seen, wanted / wanted.norm(dim=1).mean(), HEADS * shape.head)
        block = model.blocks[shape.layers - 2]
        weights = block.qkv.weight
        for part in (0, shape.width):
            for head in range(1, HEADS):
                weights[part + head * shape.head : part + (head + 1) * shape.head] = weights[
                    part : part + shape.head
                ]
        weights[2 * shape.width : 2 * shape.width + HEADS * shape.head] = down
        target = block.attn_out.weight[:, : HEADS * shape.head]
        target.zero_()
    return up, target
