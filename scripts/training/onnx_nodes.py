"""Nodes and constants of one ONNX graph, collected by name: what every graph written here is made with."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper


class Nodes:
    """Collects nodes and constants; `letter` begins the constants' names."""

    def __init__(self, letter: str) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self._letter = letter
        self._count = 0

    def constant(self, value: npt.NDArray[np.generic]) -> str:
        """A constant; its name."""
        self._count += 1
        name = f"{self._letter}{self._count}"
        self.constants.append(numpy_helper.from_array(value, name))
        return name

    def op(self, kind: str, *inputs: str, outputs: int = 1, **attributes: object) -> list[str]:
        """A node; the names of its outputs."""
        self._count += 1
        names = [f"t{self._count}_{i}" for i in range(outputs)]
        self.nodes.append(
            helper.make_node(kind, list(inputs), names, name=f"{kind}{self._count}", **attributes)
        )
        return names

    def one(self, kind: str, *inputs: str, **attributes: object) -> str:
        """A node with one output; its name."""
        return self.op(kind, *inputs, **attributes)[0]
