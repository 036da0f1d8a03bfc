"""The shipped graph is what its script writes."""

from __future__ import annotations

import pytest

from tidegate.models.recipe import RECIPE

onnx = pytest.importorskip("onnx", reason="needs onnx, which only the trainer's environment has")


def test_the_shipped_graph_is_fresh() -> None:
    from scripts.training.embedder_graph import build

    assert (RECIPE / "graph.onnx").read_bytes() == build()


def test_the_graph_names_every_array_of_the_weights_file_and_nothing_outside_it() -> None:
    from tidegate.models.embedder_weights import layout

    graph = onnx.load(str(RECIPE / "graph.onnx"), load_external_data=False).graph
    outside = {one.name: one.external_data for one in graph.initializer if one.data_location == 1}
    assert set(outside) == {slot.name for slot in layout()}
    assert {entry.value for data in outside.values() for entry in data if entry.key == "location"} == {
        "weights.bin"
    }
