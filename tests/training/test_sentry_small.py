"""The small sentry's parts: words joined of pieces, what is cut out of a big one, lots seen again, a teacher that remembers."""

from __future__ import annotations

import random

import pytest

pytest.importorskip("torch", reason="torch is only for training; a user never needs it")
pytest.importorskip("onnx", reason="onnx writes the file")

import numpy as np
import onnxruntime as ort
import torch

from scripts.training import sentry_export, sentry_small
from scripts.training.sentry_net import (
    HEAD,
    WIDTH,
    Batch,
    Layer,
    Sentry,
    from_state,
    int8_rows,
    place_of,
    word_of,
)
from scripts.training.sentry_stream import repeated

# [CLS], a word of three pieces, a word of one, a word of six, [SEP]
SHAPES = [0, 2, 18, 18, 1, 3, 19, 19, 19, 19, 19, 0]


def net(**given: int | bool) -> Sentry:
    torch.manual_seed(1)
    made = Sentry(40, 1, 32, inner=24, heads=3, joined=True, **given).eval()
    with torch.no_grad():
        rows, scale = int8_rows(made.words.weight)
        made.words.weight.copy_(rows.float() * scale)  # as the file holds it
        made.places.weight.normal_()
        made.glues.weight.normal_()
    return made


def batch(shapes: list[int] = SHAPES, padding: int = 0) -> Batch:
    generator = torch.Generator().manual_seed(2)
    count = len(shapes)
    ids = torch.randint(1, 40, (1, count), generator=generator)
    glues = torch.randint(0, 9, (1, count), generator=generator)
    rows = (ids, torch.tensor([shapes]), glues, torch.ones(1, count, dtype=torch.long))
    filled = [
        torch.nn.functional.pad(row, (0, padding), value=fill)
        for row, fill in zip(rows, (0, 0, 4, 0), strict=True)
    ]
    return Batch(*filled)


def test_every_piece_knows_its_word_and_its_place_there() -> None:
    shapes = torch.tensor([SHAPES])
    assert word_of(shapes)[0].tolist() == [0, 1, 1, 1, 2, 3, 3, 3, 3, 3, 3, 4]
    assert place_of(shapes)[0].tolist() == [0, 0, 1, 2, 0, 0, 1, 2, 3, 3, 3, 0]


def test_the_pieces_of_a_word_share_one_vector_and_words_do_not() -> None:
    with torch.no_grad():
        x = net().trunk(batch())[0]
    assert torch.equal(x[1], x[3])
    assert torch.equal(x[5], x[10])
    assert not torch.allclose(x[3], x[4])


def test_the_order_of_pieces_in_a_word_counts() -> None:
    one = batch()
    ids = one.ids.clone()
    ids[0, [2, 3]] = ids[0, [3, 2]]
    with torch.no_grad():
        before, after = (net().trunk(Batch(i, one.shapes, one.glues, one.mask)) for i in (one.ids, ids))
    assert not torch.allclose(before[0, 1], after[0, 1])


def test_padding_changes_nothing() -> None:
    with torch.no_grad():
        alone, padded = net().trunk(batch()), net().trunk(batch(padding=5))
    assert torch.allclose(alone, padded[:, : len(SHAPES)], atol=1e-5)


@pytest.mark.parametrize("shapes", [SHAPES, [0, 1, 0], [0, 0], [0, 2, *[18] * 20, 0]])
def test_the_exported_graph_joins_as_the_trainer_does(shapes: list[int]) -> None:
    made, one = net(), batch(shapes)
    session = ort.InferenceSession(
        sentry_export.build(made, exact=True).SerializeToString(), providers=["CPUExecutionProvider"]
    )
    feed = {"ids": one.ids.numpy(), "shapes": one.shapes.numpy(), "glues": one.glues.numpy()}
    tags, injection = session.run(["tags", "injection"], feed)
    with torch.no_grad():
        x = made.trunk(one)
        assert np.allclose(tags, made.tags(x).softmax(-1).numpy(), atol=1e-4)
        assert np.allclose(injection[0], made.injection(x, one.mask).sigmoid().numpy(), atol=1e-4)


def test_a_checkpoint_says_how_many_heads_and_whether_words_are_joined() -> None:
    made = from_state(net().state_dict())
    assert (made.layers[0].heads, made.joined) == (3, True)
    plain = from_state(Sentry(40, 1, 32, inner=24, heads=3).state_dict())
    assert not plain.joined


def test_the_loudest_heads_and_neurons_are_kept_and_the_mean_of_the_others_goes_into_the_bias() -> None:
    torch.manual_seed(3)
    source, target = Layer(0.0, 16), Layer(0.0, 4, 2)
    loud = [1, 7]
    inputs = torch.ones(200, WIDTH) * 0.5  # the quiet ones always say the same
    for head in loud:
        inputs[:, head * HEAD : (head + 1) * HEAD] = torch.randn(200, HEAD)
    ear = sentry_small.Ear(source.out, 12)
    ear.hear(inputs[None], torch.ones(1, 200))
    with torch.no_grad():
        sentry_small._cut_heads(target, source, ear)
        kept = torch.cat([inputs[:, head * HEAD : (head + 1) * HEAD] for head in loud], dim=1)
        assert torch.allclose(target.out(kept), source.out(inputs), atol=1e-4)
        assert torch.equal(target.qkv.weight[:HEAD], source.qkv.weight[HEAD : 2 * HEAD])

    spoken = torch.full((200, 16), 0.3)
    spoken[:, [2, 5, 6, 11]] = torch.rand(200, 4) * 2
    ear = sentry_small.Ear(source.down, 16)
    ear.hear(spoken[None], torch.ones(1, 200))
    with torch.no_grad():
        sentry_small._cut_neurons(target, source, ear)
        assert torch.allclose(target.down(spoken[:, [2, 5, 6, 11]]), source.down(spoken), atol=1e-4)


def test_what_stands_in_padding_is_not_heard() -> None:
    ear = sentry_small.Ear(torch.nn.Linear(4, 4), 2)
    ear.hear(torch.tensor([[[1.0] * 4, [9.0] * 4]]), torch.tensor([[1, 0]]))
    assert ear.mean().tolist() == [1.0] * 4


def test_every_lot_comes_as_often_as_asked_and_not_before_others_wait() -> None:
    lots = [(batch(), torch.tensor([[at]]), batch(), torch.zeros(1)) for at in range(40)]
    seen = [int(lot[1]) for lot in repeated(iter(lots), 3, random.Random(1), shelf=5)]
    counts = [seen.count(at) for at in range(40)]
    assert max(counts) == 3
    assert sum(counts) >= 3 * 40 - 2 * 6 - 12  # what waits at the end is not shown again
    assert seen[:5] == [0, 1, 2, 3, 4]  # nothing comes again before others wait
    assert seen.index(0, 1) > 5
    assert [int(lot[1]) for lot in repeated(iter(lots), 1, random.Random(1))] == list(range(40))


class Asked:
    """A teacher that counts how often it is asked."""

    def __init__(self) -> None:
        self.times = 0

    def trunk(self, one: Batch) -> object:
        self.times += 1
        return one.ids[..., None].float().expand(-1, -1, WIDTH)

    def injection(self, x: object, mask: object) -> object:
        return torch.zeros(1)


def test_a_teacher_is_asked_once_for_each_batch_while_it_is_remembered() -> None:
    asked = Asked()
    teacher = sentry_small.Remembered(asked, most=2)  # type: ignore[arg-type]
    one, other, third = batch(), batch([0, 1, 0]), batch([0, 1, 1, 0])
    first = teacher.says(one)
    assert torch.equal(teacher.says(batch())[0], first[0])
    assert asked.times == 1
    for each in (other, third, one):
        teacher.says(each)
    assert asked.times == 4
