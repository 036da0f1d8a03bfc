"""The encoder as the trainer sees it: the first layers of a MiniLM, case features, a tag head and an injection head."""

import math
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tidegate.privacy.wordpiece import GLUES, SHAPES

WIDTH, HEADS, INNER = 384, 12, 1536
TAGS = ("O", *(f"{b}-{k}" for k in ("PER", "LOC", "ORG", "STREET", "ZIP") for b in "BI"))


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded pieces; `mask` is 1 where a piece is real."""

    ids: Tensor
    shapes: Tensor
    glues: Tensor
    mask: Tensor


class Layer(nn.Module):
    """One post-norm transformer layer, as in BERT."""

    def __init__(self, dropout: float) -> None:
        super().__init__()
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.out = nn.Linear(WIDTH, WIDTH)
        self.up = nn.Linear(WIDTH, INNER)
        self.down = nn.Linear(INNER, WIDTH)
        self.norm1 = nn.LayerNorm(WIDTH, eps=1e-12)
        self.norm2 = nn.LayerNorm(WIDTH, eps=1e-12)
        self.dropout = dropout

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        b, t, _ = x.shape
        q, k, v = self.qkv(x).view(b, t, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
        a = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        a = self.out(a.transpose(1, 2).reshape(b, t, WIDTH))
        x = self.norm1(x + F.dropout(a, self.dropout, self.training))
        f = self.down(F.gelu(self.up(x)))
        return self.norm2(x + F.dropout(f, self.dropout, self.training))


class Sentry(nn.Module):
    """Returns tag logits per piece and one injection logit per text."""

    def __init__(self, vocabulary: int, layers: int, positions: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.words = nn.Embedding(vocabulary, WIDTH)
        self.words.weight.requires_grad_(
            False
        )  # frozen at its int8 values, so that the export loses nothing here
        self.positions = nn.Embedding(positions, WIDTH)
        self.shapes = nn.Embedding(SHAPES, WIDTH)
        self.glues = nn.Embedding(GLUES, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, eps=1e-12)
        self.layers = nn.ModuleList([Layer(dropout) for _ in range(layers)])
        self.tags = nn.Linear(WIDTH, len(TAGS))
        self.attend = nn.Linear(WIDTH, 1)
        self.hidden = nn.Linear(2 * WIDTH, 128)
        self.verdict = nn.Linear(128, 1)
        self.dropout = dropout
        for table in (self.shapes, self.glues):
            nn.init.normal_(table.weight, std=0.01)

    def forward(self, batch: Batch) -> tuple[Tensor, Tensor]:
        t = batch.ids.shape[1]
        x = (
            self.words(batch.ids)
            + self.positions.weight[:t]
            + self.shapes(batch.shapes)
            + self.glues(batch.glues)
        )
        x = F.dropout(self.norm(x), self.dropout, self.training)
        mask = batch.mask[:, None, None, :].bool()
        for layer in self.layers:
            x = layer(x, mask)
        return self.tags(x), self._verdict(x, batch.mask)

    def _verdict(self, x: Tensor, mask: Tensor) -> Tensor:
        weights = self.attend(x).squeeze(-1).masked_fill(mask == 0, -math.inf).softmax(-1)
        pooled = torch.cat([x[:, 0], torch.einsum("bt,btw->bw", weights, x)], dim=-1)
        hidden = F.dropout(torch.tanh(self.hidden(pooled)), self.dropout, self.training)
        out: Tensor = self.verdict(hidden).squeeze(-1)
        return out


def int8_rows(table: Tensor) -> tuple[Tensor, Tensor]:
    """Symmetric int8 per row and its scales."""
    scale = table.abs().amax(dim=1, keepdim=True).clamp_min(1e-8) / 127
    return (table / scale).round().clamp(-127, 127).to(torch.int8), scale


def from_minilm(weights: Path, layers: int, positions: int) -> Sentry:
    """A fresh net whose trunk is the first `layers` layers of the MiniLM in `weights` (safetensors)."""
    from safetensors.torch import load_file

    raw = load_file(str(weights))
    net = Sentry(raw["embeddings.word_embeddings.weight"].shape[0], layers, positions)
    with torch.no_grad():
        rows, scale = int8_rows(raw["embeddings.word_embeddings.weight"])
        net.words.weight.copy_(rows.float() * scale)
        net.positions.weight.copy_(
            raw["embeddings.position_embeddings.weight"][:positions]
            + raw["embeddings.token_type_embeddings.weight"][0]
        )
        _copy(net.norm, raw, "embeddings.LayerNorm")
        for index, layer in enumerate(net.layers):
            at = f"encoder.layer.{index}"
            for part in ("weight", "bias"):
                qkv = [raw[f"{at}.attention.self.{name}.{part}"] for name in ("query", "key", "value")]
                getattr(layer.qkv, part).copy_(torch.cat(qkv))
            _copy(layer.out, raw, f"{at}.attention.output.dense")
            _copy(layer.norm1, raw, f"{at}.attention.output.LayerNorm")
            _copy(layer.up, raw, f"{at}.intermediate.dense")
            _copy(layer.down, raw, f"{at}.output.dense")
            _copy(layer.norm2, raw, f"{at}.output.LayerNorm")
    return net


def _copy(module: nn.Module, raw: dict[str, Tensor], at: str) -> None:
    module.weight.copy_(raw[f"{at}.weight"])  # type: ignore[operator]
    module.bias.copy_(raw[f"{at}.bias"])  # type: ignore[operator]
