"""The small sentry: cut out of a trained one, then taught by it.

Kept are the first layers, of each the heads and inner neurons whose words vary most on training text (what the others say on
average goes into the biases), and word vectors put together from a code book. Joined, its layers read one vector per word.
The student learns the teacher's tag and injection probabilities and its last hidden states beside the true labels.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scripts.training.sentry_net import CODES, HEAD, LATER, WIDTH, Batch, Layer, Sentry, from_state
from scripts.training.sentry_stream import SHELF, Stream

_LOOKED_AT = 12  # batches from which loudness and frequency are read
_TRUE = 0.3  # weight of the true labels beside the teacher's


def teacher(folder: Path) -> Sentry:
    """The trained net in `folder`, frozen."""
    path = folder / "final.pt"
    if not path.exists():
        raise SystemExit(
            f"no teacher at {path}: train the full sentry first (scripts/train sentry), or name its folder"
        )
    net = from_state(torch.load(path, map_location="cpu", weights_only=True)).eval()
    for parameter in net.parameters():
        parameter.requires_grad_(False)
    return net


@dataclass(frozen=True, slots=True)
class Shape:
    """How much the student keeps: layers, heads and inner neurons of each, bytes per word vector, whether pieces are joined."""

    layers: int
    heads: int
    inner: int
    parts: int
    joined: bool


@torch.no_grad()
def shrink(big: Sentry, stream: Stream, shape: Shape) -> Sentry:
    """The student's first guess: as much of `big` as fits."""
    net = Sentry(
        big.words.num_embeddings,
        shape.layers,
        big.positions.num_embeddings,
        inner=shape.inner,
        parts=shape.parts,
        heads=shape.heads,
        joined=shape.joined,
    )
    heard, often = _listen(big, stream)
    _encode_words(big.words.weight.cpu(), often, net)
    for name in ("positions", "shapes", "glues", "norm", "tags", "attend", "hidden", "verdict"):
        getattr(net, name).load_state_dict(getattr(big, name).state_dict())
    for layer, source, ears in zip(net.layers, big.layers, heard, strict=False):
        assert isinstance(layer, Layer)
        assert isinstance(source, Layer)
        _cut_heads(layer, source, ears[0])
        _cut_neurons(layer, source, ears[1])
    return net


class Ear:
    """Mean and covariance of what goes into a layer's second matrix: `parts` groups of its inputs, each judged by itself."""

    def __init__(self, into: nn.Linear, parts: int) -> None:
        self.into, self.parts = into, parts
        self.count = 0
        self.sum = torch.zeros(into.in_features)
        self.square = torch.zeros(parts, into.in_features // parts, into.in_features // parts)

    def hear(self, x: Tensor, mask: Tensor) -> None:
        """Rows of inputs where `mask` is 1."""
        rows = x[mask.bool()].cpu()
        self.count += len(rows)
        self.sum += rows.sum(0)
        grouped = rows.view(len(rows), self.parts, -1)
        self.square += torch.einsum("npi,npj->pij", grouped, grouped)

    def mean(self) -> Tensor:
        """The mean input."""
        return self.sum / max(self.count, 1)

    def loudness(self) -> Tensor:
        """How much each group's share of the result varies: the trace of W C W^T, C the covariance of its inputs."""
        mean = self.mean().view(self.parts, -1)
        spread = self.square / max(self.count, 1) - mean[:, :, None] * mean[:, None, :]
        weight = self.into.weight.detach().cpu().view(self.into.out_features, self.parts, -1)
        return torch.einsum("opi,pij,opj->p", weight, spread, weight)


def _cut_heads(layer: Layer, source: Layer, ear: Ear) -> None:
    """The heads whose words vary most; the mean of the others' goes into the bias."""
    kept = ear.loudness().topk(layer.heads).indices.sort().values
    rows = (kept[:, None] * HEAD + torch.arange(HEAD)).flatten()
    inside = (torch.arange(3)[:, None] * WIDTH + rows).flatten()
    layer.qkv.weight.copy_(source.qkv.weight[inside])
    layer.qkv.bias.copy_(source.qkv.bias[inside])
    _cut_columns(layer.out, source.out, rows, ear.mean())
    layer.norm1.load_state_dict(source.norm1.state_dict())


def _cut_neurons(layer: Layer, source: Layer, ear: Ear) -> None:
    """The same for inner neurons."""
    kept = ear.loudness().topk(layer.up.out_features).indices.sort().values
    layer.up.weight.copy_(source.up.weight[kept])
    layer.up.bias.copy_(source.up.bias[kept])
    _cut_columns(layer.down, source.down, kept, ear.mean())
    layer.norm2.load_state_dict(source.norm2.state_dict())


def _cut_columns(target: nn.Linear, source: nn.Linear, kept: Tensor, mean: Tensor) -> None:
    dropped = torch.ones(source.in_features, dtype=torch.bool)
    dropped[kept] = False
    weight = source.weight.cpu()
    target.weight.copy_(weight[:, kept])
    target.bias.copy_(source.bias.cpu() + weight[:, dropped] @ mean[dropped])


def _listen(big: Sentry, stream: Stream) -> tuple[list[tuple[Ear, Ear]], Tensor]:
    """What heads and inner neurons of each layer say on training text, and how often each piece occurs."""
    often = torch.ones(big.words.num_embeddings)
    heard, hooks, now = [], [], [torch.ones(1, 1)]

    def ear_of(module: nn.Linear, parts: int) -> Ear:
        ear = Ear(module, parts)
        hear: Callable[[nn.Module, tuple[Tensor, ...]], None] = lambda _, x: ear.hear(x[0], now[0])  # noqa: E731
        hooks.append(module.register_forward_pre_hook(hear))
        return ear

    for layer in big.layers:
        assert isinstance(layer, Layer)
        heard.append((ear_of(layer.out, layer.heads), ear_of(layer.down, layer.down.in_features)))
    device = big.positions.weight.device
    batches = stream.batches(32)
    for _ in range(_LOOKED_AT):
        batch = next(batches)[0]
        now[0] = batch.mask
        big(Batch(*(part.to(device) for part in (batch.ids, batch.shapes, batch.glues, batch.mask))))
        often += torch.bincount(batch.ids.flatten(), minlength=len(often)) * (torch.arange(len(often)) != 0)
    for hook in hooks:
        hook.remove()
    return heard, often


def _encode_words(table: Tensor, often: Tensor, net: Sentry, rounds: int = 8) -> None:
    """Product quantisation of the word vectors: k-means per part, frequent pieces weighing more (Jegou et al. 2011)."""
    generator = torch.Generator().manual_seed(5)
    weights = often.sqrt().clamp_max(20.0)[:, None]
    start = torch.randperm(len(table), generator=generator)[:CODES]
    width = WIDTH // net.parts
    for part in range(net.parts):
        rows = table[:, part * width : (part + 1) * width]
        book = rows[start].clone()
        for turn in range(rounds + 1):
            nearest = (book.square().sum(1) - 2 * rows @ book.T).argmin(1)
            if turn == rounds:
                break
            mass = torch.zeros(CODES, 1).index_add_(0, nearest, weights)
            sums = torch.zeros_like(book).index_add_(0, nearest, rows * weights)
            book = torch.where(mass > 0, sums / mass.clamp_min(1e-9), book)
        book = book.half().float()  # as the file holds it
        net.codes[:, part] = nearest.to(torch.uint8)  # type: ignore[index, operator]
        net.book[part] = book  # type: ignore[index, operator]
        net.words.weight[:, part * width : (part + 1) * width] = book[nearest]
    lost = float(((table - net.words.weight) * weights).norm() / (table * weights).norm())
    print(f"word vectors in {net.parts} bytes each: relative error {lost:.3f}", flush=True)


class Remembered:
    """What the teacher says about a batch; of the batches seen last it is remembered, since they come again."""

    def __init__(self, big: Sentry, most: int = 4 * SHELF) -> None:
        self.big, self.most = big, most
        self._known: OrderedDict[bytes, tuple[Tensor, Tensor]] = OrderedDict()

    @torch.no_grad()
    def says(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Its last hidden states and its injection probabilities."""
        parts = (batch.ids, batch.shapes, batch.glues, batch.mask)
        key = hashlib.sha256(repr(batch.ids.shape).encode())
        for part in parts:
            key.update(part.cpu().numpy().tobytes())
        at = key.digest()
        if at not in self._known:
            x = self.big.trunk(batch)
            self._known[at] = x.half(), self.big.injection(x, batch.mask).sigmoid()
            if len(self._known) > self.most:
                self._known.popitem(last=False)
        self._known.move_to_end(at)
        x, calm = self._known[at]
        return x.float(), calm


class Distilled:
    """The loss of one step: `sentry.train` calls it in place of its own."""

    def __init__(self, big: Sentry) -> None:
        self.big, self.teacher = big, Remembered(big)

    def __call__(
        self, net: Sentry, batch: Batch, tags: Tensor, attacks: tuple[Batch, Tensor] | None
    ) -> tuple[Tensor, Tensor]:
        wanted, calm = self.teacher.says(batch)
        soft = self.big.tags(wanted).softmax(-1)
        x = net.trunk(batch)
        logits, counted = net.tags(x), tags != -100
        tag_loss = -(soft * logits.log_softmax(-1)).sum(-1)[counted].mean()
        tag_loss = tag_loss + _TRUE * F.cross_entropy(logits.flatten(0, 1), tags.flatten(), ignore_index=-100)
        alike = batch.mask.bool() & (batch.shapes < LATER) if net.joined else batch.mask.bool()
        tag_loss = tag_loss + (x - wanted)[alike].square().mean()
        verdict = net.injection(x, batch.mask)
        attack_loss = 0.5 * F.binary_cross_entropy_with_logits(verdict, calm)
        if attacks is not None:
            texts, attack = attacks
            target = (1 - _TRUE) * self.teacher.says(texts)[1] + _TRUE * (attack * 0.98 + 0.01)
            attack_loss = attack_loss + F.binary_cross_entropy_with_logits(net(texts)[1], target)
        return tag_loss, attack_loss
