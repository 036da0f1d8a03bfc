"""A BERT of two layers with weights drawn by chance, as a GGUF file, and the same network in numpy to compare with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import gguf
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

WIDTH, HEADS, INNER, LAYERS, PLACES, EPSILON = 32, 4, 64, 2, 24, 1e-12
MARKS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
WORDS = ("▁the", "▁light", "▁in", "▁kitchen", "▁hall", "▁is", "▁on", "▁off", "s", "▁warm", "er")
CLS, SEP, UNKNOWN = 2, 3, 1


@dataclass(frozen=True)
class Bert:
    """`weights` by the names that llama.cpp gives them."""

    weights: Mapping[str, Floats] = field(repr=False)

    @classmethod
    def drawn(cls, seed: int = 7) -> Bert:
        rng = np.random.default_rng(seed)

        def matrix(rows: int, columns: int) -> Floats:
            return rng.normal(0, 0.3, (rows, columns)).astype(np.float32)

        made = {
            "token_embd.weight": matrix(len(MARKS) + len(WORDS), WIDTH),
            "position_embd.weight": matrix(PLACES, WIDTH),
            "token_types.weight": matrix(2, WIDTH),
            **_norm(rng, "token_embd_norm"),
        }
        for at in range(LAYERS):
            shapes = dict.fromkeys(("attn_q", "attn_k", "attn_v", "attn_output"), (WIDTH, WIDTH))
            shapes |= {"ffn_up": (INNER, WIDTH), "ffn_down": (WIDTH, INNER)}
            for name, (rows, columns) in shapes.items():
                made[f"blk.{at}.{name}.weight"] = matrix(rows, columns)
                made[f"blk.{at}.{name}.bias"] = matrix(1, rows)[0]
            made |= _norm(rng, f"blk.{at}.attn_output_norm") | _norm(rng, f"blk.{at}.layer_output_norm")
        return cls(made)

    def write(self, path: Path, pooling: gguf.PoolingType | None, leave: str = "") -> Path:
        """The file; `leave` names a tensor that it lacks."""
        writer = gguf.GGUFWriter(path, "bert")
        writer.add_name("tiny-bert")
        writer.add_context_length(PLACES)
        writer.add_embedding_length(WIDTH)
        writer.add_feed_forward_length(INNER)
        writer.add_block_count(LAYERS)
        writer.add_head_count(HEADS)
        writer.add_layer_norm_eps(EPSILON)
        writer.add_causal_attention(False)
        writer.add_vocab_size(len(MARKS) + len(WORDS))
        if pooling is not None:
            writer.add_pooling_type(pooling)
        writer.add_tokenizer_model("bert")
        writer.add_tokenizer_pre("default")
        writer.add_token_list([*MARKS, *WORDS])
        writer.add_token_types([gguf.TokenType.CONTROL] * len(MARKS) + [gguf.TokenType.NORMAL] * len(WORDS))
        writer.add_token_type_count(2)
        for add, token in (
            (writer.add_pad_token_id, 0),
            (writer.add_unk_token_id, UNKNOWN),
            (writer.add_bos_token_id, CLS),
            (writer.add_sep_token_id, SEP),
            (writer.add_eos_token_id, SEP),
            (writer.add_mask_token_id, 4),
        ):
            add(token)
        for name, values in self.weights.items():
            if name != leave:
                writer.add_tensor(name, values)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        return path

    def last_layer(self, ids: list[int]) -> Floats:
        """One row per token (Devlin and others 2018: layers with their norms behind)."""
        w = self.weights
        rows = (
            w["token_embd.weight"][ids] + w["position_embd.weight"][: len(ids)] + w["token_types.weight"][0]
        )
        rows = self._normed(rows, "token_embd_norm")
        for at in range(LAYERS):
            block = f"blk.{at}."
            rows = self._normed(rows + self._attention(rows, block), block + "attn_output_norm")
            inner = _gelu(self._through(rows, block + "ffn_up"))
            rows = self._normed(rows + self._through(inner, block + "ffn_down"), block + "layer_output_norm")
        return rows.astype(np.float32)

    def _attention(self, rows: Floats, block: str) -> Floats:
        def heads(name: str) -> Floats:
            return self._through(rows, block + name).reshape(len(rows), HEADS, -1).transpose(1, 0, 2)

        q, k, v = heads("attn_q"), heads("attn_k"), heads("attn_v")
        scores = q @ k.transpose(0, 2, 1) / np.sqrt(np.float32(WIDTH // HEADS))
        odds = np.exp(scores - scores.max(axis=-1, keepdims=True))
        seen = (odds / odds.sum(axis=-1, keepdims=True)) @ v
        return self._through(seen.transpose(1, 0, 2).reshape(len(rows), WIDTH), block + "attn_output")

    def _through(self, rows: Floats, name: str) -> Floats:
        weight, bias = self.weights[name + ".weight"], self.weights[name + ".bias"]
        return np.asarray(rows @ weight.T + bias, np.float32)

    def _normed(self, rows: Floats, name: str) -> Floats:
        centred = rows - rows.mean(axis=-1, keepdims=True)
        spread = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + np.float32(EPSILON))
        weight, bias = self.weights[name + ".weight"], self.weights[name + ".bias"]
        return np.asarray(centred / spread * weight + bias, np.float32)


def _norm(rng: np.random.Generator, name: str) -> dict[str, Floats]:
    return {
        f"{name}.weight": rng.uniform(0.5, 1.5, WIDTH).astype(np.float32),
        f"{name}.bias": rng.normal(0, 0.1, WIDTH).astype(np.float32),
    }


def _gelu(values: Floats) -> Floats:
    """The tanh form, as llama.cpp has it."""
    inner = np.sqrt(np.float32(2 / np.pi)) * (values + np.float32(0.044715) * values**3)
    return np.asarray(values * (1 + np.tanh(inner)) / 2, np.float32)
