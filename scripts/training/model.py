"""The network: a Qwen3-shaped decoder in plain PyTorch (queries and keys normed), rotated in halves as llama.cpp does."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from scripts.decoder_file import Shape
from scripts.training.packing import Pack


def rotations(shape: Shape, positions: Tensor) -> tuple[Tensor, Tensor]:
    """Cosine and sine at every position, each of shape (positions, 1, head / 2)."""
    pairs = torch.arange(0, shape.head, 2, dtype=torch.float64, device=positions.device) / shape.head
    angles = torch.outer(positions.double(), shape.rope_base ** (-pairs))[:, None]
    return angles.cos().float(), angles.sin().float()


def rotated(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """RoPE on the pairs (i, i + half) of the last axis."""
    left, right = x.chunk(2, dim=-1)
    return torch.cat((left * cos - right * sin, right * cos + left * sin), dim=-1)


GUIDED = 2  # heads of a watched layer whose attention training looks at


@dataclass(frozen=True, slots=True)
class Watched:
    """One guided head's scores: of prefix tokens (G, P, P) and of each strip's tokens (B, b, P + b)."""

    prefix: Tensor
    strips: tuple[Tensor, ...]


class Block(nn.Module):
    """Attention and a gated feed-forward layer, each with a residual path."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.attn_norm = nn.RMSNorm(shape.width, eps=shape.epsilon)
        self.q_norm = nn.RMSNorm(shape.head, eps=shape.epsilon)
        self.k_norm = nn.RMSNorm(shape.head, eps=shape.epsilon)
        self.qkv = nn.Linear(shape.width, 3 * shape.width, bias=False)
        self.attn_out = nn.Linear(shape.width, shape.width, bias=False)
        self.ffn_norm = nn.RMSNorm(shape.width, eps=shape.epsilon)
        self.gate_up = nn.Linear(shape.width, 2 * shape.inner, bias=False)
        self.down = nn.Linear(shape.inner, shape.width, bias=False)

    def forward(
        self,
        x: Tensor,
        pack: Pack,
        turns: tuple[Tensor, Tensor],
        wanted: Tensor | None = None,
        watched: list[Watched] | None = None,
    ) -> Tensor:
        """The block's output, (tokens, width), at every token or at the `wanted` ones only.

        The scores of its first `GUIDED` heads, before any mask, are appended to `watched`.
        """
        q, k, v = self.qkv(self.attn_norm(x)).view(len(x), 3, self.shape.heads, self.shape.head).unbind(1)
        q, k = rotated(self.q_norm(q), *turns), rotated(self.k_norm(k), *turns)
        mixed = self.attended(q, k, v, pack, watched)
        if wanted is not None:
            x, mixed = x[wanted], mixed[wanted]
        x = x + self.attn_out(mixed)
        gate, up = self.gate_up(self.ffn_norm(x)).chunk(2, dim=-1)
        return x + self.down(functional.silu(gate) * up)

    def attended(self, q: Tensor, k: Tensor, v: Tensor, pack: Pack, watched: list[Watched] | None) -> Tensor:
        """Attention, each of q, k, v (tokens, heads, head): prefixes among themselves, branches to prefix and self."""
        heads, head = self.shape.heads, self.shape.head
        # Rows are gathered by index_select: its gradient is a plain sum of rows, that of fancy indexing a slow scatter.
        flat = torch.stack((q, k, v), dim=1).flatten(1)
        many, longest = pack.prefix_at.shape
        mine = flat.index_select(0, pack.prefix_at.flatten()).view(many, longest, 3, heads, head)
        qp, kp, vp = mine.permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(qp, kp, vp, is_causal=True)
        found = [mixed.transpose(1, 2).reshape(-1, self.shape.width)]
        scores: list[Tensor] = []
        for strip in pack.strips:
            rows = flat.index_select(0, strip.at).view(len(strip.group_of), -1, 3, heads, head)
            qb, kb, vb = rows.permute(2, 0, 3, 1, 4)
            keys = torch.cat((kp.index_select(0, strip.group_of), kb), dim=2)
            values = torch.cat((vp.index_select(0, strip.group_of), vb), dim=2)
            if watched is not None:
                scores.append(qb[:, :GUIDED] @ keys[:, :GUIDED].transpose(2, 3) * head**-0.5)
            mixed = functional.scaled_dot_product_attention(qb, keys, values, attn_mask=strip.seen)
            found.append(mixed.transpose(1, 2).reshape(-1, self.shape.width))
        if watched is not None:
            inner = qp[:, :GUIDED] @ kp[:, :GUIDED].transpose(2, 3) * head**-0.5
            watched += [Watched(inner[:, at], tuple(s[:, at] for s in scores)) for at in range(GUIDED)]
        return torch.cat(found).index_select(0, pack.inverse)


class Decoder(nn.Module):
    """Packs in, hidden states out; `logits` multiplies by the tied embedding."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(shape.vocabulary, shape.width)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = nn.RMSNorm(shape.width, eps=shape.epsilon)
        self._start()

    def _start(self) -> None:
        nn.init.normal_(self.embedding.weight, std=0.04)
        for name, weight in self.named_parameters():
            if weight.dim() == 2 and "embedding" not in name:
                out = name.endswith(("attn_out.weight", "down.weight"))
                nn.init.normal_(weight, std=0.04 / (2 * self.shape.layers) ** 0.5 if out else 0.04)

    def forward(
        self, pack: Pack, wanted: Tensor | None = None, watched: list[Watched] | None = None
    ) -> Tensor:
        """Hidden states at every token, or only where `wanted`: the last feed-forward then skips the rest."""
        turns = rotations(self.shape, pack.positions)
        x = self.embedding(pack.tokens)
        last = len(self.blocks) - 1
        for at, block in enumerate(self.blocks):
            seen = watched if at in (0, last - 1) else None
            x = block(x, pack, turns, wanted if at == last else None, seen)
        found: Tensor = self.norm(x)
        return found

    def logits(self, hidden: Tensor) -> Tensor:
        """Scores of every token after each hidden state."""
        return functional.linear(hidden, self.embedding.weight)


def parameters_of(model: Decoder) -> int:
    """Number of trained values."""
    return sum(weight.numel() for weight in model.parameters())


def grown(small: Decoder, layers: int) -> Decoder:
    """A deeper decoder that computes exactly what `small` does: the new layers, spread evenly, begin as no-ops."""
    shape = small.shape
    wide = Decoder(replace(shape, layers=layers))
    wide.embedding.load_state_dict(small.embedding.state_dict())
    wide.norm.load_state_dict(small.norm.state_dict())
    source = 0
    for at, block in enumerate(wide.blocks):
        nearest = small.blocks[min(source, shape.layers - 1)]
        block.load_state_dict(nearest.state_dict())
        kept = (at + 1) * shape.layers // layers > source
        if kept:
            source += 1
        else:
            for name, weight in block.named_parameters():
                if name.endswith(("attn_out.weight", "down.weight")):
                    nn.init.zeros_(weight)
    return wide
