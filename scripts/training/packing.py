"""Many requests under one tool list: the tools are computed once, each request sees them and itself.

A request's cost is mostly the prompt's, and a decoder reads the tools before it has seen the request. So a group is a
prefix (tools, home) and branches (request and answer), each branch at the positions it would have alone. What is
computed is exactly what a device computes for each of them; only the prefix is not computed again and again. Tokens of
all groups lie in one flat row; padding exists only inside attention.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

IGNORED = -100
NOWHERE = -1


@dataclass(frozen=True, slots=True)
class Branch:
    """Token ids of one request and its answer. `targets[i]` is the token after `ids[i]`, or `IGNORED`.

    `sources[i]` says where that token stands: a position counted from the start of the prefix, or `NOWHERE`.
    """

    ids: list[int]
    targets: list[int]
    sources: list[int]


@dataclass(frozen=True, slots=True)
class Group:
    """A prefix and the branches that follow it, each by itself."""

    prefix: list[int]
    branches: tuple[Branch, ...]

    @property
    def size(self) -> int:
        """Tokens computed."""
        return len(self.prefix) + sum(len(branch.ids) for branch in self.branches)


@dataclass(frozen=True, slots=True)
class Strip:
    """Branches of like length, B of them up to b tokens long, beside prefixes up to P."""

    at: Tensor  # B * b: where each token lies in the flat row
    group_of: Tensor  # B
    seen: Tensor  # B, 1, b, P + b: what a token may look at
    back: Tensor  # B, b: column of the token before; NOWHERE in padding
    sources: Tensor  # B, b: column of the copied token; NOWHERE where nothing is known

    def to(self, device: str) -> Strip:
        """The strip on another device."""
        return Strip(*(getattr(self, name).to(device) for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Pack:
    """Groups as tensors: N tokens, G groups with prefixes up to P, branches in strips."""

    tokens: Tensor  # N
    positions: Tensor  # N
    prefix_at: Tensor  # G, P: where each prefix token lies in the flat row
    strips: tuple[Strip, ...]
    inverse: Tensor  # N: where each flat token lies in the padded prefixes, followed by the padded strips
    targets: Tensor  # N

    def to(self, device: str) -> Pack:
        """The pack on another device."""
        moved = (self.tokens.to(device), self.positions.to(device), self.prefix_at.to(device))
        strips = tuple(strip.to(device) for strip in self.strips)
        return Pack(*moved, strips, self.inverse.to(device), self.targets.to(device))

    @property
    def requests(self) -> int:
        """How many branches there are."""
        return sum(len(strip.group_of) for strip in self.strips)


def packed(groups: Sequence[Group], cuts: int = 3) -> Pack:
    """Groups as one pack, branches in `cuts` strips by length. A group without branches is a plain sequence."""
    longest = max(len(group.prefix) for group in groups)
    tokens: list[int] = []
    positions: list[int] = []
    inverse: list[int] = []
    targets: list[int] = []
    prefix_at = torch.zeros(len(groups), longest, dtype=torch.long)
    for g, group in enumerate(groups):
        size = len(group.prefix)
        prefix_at[g, :size] = torch.arange(len(tokens), len(tokens) + size)
        inverse += range(g * longest, g * longest + size)
        tokens += group.prefix
        positions += range(size)
        targets += [IGNORED] * size
    branches = [(g, branch) for g, group in enumerate(groups) for branch in group.branches]
    branches.sort(key=lambda pair: len(pair[1].ids))
    share = -(-len(branches) // cuts) or 1
    sizes = [len(group.prefix) for group in groups]
    strips = []
    start = len(groups) * longest
    for first in range(0, len(branches), share):
        part = branches[first : first + share]
        strips.append(_strip(part, sizes, longest, len(tokens)))
        width = len(part[-1][1].ids)
        for at, (g, branch) in enumerate(part):
            inverse += range(start + at * width, start + at * width + len(branch.ids))
            tokens += branch.ids
            positions += range(sizes[g], sizes[g] + len(branch.ids))
            targets += branch.targets
        start += len(part) * width
    return Pack(
        torch.tensor(tokens),
        torch.tensor(positions),
        prefix_at,
        tuple(strips),
        torch.tensor(inverse),
        torch.tensor(targets),
    )


def _strip(part: list[tuple[int, Branch]], sizes: list[int], longest: int, offset: int) -> Strip:
    """Branches (shortest first) whose tokens begin at `offset` of the flat row, one after another."""
    width = len(part[-1][1].ids)
    found = torch.zeros(len(part), width, dtype=torch.long)
    back = torch.full((len(part), width), NOWHERE)
    sources = torch.full((len(part), width), NOWHERE)
    for at, (g, branch) in enumerate(part):
        size, before = len(branch.ids), sizes[g]
        found[at, :size] = torch.arange(offset, offset + size)
        back[at, :size] = torch.arange(longest - 1, longest - 1 + size)
        back[at, 0] = before - 1
        columns = [s if s < before else s - before + longest for s in branch.sources]
        sources[at, :size] = torch.tensor(columns)
        offset += size
    group_of = torch.tensor([g for g, _ in part])
    shown = torch.arange(longest) < torch.tensor(sizes)[group_of][:, None]
    own = torch.ones(width, width, dtype=torch.bool).tril()
    seen = torch.cat((shown[:, None, :].expand(-1, width, -1), own.expand(len(part), -1, -1)), dim=2)
    return Strip(found.flatten(), group_of, seen[:, None], back, sources)


def plain(ids: Sequence[int]) -> Pack:
    """One sequence, as a prefix that nothing follows."""
    return packed([Group(list(ids), ())])


def packs(groups: Iterator[Group], budget: int, rng: random.Random, pool: int = 24) -> Iterator[Pack]:
    """Packs of about `budget` tokens from groups whose prefixes are of like length, in random order."""
    while True:
        fresh: list[Group] = []
        while sum(group.size for group in fresh) < budget * pool:
            fresh.append(next(groups))
        fresh.sort(key=lambda group: len(group.prefix))
        shelves: list[list[Group]] = [[]]
        for group in fresh:
            if sum(g.size for g in shelves[-1]) + group.size > budget and shelves[-1]:
                shelves.append([])
            shelves[-1].append(group)
        rng.shuffle(shelves)
        yield from (packed(shelf) for shelf in shelves)
