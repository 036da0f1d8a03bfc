"""Trains the edge or the cloud model. The same code on one core, several cores or CUDA; seeded, resumable, clock-bound.

The learning rate follows the share of the time given, so a run of any length ends at zero. A checkpoint is written
every two minutes and at the end, and each is enough to resume from or to export.
"""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor, distributed
from torch.nn import functional

from scripts.decoder_file import Shape
from scripts.training import copying, data, groups, pointing, starting, tokenizer
from scripts.training.model import Decoder, Watched, grown, parameters_of
from scripts.training.optimiser import Muon
from scripts.training.packing import IGNORED, NOWHERE, Branch, Group, Pack, packs
from scripts.training.records import Example
from scripts.training.template import SPECIALS, STRUCTURE, TOOL, USER, asking_of, completion_of, opening_of

SHAPES = {
    "edge": Shape(tokenizer.VOCABULARY, 192, 4, 6, 512),
    "cloud": Shape(tokenizer.VOCABULARY, 192, 6, 6, 512),
    "quick": Shape(tokenizer.VOCABULARY, 96, 3, 3, 256),
}
TOKENIZER_SAMPLE = 3_000
# CLINC150 with all of its 150 names takes 736 tokens.
LONGEST_PREFIX, LONGEST_BRANCH = 860, 110


@dataclass(frozen=True, slots=True)
class Plan:
    """What to train and for how long. `minutes` is wall clock over all runs of this checkpoint.

    With `steps` the run ends after so many instead, and its rates follow them: the same plan then gives the same weights
    on the same kind of machine.
    """

    kind: str
    out: Path
    minutes: float = 60.0
    steps: int = 0
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


def encoded(examples: list[Example], codec: Tokenizer) -> Group | None:
    """A group as tokens; branches that are too long are left out. None when nothing is left."""
    # Without tools and system message, what all share is the tag that opens the request.
    opening = opening_of(examples[0]) or USER
    prefix = codec.encode(opening).ids
    if len(prefix) > LONGEST_PREFIX:
        return None
    head = codec.token_to_id(STRUCTURE[0]) or 0
    branches = []
    for example in examples:
        asked = codec.encode(asking_of(example).removeprefix(opening)).ids
        ids = prefix + asked + codec.encode(completion_of(example)).ids
        start = len(prefix) + len(asked)
        if len(ids) - len(prefix) <= LONGEST_BRANCH:
            sources = pointing.sources_of(example, ids, start, codec)
            branches.append(_branch(ids, len(prefix), start, sources, head))
    return Group(prefix, tuple(branches)) if branches else None


def _branch(ids: list[int], before: int, start: int, sources: list[int], head: int) -> Branch:
    """One request and its answer. How a call begins is scored in every eighth place: there is nothing to choose."""
    targets = [IGNORED] * (start - 1 - before)
    targets += [
        IGNORED if token == head and (at + before) % 8 else token for at, token in enumerate(ids[start:])
    ]
    return Branch(ids[before:-1], targets, sources[before : len(ids) - 1])


def rehearsal(codec: Tokenizer, words: list[int], rng: random.Random) -> Group:
    """A line of tokens, and parts of it again: practice in copying, the skill every argument value needs.

    `words` are tokens of a real request, used half of the time; else tokens at random, which covers those the data
    hardly shows. Small decoders learn to copy late without it. The tag in front never opens a line of a real prompt,
    so nothing else is learned from it.
    """
    tag, space = codec.token_to_id(TOOL) or 0, codec.encode(" ").ids[0]
    drawn = [rng.randrange(len(SPECIALS), codec.get_vocab_size()) for _ in range(rng.randrange(8, 20))]
    line = [token for word in drawn for token in (word, space)] if rng.random() < 0.4 else drawn
    if rng.random() < 0.5 and len(words) > 5:
        line = words[:28]
    prefix = [tag, *line]
    branches = []
    for _ in range(3):
        begin = rng.randrange(len(line) - 3)
        part = line[begin : begin + 12]
        sources = [NOWHERE, *(begin + 2 + at for at in range(len(part) - 1))]
        branches.append(Branch([tag, *part[:-1]], [IGNORED, *part[1:]], sources))
    return Group(prefix, tuple(branches))


def feed(examples: Iterator[list[Example]], codec: Tokenizer, rng: random.Random) -> Iterator[Group]:
    """Groups of tokens without end, with some rehearsal between."""
    for drawn in examples:
        group = encoded(drawn, codec)
        if group is not None:
            yield group
            if rng.random() < 0.4:
                yield rehearsal(codec, codec.encode(drawn[0].text).ids, rng)


def loss_of(model: Decoder, pack: Pack, watched: list[Watched] | None = None) -> Tensor:
    """Mean cross-entropy of the scored tokens; only their positions meet the vocabulary."""
    wanted = pack.targets != IGNORED
    hidden = model(pack, wanted, watched)
    return functional.cross_entropy(model.logits(hidden).float(), pack.targets[wanted])


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
    """Factor on the learning rates when `share` of the time is used: short warm-up, flat for half of it, then linearly to zero."""
    if share < 0.01:
        return max(share / 0.01, 0.05)
    return min(1.0, (1.0 - share) / 0.5) if share < 1 else 0.0


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
            groups.stream(corpus, plan.seed), TOKENIZER_SAMPLE // (10 if plan.quick else 1)
        )
        texts = (
            text
            for group in sample
            for text in (opening_of(group[0]), *(asking_of(e) + completion_of(e) for e in group))
        )
        codec = tokenizer.learn(texts)
    path.parent.mkdir(parents=True, exist_ok=True)
    codec.save(str(path))
    return codec


def teach_copying(model: Decoder, corpus: data.Corpus, codec: Tokenizer, rank: int = 0) -> None:
    """Fits the pointing heads' value path once, with the strength that serves a fixed set of examples best."""
    rng = random.Random(1)
    drawn = packs(feed(groups.stream(corpus, 1), codec, rng), 4096, rng, pool=8)
    sample = [next(drawn) for _ in range(8)]
    up, target = copying.plant(model, sample[:6])
    with torch.no_grad():
        losses = {}
        for scale in copying.SCALES:
            target.copy_(up * scale)
            losses[scale] = sum(loss_of(model, pack).item() for pack in sample[6:])
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
        codec = tokenizer.load(plan.out / "tokenizer.json")
        model = Decoder(replace(plan.shape, vocabulary=codec.get_vocab_size()))
        if not plan.quick:
            starting.give_meaning(model, codec, say=rank == 0)
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
    clock = Clockwork(progress["seconds"], plan.minutes * 60, plan.workers, plan.steps)
    rng = random.Random(seed)
    drawn = packs(feed(groups.stream(corpus, seed), codec, rng), plan.batch_tokens, rng)
    average, saved_at, told_at = 0.0, 0.0, 0.0
    while not clock.done(progress["step"]):
        factor = rate_at(clock.share())
        for optimiser, base in zip(found, bases, strict=True):
            for group, rate in zip(optimiser.param_groups, base, strict=True):
                group["lr"] = rate * factor
        if not progress.get("copying") and clock.share() >= plan.copying_from:
            progress["copying"] = True
            teach_copying(model, corpus, codec, rank)
        pack = next(drawn).to(device)
        watched: list[Watched] = []
        loss = loss_of(model, pack, watched)
        pointed = pointing.pointing_loss(watched, pack)
        model.zero_grad(set_to_none=True)
        (loss + pointed).backward()
        if plan.workers > 1:
            shared_gradients(model, plan.workers)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimiser in found:
            optimiser.step()
        progress["step"] += 1
        progress["tokens"] += pack.tokens.numel() * plan.workers
        progress["requests"] = progress.get("requests", 0) + pack.requests * plan.workers
        progress["seconds"] = clock.seconds()
        average = loss.item() if average == 0.0 else average * 0.95 + loss.item() * 0.05
        if rank == 0 and clock.seconds() - told_at >= 20:
            told_at = clock.seconds()
            speed = progress["tokens"] / max(clock.seconds(), 1e-9)
            left = clock.left() / 60
            print(
                f"step {progress['step']} loss {average:.3f} pointing {pointed.item():.3f} {speed:,.0f} tokens/s"
                f" {progress['tokens'] / 1e6:.2f}M tokens {progress['requests']:,} requests {left:.1f} min left",
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
    steps: int = 0
    _started: float = 0.0
    _now: float = 0.0
    _share: float = 0.0

    def __post_init__(self) -> None:
        self._started, self._now = time.monotonic(), self.before

    def done(self, step: int) -> bool:
        """Reads the clock; true when the time (or the steps) are used, for every worker at once."""
        self._now = self.before + time.monotonic() - self._started
        if self.workers > 1:
            latest = torch.tensor([self._now], dtype=torch.float64)
            distributed.all_reduce(latest, distributed.ReduceOp.MAX)
            self._now = float(latest.item())
        self._share = step / self.steps if self.steps else self._now / self.limit
        return self._share >= 1

    def seconds(self) -> float:
        """Seconds used at the last reading, over all runs of this checkpoint."""
        return self._now

    def share(self) -> float:
        """Part of the time (or of the steps) used at the last reading, 0 to 1."""
        return min(1.0, self._share)

    def left(self) -> float:
        """Seconds still to go, at the present speed where steps are counted."""
        return (
            self._now * (1 - self._share) / max(self._share, 1e-6) if self.steps else self.limit - self._now
        )


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
