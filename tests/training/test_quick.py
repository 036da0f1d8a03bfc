"""A short training run gives a file that llama.cpp loads and that computes what the trainer computes."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is only for training; a user never needs it")
pytest.importorskip("tokenizers", reason="tokenizers learns the vocabulary")
pytest.importorskip("gguf", reason="gguf writes the file")
pytest.importorskip("llama_cpp", reason="llama.cpp reads the file back")

import torch

from scripts.training import data, export, prove, sources, train

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(
        not (sources.data_root() / "snips").is_dir(), reason="the shared data sets are not here"
    ),
]


def test_a_quick_run_gives_a_file_equal_to_its_trainer_and_can_go_on(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    plan = train.Plan("edge", tmp_path, minutes=0.05, quick=True)
    train.train(plan)
    train.train(train.Plan("edge", tmp_path, minutes=0.08, quick=True, resume=True))
    trained = export.load_trained(tmp_path)
    assert trained.progress["runs"] == 1

    exact = export.write(trained, tmp_path / "exact.gguf", "f32", "quick")
    small = export.write(trained, tmp_path / "small.gguf", "q8_0", "quick")
    assert small.stat().st_size < exact.stat().st_size / 2

    wanted = prove.references(trained, prove.prompts(data.load(), 3), room=8)
    proof = prove.prove(exact, wanted, room=8)
    assert (proof.same_tokens, proof.same_top) == (3, 3)
    assert proof.largest_difference < 1e-3


def test_the_same_seed_and_steps_give_the_same_weights(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    found = []
    for name, seed in (("one", 7), ("two", 7), ("other", 8)):
        plan = train.Plan("edge", tmp_path / name, steps=3, quick=True, batch_tokens=600, seed=seed)
        train.train(plan)
        found.append(export.tensors(export.load_trained(tmp_path / name).model))
    assert all((found[0][key] == found[1][key]).all() for key in found[0])
    assert any(
        found[0][key].shape != found[2][key].shape or (found[0][key] != found[2][key]).any()
        for key in found[0]
    )
