"""Writes a trained checkpoint as GGUF, exact (f32) or small (Q8_0), with its tokenizer and chat template inside."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer

from scripts.decoder_file import Shape, describe, end_with, finish
from scripts.training import tokenizer
from scripts.training.model import Decoder
from scripts.training.template import CHAT_TEMPLATE, END, SPECIALS, STRUCTURE

ARCHITECTURE = "qwen3"
TYPES = {"f32": gguf.GGMLQuantizationType.F32, "q8_0": gguf.GGMLQuantizationType.Q8_0}


@dataclass(frozen=True, slots=True)
class Trained:
    """A checkpoint read back: the network in evaluation mode, its tokenizer, and how far it was trained."""

    model: Decoder
    codec: Tokenizer
    progress: dict[str, Any]


def load_trained(folder: Path) -> Trained:
    """Reads `checkpoint.pt` and `tokenizer.json` of a run."""
    saved = torch.load(folder / "checkpoint.pt", map_location="cpu")
    model = Decoder(Shape(**saved["shape"]))
    model.load_state_dict(saved["model"])
    model.eval()
    return Trained(model, tokenizer.load(folder / "tokenizer.json"), saved["progress"])


def tensors(model: Decoder) -> dict[str, npt.NDArray[np.float32]]:
    """Every weight under its GGUF name. The rotary halves already are in llama.cpp's order."""
    found = {"token_embd.weight": model.embedding.weight, "output_norm.weight": model.norm.weight}
    for at, block in enumerate(model.blocks):
        query, key, value = block.qkv.weight.chunk(3)
        gate, up = block.gate_up.weight.chunk(2)
        layer = {
            "attn_norm": block.attn_norm.weight,
            "attn_q": query,
            "attn_k": key,
            "attn_q_norm": block.q_norm.weight,
            "attn_k_norm": block.k_norm.weight,
            "attn_v": value,
            "attn_output": block.attn_out.weight,
            "ffn_norm": block.ffn_norm.weight,
            "ffn_gate": gate,
            "ffn_up": up,
            "ffn_down": block.down.weight,
        }
        found |= {f"blk.{at}.{name}.weight": weight for name, weight in layer.items()}
    return {name: weight.detach().float().contiguous().numpy() for name, weight in found.items()}


def write(trained: Trained, path: Path, kind: str, name: str) -> Path:
    """Writes `path`; `kind` is "f32" or "q8_0" (matrices only; norms stay f32). Returns the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(path, ARCHITECTURE)
    _describe(writer, trained.model.shape, name, kind)
    _add_tokenizer(writer, trained.codec)
    quant = TYPES[kind]
    for key, weight in tensors(trained.model).items():
        if weight.ndim == 2 and kind != "f32":
            writer.add_tensor(key, gguf.quants.quantize(weight, quant), raw_dtype=quant)
        else:
            writer.add_tensor(key, weight)
    finish(writer)
    return path


def _describe(writer: gguf.GGUFWriter, shape: Shape, name: str, kind: str) -> None:
    writer.add_name(name)
    writer.add_description(
        "Reads tools from the prompt; answers with tool calls or with <|pass|>, meaning: not for me."
    )
    writer.add_license("Apache-2.0")
    writer.add_languages(["en"])
    writer.add_key_length(shape.head)
    writer.add_value_length(shape.head)
    describe(writer, shape, gguf.LlamaFileType.ALL_F32 if kind == "f32" else gguf.LlamaFileType.MOSTLY_Q8_0)


def _add_tokenizer(writer: gguf.GGUFWriter, codec: Tokenizer) -> None:
    """GPT-2 style BPE. Tags are control tokens: plainly tokenised text of a user can then never become one."""
    import json

    whole = json.loads(codec.to_str())
    described = whole["model"]
    ids = {**described["vocab"], **{added["content"]: added["id"] for added in whole["added_tokens"]}}
    by_id = sorted(ids, key=ids.__getitem__)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(by_id)
    kinds = dict.fromkeys(SPECIALS, gguf.TokenType.CONTROL) | dict.fromkeys(
        STRUCTURE, gguf.TokenType.USER_DEFINED
    )
    writer.add_token_types([kinds.get(token, gguf.TokenType.NORMAL) for token in by_id])
    writer.add_token_merges([m if isinstance(m, str) else " ".join(m) for m in described["merges"]])
    end_with(writer, described["vocab"][END])
    writer.add_chat_template(CHAT_TEMPLATE)
