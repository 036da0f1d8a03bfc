"""The encoder as the trainer sees it: the first layers of a MiniLM, case features, and four heads on one trunk.

Tags per piece; per text an injection score, a domain, and two signs of complexity. The small encoder is the same net with fewer
layers, fewer inner neurons, and word vectors put together from a code book (product quantisation).
"""

import math
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tidegate.privacy.wordpiece import GLUES, SHAPES

WIDTH, HEADS, INNER = 384, 12, 1536
DOMAINS = tuple(
    "home media calendar lists messages weather news travel food money work chat knowledge writing".split()
)
DEMANDS = ("weak_fails", "several")  # see `sentry_topics`: what they are learnt from
TOPICS = 64
CODES = 256  # vectors in each part of the code book: one byte chooses one
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

    def __init__(self, dropout: float, inner: int = INNER) -> None:
        super().__init__()
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.out = nn.Linear(WIDTH, WIDTH)
        self.up = nn.Linear(WIDTH, inner)
        self.down = nn.Linear(inner, WIDTH)
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
    """Returns tag logits per piece and one injection logit per text; `judge` gives the logits of the small heads."""

    def __init__(
        self,
        vocabulary: int,
        layers: int,
        positions: int,
        *,
        dropout: float = 0.0,
        inner: int = INNER,
        parts: int = 0,
    ) -> None:
        super().__init__()
        self.words = nn.Embedding(vocabulary, WIDTH)
        # Frozen at the values the file will hold (int8, or from the code book), so that the export loses nothing here.
        self.words.weight.requires_grad_(False)
        self.parts = parts
        if parts:
            self.register_buffer("codes", torch.zeros(vocabulary, parts, dtype=torch.uint8))
            self.register_buffer("book", torch.zeros(parts, CODES, WIDTH // parts))
        self.positions = nn.Embedding(positions, WIDTH)
        self.shapes = nn.Embedding(SHAPES, WIDTH)
        self.glues = nn.Embedding(GLUES, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, eps=1e-12)
        self.layers = nn.ModuleList([Layer(dropout, inner) for _ in range(layers)])
        self.tags = nn.Linear(WIDTH, len(TAGS))
        self.attend = nn.Linear(WIDTH, 1)
        self.hidden = nn.Linear(2 * WIDTH, 128)
        self.verdict = nn.Linear(128, 1)
        self.topics = nn.Linear(3 * WIDTH, TOPICS)
        self.domain = nn.Linear(TOPICS, len(DOMAINS))
        self.demand = nn.Linear(TOPICS, len(DEMANDS))
        self.dropout = dropout
        for table in (self.shapes, self.glues):
            nn.init.normal_(table.weight, std=0.01)

    def forward(self, batch: Batch) -> tuple[Tensor, Tensor]:
        x = self.trunk(batch)
        return self.tags(x), self.injection(x, batch.mask)

    def trunk(self, batch: Batch) -> Tensor:
        """What every head reads: one vector per piece."""
        x = (
            self.words(batch.ids)
            + self.positions.weight[: batch.ids.shape[1]]
            + self.shapes(batch.shapes)
            + self.glues(batch.glues)
        )
        x = F.dropout(self.norm(x), self.dropout, self.training)
        mask = batch.mask[:, None, None, :].bool()
        for layer in self.layers:
            x = layer(x, mask)
        return x

    def judge(self, pooled: Tensor) -> tuple[Tensor, Tensor]:
        """Domain logits and demand logits of texts pooled by `pool`."""
        hidden = torch.tanh(self.topics(pooled))
        return self.domain(hidden), self.demand(hidden)

    def injection(self, x: Tensor, mask: Tensor) -> Tensor:
        weights = self.attend(x).squeeze(-1).masked_fill(mask == 0, -math.inf).softmax(-1)
        pooled = torch.cat([x[:, 0], torch.einsum("bt,btw->bw", weights, x)], dim=-1)
        hidden = F.dropout(torch.tanh(self.hidden(pooled)), self.dropout, self.training)
        out: Tensor = self.verdict(hidden).squeeze(-1)
        return out


def pool(x: Tensor, mask: Tensor) -> Tensor:
    """A text as one vector: its first piece, the mean and the maximum of all."""
    real = mask[..., None]
    mean = (x * real).sum(1) / real.sum(1)
    most = x.masked_fill(real == 0, -math.inf).amax(1)
    return torch.cat([x[:, 0], mean, most], dim=-1)


def from_state(state: dict[str, Tensor]) -> Sentry:
    """The net a checkpoint was taken from; heads the checkpoint lacks start anew."""
    layers = 1 + max(int(name.split(".")[1]) for name in state if name.startswith("layers."))
    table = state["words.weight"]
    net = Sentry(
        table.shape[0],
        layers,
        state["positions.weight"].shape[0],
        inner=state["layers.0.up.weight"].shape[0],
        parts=state["codes"].shape[1] if "codes" in state else 0,
    )
    missing, unknown = net.load_state_dict(state, strict=False)
    if unknown or any(name.split(".")[0] not in ("topics", "domain", "demand") for name in missing):
        raise ValueError(f"not a checkpoint of this net: missing {missing}, unknown {unknown}")
    return net


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
