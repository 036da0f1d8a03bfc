"""The network: a llama-shaped decoder in plain PyTorch; it rotates neighbouring pairs, as llama.cpp does."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of a network. `width` and `inner` are multiples of 32 so that Q8_0 blocks fit."""

    vocabulary: int
    width: int
    layers: int
    heads: int
    inner: int
    context: int = 2048
    rope_base: float = 10000.0
    epsilon: float = 1e-5

    @property
    def head(self) -> int:
        """Size of one attention head."""
        return self.width // self.heads


def rotations(shape: Shape, length: int) -> tuple[Tensor, Tensor]:
    """Cosine and sine of every position and pair, each of shape (length, head / 2)."""
    pairs = torch.arange(0, shape.head, 2, dtype=torch.float64) / shape.head
    angles = torch.outer(torch.arange(length, dtype=torch.float64), shape.rope_base ** (-pairs))
    return angles.cos().float(), angles.sin().float()


def rotated(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """RoPE on neighbouring pairs (0,1), (2,3), ... of the last axis."""
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), dim=-1).flatten(-2)


class Block(nn.Module):
    """Attention and a gated feed-forward layer, each with a residual path."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.attn_norm = nn.RMSNorm(shape.width, eps=shape.epsilon)
        self.qkv = nn.Linear(shape.width, 3 * shape.width, bias=False)
        self.attn_out = nn.Linear(shape.width, shape.width, bias=False)
        self.ffn_norm = nn.RMSNorm(shape.width, eps=shape.epsilon)
        self.gate_up = nn.Linear(shape.width, 2 * shape.inner, bias=False)
        self.down = nn.Linear(shape.inner, shape.width, bias=False)

    def forward(
        self,
        x: Tensor,
        cos: Tensor,
        sin: Tensor,
        wanted: Tensor | None = None,
        watched: list[Tensor] | None = None,
    ) -> Tensor:
        """The block's output, at every position or (batch and place flattened) at the `wanted` ones only.

        Its first head's attention scores, before the causal mask, are appended to `watched`.
        """
        batch, length, width = x.shape
        heads = self.shape.heads
        qkv = self.qkv(self.attn_norm(x)).view(batch, length, 3, heads, self.shape.head)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        q, k = rotated(q, cos, sin), rotated(k, cos, sin)
        if watched is not None:
            watched.append(q[:, 0] @ k[:, 0].transpose(1, 2) / self.shape.head**0.5)
        mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.attn_out(mixed.transpose(1, 2).reshape(batch, length, width))
        x = x if wanted is None else x[wanted]
        gate, up = self.gate_up(self.ffn_norm(x)).chunk(2, dim=-1)
        return x + self.down(functional.silu(gate) * up)


class Decoder(nn.Module):
    """Tokens in, hidden states out; `logits` multiplies by the tied embedding."""

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
        self, tokens: Tensor, wanted: Tensor | None = None, watched: list[Tensor] | None = None
    ) -> Tensor:
        """Hidden states at every position, or only where `wanted`: the last feed-forward then skips the rest."""
        cos, sin = rotations(self.shape, tokens.shape[1])
        cos, sin = cos.to(tokens.device), sin.to(tokens.device)
        x = self.embedding(tokens)
        last = len(self.blocks) - 1
        for at, block in enumerate(self.blocks):
            seen = watched if at in (0, last - 1) else None
            x = block(x, cos, sin, wanted if at == last else None, seen)
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
    wide = Decoder(
        Shape(
            shape.vocabulary,
            shape.width,
            layers,
            shape.heads,
            shape.inner,
            shape.context,
            shape.rope_base,
            shape.epsilon,
        )
    )
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
