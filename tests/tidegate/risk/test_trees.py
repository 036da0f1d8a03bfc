"""Trees that are added up."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tidegate.risk.fit import auroc
from tidegate.risk.growing import Growth, grow
from tidegate.risk.trees import Tree, added

FORK = Tree((0, -1, 1), (0.5, 0.0, 2.0), (1.0, 1.0, -1.0, 3.0))


@pytest.mark.parametrize(
    ("row", "value"),
    [((0.4, 9.0), 1.0), ((0.5, 1.9), -1.0), ((0.5, 2.0), 3.0), ((math.inf, -math.inf), -1.0)],
)
def test_a_value_below_goes_left_and_one_at_the_edge_goes_right(row: tuple[float, ...], value: float) -> None:
    assert FORK.value(row) == value


@pytest.mark.parametrize(
    ("tree", "whole"),
    [
        (FORK, True),
        (Tree((), (), (0.5,)), True),
        (Tree((0, -1), (0.5, 0.0), (1.0, 1.0, 2.0)), False),
        (Tree((0, -1, 1), (0.5, 0.0), (1.0, 1.0, -1.0, 3.0)), False),
        (Tree((0, -1, 1), (0.5, 0.0, 2.0), (1.0, 1.0, -1.0)), False),
    ],
)
def test_a_tree_whose_lists_do_not_fit_is_told(tree: Tree, whole: bool) -> None:
    assert tree.whole is whole


def test_trees_walked_down_together_add_what_each_gives_by_itself() -> None:
    rng = np.random.default_rng(3)
    half_asked = Tree((1, -1, 0), (0.0, 0.0, 1.0), (2.0, 2.0, -1.0, 0.25))
    asks_nothing = Tree((-1, -1, -1), (0.0, 0.0, 0.0), (0.5,) * 4)
    trees = (FORK, half_asked, asks_nothing, Tree((), (), (0.125,)))
    for row in rng.normal(size=(200, 2)).tolist():
        assert added([t.root for t in trees], row, 1.0) == pytest.approx(
            1.0 + sum(t.value(row) for t in trees)
        )
    assert added([FORK.root], [0.5, 2.0], 0.0) == FORK.value([0.5, 2.0])  # at the edge: right, as there


def test_an_exclusive_or_is_learned_where_a_line_learns_nothing() -> None:
    rng = np.random.default_rng(5)
    rows = rng.normal(size=(900, 4))
    right = (rows[:, 0] > 0) != (rows[:, 1] > 0)
    unseen = rng.normal(size=(600, 4))
    made = grow(rows, right, Growth(count=60))
    assert auroc(made.scores(unseen), (unseen[:, 0] > 0) != (unseen[:, 1] > 0)) > 0.95


def test_the_same_rows_give_the_same_trees_and_noise_gives_small_ones() -> None:
    rng = np.random.default_rng(6)
    rows, right = rng.normal(size=(400, 3)), rng.random(400) < 0.7
    made, again = (grow(rows, right, Growth(count=10)) for _ in range(2))
    assert made == again
    assert np.abs(made.scores(rows) - made.base).max() < 0.5
    assert all(tree.whole for tree in made.trees)


def test_what_is_grown_by_bins_is_read_by_values() -> None:
    rng = np.random.default_rng(7)
    rows = np.round(rng.normal(size=(300, 3)), 1)  # many equal values, some at the edges
    right = rows[:, 2] + 0.3 * rng.normal(size=300) > 0
    made = grow(rows, right, Growth(count=1, rows=1.0, features=1.0, step=1.0, decay=1e-6))
    sides = made.scores(rows)
    for score in np.unique(
        sides
    ):  # a leaf's log-odds follow from exactly the rows that reading sends into it
        inside = sides == score
        share = right.mean()
        step = (right[inside] - share).sum() / (inside.sum() * (share * (1 - share) + 1e-6))
        assert score == pytest.approx(made.base + step, rel=1e-3)


def test_a_column_that_never_changes_is_never_asked_about() -> None:
    rng = np.random.default_rng(8)
    rows = np.hstack([np.ones((200, 1)), rng.normal(size=(200, 1))])
    made = grow(rows, rows[:, 1] > 0, Growth(count=5, features=1.0))
    assert {asked for tree in made.trees for asked in tree.asks} <= {-1, 1}
