"""Training batches of the sentry: corpora, made-up text, text without names; injections ride along."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from scripts.training import sentry_data, sentry_inject, sentry_words
from scripts.training.sentry_data import Example
from scripts.training.sentry_net import TAGS, Batch
from scripts.training.sentry_plain import Plain
from scripts.training.sentry_scenes import Scenes
from scripts.training.sentry_synth import Writer, recase, rename
from tidegate.privacy.wordpiece import WordPiece

PLAIN = 0.20  # share of texts without anything private
SCENES = 0.7  # share of made-up texts that are scenes; the others are the writer's short forms, records and log lines
ATTACKS = 4  # of each step's size one in so many texts rides along as an attack or its look-alike
RENAMED = 0.3  # share of real sentences that speak of other people than they did
SHELF = 200  # batches that wait to be seen again
WINDOW = 128  # pieces, [CLS] and [SEP] included


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


Lot = tuple[Batch, Tensor, Batch, Tensor]


def repeated(fresh: Iterator[Lot], again: int, rng: random.Random, shelf: int = SHELF) -> Iterator[Lot]:
    """Every lot of `fresh` `again` times: at once, and later, mixed with the `shelf` others that wait. Endless as `fresh` is."""
    waiting: list[tuple[Lot, int]] = []
    for lot in fresh:
        yield lot
        if again > 1:
            waiting.append((lot, again - 1))
        for _ in range(again - 1 if len(waiting) > shelf else 0):
            at = rng.randrange(len(waiting))
            old, left = waiting[at]
            if left > 1:
                waiting[at] = old, left - 1
            else:
                waiting[at] = waiting[-1]
                waiting.pop()
            yield old


class Stream:
    """Endless training batches. Corpora and made-up text half and half; injections ride along with each batch."""

    def __init__(
        self,
        shared: Path,
        wordpiece: WordPiece,
        seed: int,
        real_share: float = 0.5,
        plain_share: float = PLAIN,
        again: int = 1,
    ) -> None:
        self.rng = random.Random(seed)
        self.wordpiece = wordpiece
        self.real_share, self.plain_share = real_share, plain_share
        self.again, self._seed = again, seed
        self.real = sentry_data.train(shared, random.Random(seed))
        self.quiet = sentry_data.banking_questions(shared)
        self.lexicon, self.held = sentry_words.build(shared, self.real)
        self.writer = Writer(self.lexicon, self.rng)
        self.scenes = Scenes(self.lexicon, self.rng)
        self.plain = Plain(shared, self.rng)
        self.mixer = sentry_inject.Mixer(shared, self.rng)

    def _example(self) -> Example:
        if self.rng.random() < self.plain_share:
            return recase(self.plain.one(), self.rng)
        roll = self.rng.random()
        if roll < self.real_share:
            real = self.rng.choice(self.real)
            if self.rng.random() < RENAMED:
                real = rename(real, self.lexicon, self.rng)
            return recase(real, self.rng)
        if roll < self.real_share + 0.05:
            return recase(self.rng.choice(self.quiet), self.rng)
        maker = self.scenes if self.rng.random() < SCENES else self.writer
        return recase(maker.one(), self.rng)

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

    def batches(self, size: int) -> Iterator[Lot]:
        """Texts with tags, and attacks and look-alikes with verdicts; each lot as often as asked for."""
        return repeated(self._fresh(size), self.again, random.Random(self._seed))

    def _fresh(self, size: int) -> Iterator[Lot]:
        for items, (texts, attack) in zip(
            self._bucketed(size), self._attacks(max(1, size // ATTACKS)), strict=False
        ):
            batch, tags = pad(items)
            yield batch, tags, pad(texts)[0], attack
