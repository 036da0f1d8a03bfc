"""The embedder's self-test: where the float32 network puts a few texts, worked out in numpy alone, step by step as BERT says.

    python -m scripts.training.embedder_reference PACKAGE.whl

Independent of the graph: layer norm, attention and gelu are written down from their papers (Ba 2016, Vaswani 2017, Hendrycks
2016), so the vectors also prove that the graph is the network.
"""

from __future__ import annotations

import argparse
import json
import math
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from tidegate.models.embedder_weights import HEADS, LAYERS, WIDTH, Floats, reader
from tidegate.models.recipe import RECIPE, SELF_TEST, read_recipe

EPSILON = 1e-12
PROBES = (
    "How long is the warranty?",
    "The warranty of the compressor is five years from the day of commissioning.",
    "ÜBER 40 °C schaltet das Gerät ab; error E42 ... (see page 7)",
    "error E42",
    "The pump starts when the flow sensor measures less than 12 litres per minute for 30 seconds. " * 6,
)

_erf = np.vectorize(math.erf, otypes=[np.float64])


def vector(read: Callable[[str], Floats], ids: list[int]) -> Floats:
    """The mean over all pieces of the last layer, of length one; float64 inside."""

    def named(name: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        return read(name).astype(np.float64)

    def norm(x, name):  # type: ignore[no-untyped-def]
        centred = x - x.mean(-1, keepdims=True)
        spread = np.sqrt((centred**2).mean(-1, keepdims=True) + EPSILON)
        return centred / spread * named(f"{name}.weight") + named(f"{name}.bias")

    def linear(x, name):  # type: ignore[no-untyped-def]
        return x @ named(f"{name}.weight").T + named(f"{name}.bias")

    def heads(x):  # type: ignore[no-untyped-def]
        return x.reshape(len(ids), HEADS, WIDTH // HEADS).transpose(1, 0, 2)

    words = named("embeddings.word_embeddings.weight")[ids]
    places = named("embeddings.position_embeddings.weight")[: len(ids)]
    x = norm(words + places + named("embeddings.token_type_embeddings.weight")[0], "embeddings.LayerNorm")
    for layer in range(LAYERS):
        at = f"encoder.layer.{layer}"
        q, k, v = (heads(linear(x, f"{at}.attention.self.{part}")) for part in ("query", "key", "value"))
        scores = np.exp(q @ k.transpose(0, 2, 1) / math.sqrt(WIDTH // HEADS))
        mixed = (scores / scores.sum(-1, keepdims=True)) @ v
        joined = mixed.transpose(1, 0, 2).reshape(len(ids), WIDTH)
        x = norm(x + linear(joined, f"{at}.attention.output.dense"), f"{at}.attention.output.LayerNorm")
        up = linear(x, f"{at}.intermediate.dense")
        up = up * 0.5 * (1 + _erf(up / math.sqrt(2)))
        x = norm(x + linear(up, f"{at}.output.dense"), f"{at}.output.LayerNorm")
    mean = x.mean(0)
    return (mean / np.linalg.norm(mean)).astype(np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("package", type=Path)
    recipe = read_recipe()
    with zipfile.ZipFile(parser.parse_args().package) as package:
        read = reader(memoryview(package.read(f"{recipe.folder}/model.safetensors")))
        tokenizer = Tokenizer.from_str(package.read(f"{recipe.folder}/tokenizer.json").decode())
    tokenizer.no_padding()
    tokenizer.enable_truncation(256)
    rows = []
    for text in PROBES:
        ids = tokenizer.encode(text).ids
        rows.append({"text": text, "ids": ids, "vector": [round(float(x), 4) for x in vector(read, ids)]})
    (RECIPE / SELF_TEST).write_text(
        json.dumps({"vectors": rows}, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    print(f"{SELF_TEST}: {len(rows)} vectors")


if __name__ == "__main__":
    main()
