"""Requests that share a prefix compute exactly what each would compute alone."""

from __future__ import annotations

import random

import pytest

pytest.importorskip("torch", reason="torch is only for training; a user never needs it")

import torch

from scripts.decoder_file import Shape
from scripts.training.model import Decoder, Watched
from scripts.training.packing import IGNORED, NOWHERE, Branch, Group, packed, packs, plain
from scripts.training.pointing import pointing_loss

torch.set_num_threads(1)
SMALL = Shape(90, 64, 3, 2, 96)


def drawn(rng: random.Random) -> Group:
    """A group of random tokens; every branch copies its third token from the prefix's second."""
    prefix = [rng.randrange(90) for _ in range(rng.randrange(3, 12))]
    branches = []
    for _ in range(rng.randrange(1, 6)):
        ids = [rng.randrange(90) for _ in range(rng.randrange(2, 9))]
        targets = [IGNORED, *ids[2:], rng.randrange(90)]
        sources = [NOWHERE, 1, *([NOWHERE] * (len(ids) - 2))]
        branches.append(Branch(ids, targets, sources))
    return Group(prefix, tuple(branches))


@pytest.mark.parametrize("seed", range(6))
def test_a_branch_computes_what_it_would_alone(seed: int) -> None:
    torch.manual_seed(seed)
    model = Decoder(SMALL)
    rng = random.Random(seed)
    groups = [drawn(rng) for _ in range(3)]
    pack = packed(groups)
    with torch.no_grad():
        found = model(pack)
        alone = []
        for group in groups:
            alone += [model(plain(group.prefix))]
        branches = [(group.prefix, branch) for group in groups for branch in group.branches]
        branches.sort(key=lambda pair: len(pair[1].ids))
        for prefix, branch in branches:
            alone.append(model(plain(prefix + branch.ids))[len(prefix) :])
    assert torch.allclose(found, torch.cat(alone), atol=1e-4)
    assert pack.tokens.tolist()[sum(len(g.prefix) for g in groups) :] == [
        t for _, b in branches for t in b.ids
    ]


def test_a_branch_does_not_see_its_neighbours_nor_another_prefix() -> None:
    torch.manual_seed(1)
    model = Decoder(SMALL)
    one, other, changed = (Branch(ids, [5, 6], [NOWHERE] * 2) for ids in ([1, 2], [3, 4], [8, 9]))
    with torch.no_grad():
        before = model(packed([Group([7, 8, 9], (one, other)), Group([1, 1], (one,))], cuts=1))
        after = model(packed([Group([7, 8, 9], (one, changed)), Group([2, 2, 2, 2], (one,))], cuts=1))
    assert torch.allclose(before[5:7], after[7:9], atol=1e-5)
    assert not torch.allclose(before[7:9], after[9:11], atol=1e-3)


def test_the_guided_heads_are_pointed_at_the_right_columns() -> None:
    """Scores that look exactly where they should cost nothing; others do."""
    rng = random.Random(4)
    pack = packed([drawn(rng) for _ in range(3)])
    many, longest = pack.prefix_at.shape

    def looking(steps: int) -> Watched:
        """A head that looks so many tokens back; 0: at what is copied."""
        prefix = torch.full((many, longest, longest), -40.0)
        for at in range(steps, longest):
            prefix[:, at, at - steps] = 40.0
        strips = []
        for strip in pack.strips:
            columns = strip.back.clone() if steps else strip.sources.clamp(min=0)
            if steps == 2:
                columns[:, 1:] = strip.back[:, :-1]
                columns[:, 0] -= 1
            scores = torch.full(strip.seen[:, 0].shape, -40.0)
            strips.append(scores.scatter(2, columns.clamp(min=0)[:, :, None], 40.0))
        return Watched(prefix, tuple(strips))

    one, two, pointer = looking(1), looking(2), looking(0)
    assert float(pointing_loss([one, two, pointer, one], pack)) == pytest.approx(0.0, abs=1e-6)
    for wrong in ([two, one, pointer, one], [one, one, pointer, one], [one, two, one, one]):
        assert float(pointing_loss(wrong, pack)) > 1.0


def test_packs_keep_to_the_budget_and_lose_no_group() -> None:
    rng = random.Random(2)

    def source() -> object:
        while True:
            yield drawn(rng)

    feed = packs(source(), 120, random.Random(3), pool=4)  # type: ignore[arg-type]
    sizes = [len(next(feed).tokens) for _ in range(40)]
    assert max(sizes) <= 120
    assert sum(sizes) / len(sizes) > 60
