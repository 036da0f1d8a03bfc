"""The embedder's graph without its weights: writes tidegate/models/recipes/embedder/graph.onnx. Needs `onnx` alone.

    python -m scripts.training.embedder_graph [--check]

One text per run, no padding, so no mask. Each linear layer measures its input row by row: a token's numbers depend on that
token alone, which costs nothing beside one scale for the whole text and keeps more (docs/decisions/0016).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper

from scripts.training.onnx_nodes import Nodes
from tidegate.models.embedder_weights import HEADS, LAYERS, WIDTH, Slot, layout

OUT = Path(__file__).parents[2] / "tidegate/models/recipes/embedder/graph.onnx"
WEIGHTS = "weights.bin"
_KINDS = {"int8": TensorProto.INT8, "float32": TensorProto.FLOAT}


class Graph(Nodes):
    """Collects nodes and small constants; weights are names into the weights' file."""

    def __init__(self) -> None:
        super().__init__("c")

    def linear(self, x: str, name: str) -> str:
        """uint8 rows around 128, each with its own scale, times int8 columns, each with its own scale."""
        largest = self.one("ReduceMax", self.one("Abs", x), self.constant(_ints(1)), keepdims=1)
        # Divided, not multiplied by 1/127: onnxruntime would take a product for the two scales of its own fused node.
        scale = self.one(
            "Div", self.one("Max", largest, self.constant(_float(1e-8))), self.constant(_float(127))
        )
        flat = self.one("Squeeze", scale, self.constant(_ints(1)))
        middle = helper.make_tensor("middle", TensorProto.UINT8, [1], [128])
        zeros = self.one("ConstantOfShape", self.one("Shape", flat), value=middle)
        rows = self.one("QuantizeLinear", x, flat, zeros, axis=0)
        product = self.one(
            "MatMulInteger",
            rows,
            name,
            self.constant(np.array(128, np.uint8)),
            self.constant(np.array(0, np.int8)),
        )
        real = self.one("Mul", self.one("Cast", product, to=TensorProto.FLOAT), f"{name}.scale")
        return self.one("Add", self.one("Mul", real, scale), f"{name}.bias")

    def norm(self, x: str, name: str) -> str:
        return self.one("LayerNormalization", x, f"{name}.weight", f"{name}.bias", axis=-1, epsilon=1e-12)


def _ints(*values: int) -> npt.NDArray[np.int64]:
    return np.array(values, np.int64)


def _float(value: float) -> npt.NDArray[np.float32]:
    return np.array(value, np.float32)


def _embed(g: Graph) -> str:
    words = g.one("Cast", g.one("Gather", "words", "ids"), to=TensorProto.FLOAT)
    words = g.one("Mul", words, g.one("Gather", "words.scale", "ids"))
    positions = g.one("Slice", "positions", g.constant(_ints(0)), g.one("Shape", "ids"), g.constant(_ints(0)))
    return g.norm(g.one("Add", words, positions), "norm")


def _layer(g: Graph, x: str, layer: int) -> str:
    head = WIDTH // HEADS
    parts = g.one("Reshape", g.linear(x, f"{layer}.qkv"), g.constant(_ints(-1, 3, HEADS, head)))
    by_head = g.one("Transpose", parts, perm=[1, 2, 0, 3])
    q, k, v = (
        g.one("Squeeze", part, g.constant(_ints(0)))
        for part in g.op("Split", by_head, outputs=3, axis=0, num_outputs=3)
    )
    q = g.one("Mul", q, g.constant(_float(head**-0.5)))
    scores = g.one("Softmax", g.one("MatMul", q, g.one("Transpose", k, perm=[0, 2, 1])), axis=-1)
    mixed = g.one("Transpose", g.one("MatMul", scores, v), perm=[1, 0, 2])
    joined = g.one("Reshape", mixed, g.constant(_ints(-1, WIDTH)))
    x = g.norm(g.one("Add", x, g.linear(joined, f"{layer}.out")), f"{layer}.norm1")
    up = g.one("Gelu", g.linear(x, f"{layer}.up"))
    return g.norm(g.one("Add", x, g.linear(up, f"{layer}.down")), f"{layer}.norm2")


def _outside(slot: Slot) -> onnx.TensorProto:
    """A weight that lies in the weights' file."""
    tensor = TensorProto(name=slot.name, data_type=_KINDS[slot.kind], dims=slot.shape)
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", WEIGHTS), ("offset", slot.offset), ("length", slot.size)):
        tensor.external_data.add(key=key, value=str(value))
    return tensor


def build() -> bytes:
    """ids [pieces] -> vector [384], the mean over the pieces, of length one."""
    g = Graph()
    x = _embed(g)
    for layer in range(LAYERS):
        x = _layer(g, x, layer)
    mean = g.one("ReduceMean", x, g.constant(_ints(0)), keepdims=0)
    length = g.one("ReduceL2", mean, g.constant(_ints(0)), keepdims=1)
    g.nodes.append(helper.make_node("Div", [mean, length], ["vector"]))
    weights = [_outside(slot) for slot in layout()]
    graph = helper.make_graph(
        g.nodes,
        "embedder",
        [helper.make_tensor_value_info("ids", TensorProto.INT64, ["pieces"])],
        [helper.make_tensor_value_info("vector", TensorProto.FLOAT, [WIDTH])],
        [*weights, *g.constants],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], producer_name="tidegate")
    model.ir_version = 10
    return model.SerializeToString(deterministic=True)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="change nothing; 1 when the file is not fresh")
    if parser.parse_args().check:
        fresh = OUT.read_bytes() == build()
        print(f"{OUT.name}: {'fresh' if fresh else 'not what this script writes'}")
        return int(not fresh)
    OUT.write_bytes(build())
    print(f"{OUT.name}: {OUT.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
