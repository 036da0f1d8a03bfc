"""Two optimisers side by side: Muon for the matrices inside the blocks, AdamW for the embedding and the norms.

Muon (Jordan et al. 2024, "Muon: an optimizer for hidden layers") replaces a matrix's momentum by the nearest orthogonal
matrix, found with five Newton-Schulz steps; small decoders learn the same from fewer tokens, and tokens are what a CPU
run is short of.
"""

from __future__ import annotations

import torch
from torch import Tensor

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)


def orthogonal(matrix: Tensor, steps: int = 5) -> Tensor:
    """Approximately U V' of the singular value decomposition U S V'."""
    a, b, c = NEWTON_SCHULZ
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = x / (x.norm() + 1e-7)
    for _ in range(steps):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return x.T if tall else x


class Muon(torch.optim.Optimizer):
    """Momentum, Nesterov, orthogonal update, decoupled weight decay. Matrices only; stacked ones are split by `parts`."""

    def __init__(self, matrices: list[tuple[Tensor, int]], lr: float, momentum: float = 0.95, decay: float = 0.01) -> None:
        groups = [{"params": [m for m, p in matrices if p == parts], "parts": parts} for parts in {p for _, p in matrices}]
        super().__init__(groups, {"lr": lr, "momentum": momentum, "decay": decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        """One update from the gradients."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                state = self.state[weight]
                velocity = state.setdefault("velocity", torch.zeros_like(weight))
                velocity.lerp_(weight.grad, 1 - group["momentum"])
                wanted = weight.grad.lerp(velocity, group["momentum"])
                pieces = [orthogonal(piece) for piece in wanted.chunk(group["parts"])]
                rows, columns = pieces[0].shape
                weight.mul_(1 - group["lr"] * group["decay"])
                weight.add_(torch.cat(pieces), alpha=-group["lr"] * max(1.0, rows / columns) ** 0.5)
