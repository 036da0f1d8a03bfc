"""The encoder as the trainer sees it: the first layers of a MiniLM, case features, and four heads on one trunk.

Tags per piece; per text an injection score, a domain, and two signs of complexity. The small encoder is the same net with fewer
layers, heads and inner neurons, word vectors put together from a code book (product quantisation), and the pieces of a word joined
to one vector before the first layer, so that the layers read words.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tidegate.privacy.wordpiece import GLUES, SHAPES

WIDTH, HEADS, INNER = 384, 12, 1536
HEAD = WIDTH // HEADS  # of one head, however many are kept
PLACES = 4  # places in a word that are told apart when its pieces are joined: first, second, third, later
LATER = 16  # added to a word's shape for its second and later pieces (see `tidegate.privacy.wordpiece`)
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

    def __init__(self, dropout: float, inner: int = INNER, heads: int = HEADS) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(WIDTH, 3 * heads * HEAD)
        self.out = nn.Linear(heads * HEAD, WIDTH)
        self.up = nn.Linear(WIDTH, inner)
        self.down = nn.Linear(inner, WIDTH)
        self.norm1 = nn.LayerNorm(WIDTH, eps=1e-12)
        self.norm2 = nn.LayerNorm(WIDTH, eps=1e-12)
        self.dropout = dropout

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        b, t, _ = x.shape
        q, k, v = self.qkv(x).view(b, t, 3, self.heads, HEAD).permute(2, 0, 3, 1, 4)
        a = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        a = self.out(a.transpose(1, 2).reshape(b, t, self.heads * HEAD))
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
        heads: int = HEADS,
        joined: bool = False,
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
        self.joined = joined
        if joined:
            self.places = nn.Embedding(
                PLACES, WIDTH
            )  # how much a piece counts in its word, by its place there
            nn.init.ones_(self.places.weight)
        self.norm = nn.LayerNorm(WIDTH, eps=1e-12)
        self.layers = nn.ModuleList([Layer(dropout, inner, heads) for _ in range(layers)])
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
        """What every head reads: one vector per piece. Joined, the pieces of a word share theirs."""
        x = self.words(batch.ids) + self.shapes(batch.shapes) + self.glues(batch.glues)
        mask = batch.mask
        if self.joined:
            word, place = word_of(batch.shapes), place_of(batch.shapes)
            x, mask = self._join(x * self.places(place) * mask[..., None], word, mask)
        x = x + self.positions.weight[: x.shape[1]]
        x = F.dropout(self.norm(x), self.dropout, self.training)
        for layer in self.layers:
            x = layer(x, mask[:, None, None, :].bool())
        return x.gather(1, word[..., None].expand(-1, -1, WIDTH)) if self.joined else x

    @staticmethod
    def _join(x: Tensor, word: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Sums of the pieces of each word, and which words are real."""
        most = int(word.max()) + 1
        whole = torch.zeros(x.shape[0], most, x.shape[2], dtype=x.dtype, device=x.device)
        whole = whole.scatter_add(1, word[..., None].expand_as(x), x)
        real = torch.zeros(word.shape[0], most, dtype=mask.dtype, device=x.device)
        return whole, real.scatter_reduce(1, word, mask, "amax")

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


def word_of(shapes: Tensor) -> Tensor:
    """Which word of its text each piece belongs to, counted from 0; [CLS], [SEP] and padding are words of one piece."""
    return (shapes < LATER).long().cumsum(1) - 1


def place_of(shapes: Tensor) -> Tensor:
    """The place of each piece in its word, `PLACES` - 1 at most."""
    later = (shapes >= LATER).long()
    place, run = later, later
    for _ in range(PLACES - 2):
        run = later * F.pad(run[:, :-1], (1, 0))
        place = place + run
    return place


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
        heads=state["layers.0.out.weight"].shape[1] // HEAD,
        joined="places.weight" in state,
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
