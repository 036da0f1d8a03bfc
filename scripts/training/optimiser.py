"""Two optimisers side by side: Muon for the matrices inside the blocks, AdamW for the embedding and the norms.

Muon (Jordan et al. 2024, "Muon: an optimizer for hidden layers") replaces a matrix's momentum by the nearest orthogonal
matrix, found with five Newton-Schulz steps; small decoders learn the same from fewer tokens, and tokens are what a CPU
run is short of.
"""

from __future__ import annotations

import torch
from torch import Tensor, distributed

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)


def orthogonal(matrix: Tensor, steps: int = 4) -> Tensor:
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
    """Momentum, Nesterov, orthogonal update, decoupled weight decay. Matrices only; `parts` are stacked in each.

    With several workers each finds every n-th update and they exchange the results, since finding them is the cost.
    """

    def __init__(
        self, matrices: list[tuple[Tensor, int]], lr: float, workers: int = 1, rank: int = 0
    ) -> None:
        super().__init__([matrix for matrix, _ in matrices], {"lr": lr, "momentum": 0.95, "decay": 0.01})
        self._parts = [parts for _, parts in matrices]
        self._workers, self._rank = workers, rank

    def step(self, closure: None = None) -> None:
        """One update from the gradients."""
        with torch.no_grad():
            group = self.param_groups[0]
            updates = [
                self._update_of(at, weight, group["momentum"]) for at, weight in enumerate(group["params"])
            ]
            if self._workers > 1:
                flat = torch.cat([update.flatten() for update in updates])
                distributed.all_reduce(flat)
                updates = list(flat.split([update.numel() for update in updates]))
            for weight, update in zip(group["params"], updates, strict=True):
                weight.mul_(1 - group["lr"] * group["decay"])
                weight.add_(update.view_as(weight), alpha=-group["lr"])

    def _update_of(self, at: int, weight: Tensor, momentum: float) -> Tensor:
        """Keeps the momentum; the update when it is this worker's turn, else zeros."""
        velocity = self.state[weight].setdefault("velocity", torch.zeros_like(weight))
        velocity.lerp_(weight.grad, 1 - momentum)
        if at % self._workers != self._rank:
            return torch.zeros_like(weight)
        return _update(weight.grad.lerp(velocity, momentum), self._parts[at])


def _update(wanted: Tensor, parts: int) -> Tensor:
    """The orthogonal update of stacked matrices, each scaled by its shape."""
    pieces = [orthogonal(piece) for piece in wanted.chunk(parts)]
    rows, columns = pieces[0].shape
    return torch.cat(pieces) * max(1.0, rows / columns) ** 0.5
