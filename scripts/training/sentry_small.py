"""The small sentry: cut out of a trained one, then taught by it.

Kept are the first layers, the inner neurons that speak loudest on training text, and word vectors put together from a code book.
The student learns the teacher's tag and injection probabilities and its last hidden states beside the true labels.
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scripts.training.sentry_net import CODES, WIDTH, Batch, Sentry, from_state
from scripts.training.sentry_stream import Stream

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


@torch.no_grad()
def shrink(big: Sentry, stream: Stream, layers: int, inner: int, parts: int) -> Sentry:
    """The student's first guess: as much of `big` as fits."""
    net = Sentry(big.words.num_embeddings, layers, big.positions.num_embeddings, inner=inner, parts=parts)
    loud, often = _listen(big, stream)
    _encode_words(big.words.weight.cpu(), often, net)
    for name in ("positions", "shapes", "glues", "norm", "tags", "attend", "hidden", "verdict"):
        getattr(net, name).load_state_dict(getattr(big, name).state_dict())
    for index, layer in enumerate(net.layers):
        source = big.layers[index]
        kept = loud[index].topk(inner).indices.sort().values
        for name in ("qkv", "out", "norm1", "norm2"):
            getattr(layer, name).load_state_dict(getattr(source, name).state_dict())
        layer.up.weight.copy_(source.up.weight[kept])  # type: ignore[union-attr, operator, index]
        layer.up.bias.copy_(source.up.bias[kept])  # type: ignore[union-attr, operator, index]
        layer.down.weight.copy_(source.down.weight[:, kept])  # type: ignore[union-attr, operator, index]
        layer.down.bias.copy_(source.down.bias)  # type: ignore[union-attr, operator]
    return net


def _listen(big: Sentry, stream: Stream) -> tuple[list[Tensor], Tensor]:
    """How much each inner neuron contributes on training text, and how often each piece occurs."""
    loud = [torch.zeros(layer.up.out_features) for layer in big.layers]  # type: ignore[union-attr, arg-type]
    often = torch.ones(big.words.num_embeddings)
    hooks = []
    for index, layer in enumerate(big.layers):

        def hear(_: nn.Module, __: tuple[Tensor, ...], out: Tensor, at: int = index) -> None:
            loud[at] += F.gelu(out).abs().sum((0, 1)).cpu()

        hooks.append(layer.up.register_forward_hook(hear))  # type: ignore[union-attr, operator]
    device = big.positions.weight.device
    batches = stream.batches(32)
    for _ in range(_LOOKED_AT):
        batch = next(batches)[0]
        big(Batch(*(part.to(device) for part in (batch.ids, batch.shapes, batch.glues, batch.mask))))
        often += torch.bincount(batch.ids.flatten(), minlength=len(often)) * (torch.arange(len(often)) != 0)
    for hook in hooks:
        hook.remove()
    weights = [layer.down.weight.norm(dim=0).cpu() for layer in big.layers]  # type: ignore[union-attr, operator]
    return [noise * weight for noise, weight in zip(loud, weights, strict=True)], often


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


class Distilled:
    """The loss of one step: `sentry.train` calls it in place of its own."""

    def __init__(self, big: Sentry) -> None:
        self.big = big

    def __call__(
        self, net: Sentry, batch: Batch, tags: Tensor, attacks: tuple[Batch, Tensor] | None
    ) -> tuple[Tensor, Tensor]:
        with torch.no_grad():
            wanted = self.big.trunk(batch)
            soft, calm = self.big.tags(wanted).softmax(-1), self.big.injection(wanted, batch.mask).sigmoid()
        x = net.trunk(batch)
        logits, counted = net.tags(x), tags != -100
        tag_loss = -(soft * logits.log_softmax(-1)).sum(-1)[counted].mean()
        tag_loss = tag_loss + _TRUE * F.cross_entropy(logits.flatten(0, 1), tags.flatten(), ignore_index=-100)
        tag_loss = tag_loss + (x - wanted)[batch.mask.bool()].square().mean()
        verdict = net.injection(x, batch.mask)
        attack_loss = 0.5 * F.binary_cross_entropy_with_logits(verdict, calm)
        if attacks is not None:
            texts, attack = attacks
            with torch.no_grad():
                said = self.big(texts)[1].sigmoid()
            target = (1 - _TRUE) * said + _TRUE * (attack * 0.98 + 0.01)
            attack_loss = attack_loss + F.binary_cross_entropy_with_logits(net(texts)[1], target)
        return tag_loss, attack_loss
