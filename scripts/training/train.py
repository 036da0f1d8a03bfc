"""Trains the edge or the cloud model. The same code on one core, several cores or CUDA; seeded, resumable, clock-bound.

The learning rate follows the share of the time given, so a run of any length ends at zero. A checkpoint is written
every two minutes and at the end, and each is enough to resume from or to export.
"""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor, distributed
from torch.nn import functional

from scripts.training import copying, data, pointing, tokenizer
from scripts.training.model import Decoder, Shape, grown, parameters_of
from scripts.training.optimiser import Muon
from scripts.training.template import SPECIALS, TOOL, completion_of, prompt_of

SHAPES = {
    "edge": Shape(tokenizer.VOCABULARY, 160, 4, 5, 416),
    "cloud": Shape(tokenizer.VOCABULARY, 160, 6, 5, 416),
    "quick": Shape(tokenizer.VOCABULARY, 96, 3, 3, 256),
}
TOKENIZER_SAMPLE = 20_000
LONGEST = 320
IGNORED = -100


@dataclass(frozen=True, slots=True)
class Plan:
    """What to train and for how long. `minutes` is wall clock over all runs of this checkpoint."""

    kind: str
    out: Path
    minutes: float = 60.0
    seed: int = 7
    quick: bool = False
    resume: bool = False
    workers: int = 1
    batch_tokens: int = 2048
    muon_rate: float = 0.02
    adam_rate: float = 3e-3
    grow_from: Path | None = None
    # The share of the time after which the pointing head looks at the right place ("pointing" in the log falls).
    copying_from: float = 0.15

    @property
    def shape(self) -> Shape:
        """Sizes of the network."""
        return SHAPES["quick" if self.quick else self.kind]


@dataclass(frozen=True, slots=True)
class Batch:
    """Token ids padded on the right, targets with `IGNORED` outside completions, and where copied tokens stand."""

    tokens: Tensor
    targets: Tensor
    sources: Tensor

    def to(self, device: str) -> Batch:
        """The batch on another device."""
        return Batch(self.tokens.to(device), self.targets.to(device), self.sources.to(device))


@dataclass(frozen=True, slots=True)
class Row:
    """Token ids of prompt and completion, where the completion starts, and where each next token was copied from."""

    ids: list[int]
    start: int
    sources: list[int]


def encoded(example: data.Example, codec: Tokenizer) -> Row:
    """An example as tokens."""
    prompt = codec.encode(prompt_of(example)).ids
    ids = prompt + codec.encode(completion_of(example)).ids
    return Row(ids, len(prompt), pointing.sources_of(example, ids, len(prompt), codec))


def rehearsal(codec: Tokenizer, words: list[int], rng: random.Random) -> Row:
    """A line of tokens and a part of it again: practice in copying, the skill every argument value needs.

    `words` are tokens of a real request, used half of the time; else tokens at random, which covers those the data
    hardly shows. It costs a quarter of an example, and small decoders learn to copy late without it. The tag in front
    never opens a line of a real prompt, so nothing else is learned from it.
    """
    tag, space = codec.token_to_id(TOOL) or 0, codec.encode(" ").ids[0]
    drawn = [rng.randrange(len(SPECIALS), codec.get_vocab_size()) for _ in range(rng.randrange(6, 14))]
    line = [token for word in drawn for token in (word, space)] if rng.random() < 0.4 else drawn
    if rng.random() < 0.5 and len(words) > 5:
        line = words[:24]
    begin = rng.randrange(len(line) - 3)
    part = line[begin : begin + 12]
    sources = [pointing.NOWHERE] * (len(line) + 2) + [begin + 2 + at for at in range(len(part) - 1)]
    return Row([tag, *line, tag, *part], len(line) + 3, [*sources, pointing.NOWHERE])


def batches(
    examples: Iterator[data.Example], codec: Tokenizer, budget: int, rng: random.Random
) -> Iterator[Batch]:
    """Batches of about `budget` tokens, of examples of like length, in random order within a pool."""
    while True:
        fresh = list(itertools.islice(examples, budget // 5))
        pool = [encoded(example, codec) for example in fresh]
        pool += [rehearsal(codec, codec.encode(example.text).ids, rng) for example in fresh[: budget // 8]]
        pool = sorted((row for row in pool if len(row.ids) <= LONGEST), key=lambda row: len(row.ids))
        groups: list[list[Row]] = [[]]
        for row in pool:
            if (len(groups[-1]) + 1) * len(row.ids) > budget:
                groups.append([])
            groups[-1].append(row)
        rng.shuffle(groups)
        yield from (padded(group) for group in groups if group)


def padded(rows: list[Row]) -> Batch:
    """Rows of unlike length as one batch."""
    width = max(len(row.ids) for row in rows) - 1
    tokens = torch.zeros(len(rows), width, dtype=torch.long)
    targets = torch.full((len(rows), width), IGNORED)
    sources = torch.full((len(rows), width), pointing.NOWHERE)
    for at, row in enumerate(rows):
        size = len(row.ids) - 1
        tokens[at, :size] = torch.tensor(row.ids[:-1])
        targets[at, row.start - 1 : size] = torch.tensor(row.ids[row.start :])
        sources[at, :size] = torch.tensor(row.sources[:-1])
    return Batch(tokens, targets, sources)


def loss_of(model: Decoder, batch: Batch, watched: list[Tensor] | None = None) -> Tensor:
    """Mean cross-entropy of completion tokens; only their positions meet the vocabulary, a third less work."""
    wanted = batch.targets != IGNORED
    hidden = model(batch.tokens, wanted, watched)
    return functional.cross_entropy(model.logits(hidden).float(), batch.targets[wanted])


def optimisers(model: Decoder, plan: Plan, rank: int = 0) -> list[torch.optim.Optimizer]:
    """Muon on the block matrices, AdamW on the rest."""
    parts = {"qkv": 3, "gate_up": 2}
    matrices, others = [], []
    for name, weight in model.named_parameters():
        if weight.dim() == 2 and "embedding" not in name:
            matrices.append((weight, next((n for key, n in parts.items() if key in name), 1)))
        else:
            others.append(weight)
    if plan.muon_rate == 0:
        others, matrices = others + [weight for weight, _ in matrices], []
    adam = torch.optim.AdamW(others, lr=plan.adam_rate, betas=(0.9, 0.98), weight_decay=0.0)
    return [Muon(matrices, plan.muon_rate, plan.workers, rank), adam] if matrices else [adam]


def rate_at(share: float) -> float:
    """Factor on the learning rates when `share` of the time is used: short warm-up, flat, then linearly to zero."""
    if share < 0.01:
        return max(share / 0.01, 0.05)
    return min(1.0, (1.0 - share) / 0.3) if share < 1 else 0.0


def shared_gradients(model: Decoder, workers: int) -> None:
    """Averages gradients over the workers in one exchange."""
    grads = [weight.grad for weight in model.parameters() if weight.grad is not None]
    flat = torch.cat([grad.flatten() for grad in grads])
    distributed.all_reduce(flat)
    flat /= workers
    for grad, piece in zip(grads, flat.split([grad.numel() for grad in grads]), strict=True):
        grad.copy_(piece.view_as(grad))


def codec_for(plan: Plan, corpus: data.Corpus) -> Tokenizer:
    """The run's tokenizer: the saved one, the one of the model grown from, or a new one."""
    path = plan.out / "tokenizer.json"
    if path.exists():
        return tokenizer.load(path)
    if plan.grow_from:
        codec = tokenizer.load(plan.grow_from.parent / "tokenizer.json")
    else:
        sample = itertools.islice(
            data.stream(corpus, plan.seed), TOKENIZER_SAMPLE // (10 if plan.quick else 1)
        )
        codec = tokenizer.learn(prompt_of(example) + completion_of(example) for example in sample)
    path.parent.mkdir(parents=True, exist_ok=True)
    codec.save(str(path))
    return codec


def teach_copying(model: Decoder, corpus: data.Corpus, codec: Tokenizer, rank: int = 0) -> None:
    """Fits the pointing heads' value path once, with the strength that serves a fixed set of examples best."""
    feed = batches(data.stream(corpus, 1), codec, 4096, random.Random(1))
    sample = [next(feed) for _ in range(8)]
    up, target = copying.plant(model, [batch.tokens for batch in sample[:6]])
    with torch.no_grad():
        losses = {}
        for scale in copying.SCALES:
            target.copy_(up * scale)
            losses[scale] = sum(loss_of(model, batch).item() for batch in sample[6:])
        best = min(losses, key=losses.__getitem__)
        target.copy_(up * best)
    if rank == 0:
        print(
            f"copying: strength {best:g}, loss {losses[0.0] / 2:.3f} without, {losses[best] / 2:.3f} with",
            flush=True,
        )


def begin(plan: Plan, device: str, rank: int) -> tuple[Decoder, list[torch.optim.Optimizer], dict[str, Any]]:
    """A model, its optimisers and the progress so far: resumed, grown or new."""
    torch.manual_seed(plan.seed)
    progress: dict[str, Any] = {"step": 0, "tokens": 0, "seconds": 0.0, "runs": 0}
    # A grown model has its copying heads from the smaller one.
    progress["copying"] = plan.grow_from is not None
    saved_path = plan.out / "checkpoint.pt"
    saved = torch.load(saved_path, map_location=device) if plan.resume and saved_path.exists() else None
    if saved is not None:
        model = Decoder(Shape(**saved["shape"]))
        model.load_state_dict(saved["model"])
    elif plan.grow_from is not None:
        small = torch.load(plan.grow_from, map_location="cpu")
        base = Decoder(Shape(**small["shape"]))
        base.load_state_dict(small["model"])
        model = grown(base, plan.shape.layers)
    else:
        model = Decoder(plan.shape)
    model.to(device)
    found = optimisers(model, plan, rank)
    if saved is not None:
        for optimiser, state in zip(found, saved["optimisers"], strict=True):
            optimiser.load_state_dict(state)
        progress = dict(saved["progress"], runs=saved["progress"]["runs"] + 1)
    return model, found, progress


def save(plan: Plan, model: Decoder, found: list[torch.optim.Optimizer], progress: dict[str, Any]) -> None:
    """Writes the checkpoint whole or not at all."""
    path = plan.out / "checkpoint.pt"
    state = {
        "shape": asdict(model.shape),
        "model": model.state_dict(),
        "optimisers": [optimiser.state_dict() for optimiser in found],
        "progress": progress,
    }
    torch.save(state, path.with_suffix(".new"))
    path.with_suffix(".new").replace(path)


def run(plan: Plan, rank: int = 0) -> None:
    """One worker's training loop, until the time is used."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if plan.workers > 1:
        torch.set_num_threads(1)
    corpus = data.load()
    codec = codec_for(plan, corpus)
    model, found, progress = begin(plan, device, rank)
    bases = [[group["lr"] for group in optimiser.param_groups] for optimiser in found]
    if plan.resume:
        rates = (plan.muon_rate, plan.adam_rate)[-len(bases) :]
        bases = [[rate] * len(base) for rate, base in zip(rates, bases, strict=True)]
    seed = plan.seed + 1000 * rank + 100_000 * progress["runs"]
    if rank == 0:
        print(
            f"{plan.kind}: {parameters_of(model) / 1e6:.2f}M parameters, {plan.minutes:g} minutes, {device}",
            flush=True,
        )
    clock = Clockwork(before=progress["seconds"], limit=plan.minutes * 60, workers=plan.workers)
    examples = data.stream(corpus, seed, crowding=lambda: 1.0 if plan.grow_from else clock.share() / 0.5)
    feed = batches(examples, codec, plan.batch_tokens, random.Random(seed))
    average, saved_at, told_at = 0.0, 0.0, 0.0
    while not clock.done():
        factor = rate_at(clock.share())
        for optimiser, base in zip(found, bases, strict=True):
            for group, rate in zip(optimiser.param_groups, base, strict=True):
                group["lr"] = rate * factor
        if not progress.get("copying") and clock.share() >= plan.copying_from:
            progress["copying"] = True
            teach_copying(model, corpus, codec, rank)
        batch = next(feed).to(device)
        watched: list[Tensor] = []
        loss = loss_of(model, batch, watched)
        pointed = pointing.pointing_loss(watched, batch.sources)
        model.zero_grad(set_to_none=True)
        (loss + pointed).backward()
        if plan.workers > 1:
            shared_gradients(model, plan.workers)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimiser in found:
            optimiser.step()
        progress["step"] += 1
        progress["tokens"] += batch.tokens.numel() * plan.workers
        progress["seconds"] = clock.seconds()
        average = loss.item() if average == 0.0 else average * 0.95 + loss.item() * 0.05
        if rank == 0 and clock.seconds() - told_at >= 20:
            told_at = clock.seconds()
            speed = progress["tokens"] / max(clock.seconds(), 1e-9)
            left = max(0.0, plan.minutes - clock.seconds() / 60)
            print(
                f"step {progress['step']} loss {average:.3f} pointing {pointed.item():.3f} {speed:,.0f} tokens/s"
                f" {progress['tokens'] / 1e6:.2f}M tokens {left:.1f} min left",
                flush=True,
            )
        if rank == 0 and clock.seconds() - saved_at >= 120:
            saved_at = clock.seconds()
            save(plan, model, found, progress)
    if rank == 0:
        save(plan, model, found, progress)


@dataclass
class Clockwork:
    """Time used so far. Several workers agree on one reading per step: their rates and their end must be the same."""

    before: float
    limit: float
    workers: int
    _started: float = 0.0
    _now: float = 0.0

    def __post_init__(self) -> None:
        self._started, self._now = time.monotonic(), self.before

    def done(self) -> bool:
        """Reads the clock; true when the time is used, for every worker at once."""
        self._now = self.before + time.monotonic() - self._started
        if self.workers > 1:
            latest = torch.tensor([self._now], dtype=torch.float64)
            distributed.all_reduce(latest, distributed.ReduceOp.MAX)
            self._now = float(latest.item())
        return self._now >= self.limit

    def seconds(self) -> float:
        """Seconds used at the last reading, over all runs of this checkpoint."""
        return self._now

    def share(self) -> float:
        """Part of the time used at the last reading, 0 to 1."""
        return min(1.0, self._now / self.limit)


def _worker(rank: int, plan: Plan, port: int) -> None:
    distributed.init_process_group("gloo", f"tcp://127.0.0.1:{port}", rank=rank, world_size=plan.workers)
    run(plan, rank)
    distributed.destroy_process_group()


def train(plan: Plan) -> None:
    """Trains as planned; the checkpoint and tokenizer are in `plan.out` afterwards."""
    plan.out.mkdir(parents=True, exist_ok=True)
    if plan.workers == 1:
        run(plan)
        return
    codec_for(plan, data.load())
    torch.multiprocessing.spawn(
        _worker, (plan, random.SystemRandom().randrange(20_000, 40_000)), plan.workers
    )
