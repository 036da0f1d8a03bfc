"""A byte-level BPE of its own. Merges never cross a space, a case change or two digits.

Why: a word then has the same tokens after a space, after a quote and inside `camelCase`, so copying a value from the
request into JSON is a plain repetition, which a small network learns early. The finer splits are used only to learn the
merges; at run time the ordinary GPT-2 split gives the same tokens, because no merge exists that would join them.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from scripts.training.template import SPECIALS, STRUCTURE

VOCABULARY = 6144
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


def learn(texts: Iterable[str], size: int = VOCABULARY) -> Tokenizer:
    """A tokenizer with at most `size` tokens, special tokens first (ids 0-7), JSON's fixed parts last."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(GPT2), "isolated"),
            pre_tokenizers.Split(Regex(r" (?=[\p{L}\p{N}])"), "isolated"),
            pre_tokenizers.Split(Regex(r"(?<=\p{Ll})(?=\p{Lu})"), "isolated"),
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=size - len(STRUCTURE),
        min_frequency=2,
        special_tokens=list(SPECIALS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_tokens([AddedToken(text, normalized=False) for text in STRUCTURE])
    return finished(tokenizer)


def finished(tokenizer: Tokenizer) -> Tokenizer:
    """The tokenizer with the ordinary GPT-2 split and byte decoder."""
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def load(path: Path) -> Tokenizer:
    """A saved tokenizer."""
    return Tokenizer.from_file(str(path))
