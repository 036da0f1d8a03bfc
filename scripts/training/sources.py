"""Readers for the real utterances under `shared/data/nlu`. Each yields the same record; nothing is kept on disk."""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def data_root() -> Path:
    """Where the public data sets are: `TIDEGATE_SHARED`, or `../shared` beside the repository."""
    shared = os.environ.get("TIDEGATE_SHARED")
    return (Path(shared) if shared else REPOSITORY.parent / "shared") / "data" / "nlu"


@dataclass(frozen=True, slots=True)
class Utterance:
    """A labelled request: text pieces in order, each with the slot it fills or an empty string. Intent "" = no tool."""

    source: str
    intent: str
    pieces: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        """The words as they were said."""
        return "".join(piece for piece, _ in self.pieces)

    @property
    def slots(self) -> tuple[str, ...]:
        """The slots filled, in order."""
        return tuple(slot for _, slot in self.pieces if slot)


def snips() -> Iterator[Utterance]:
    """SNIPS custom-intent queries (CC0). Queries that fill one slot twice are left out: a call has one value each."""
    for path in sorted((data_root() / "snips").glob("train_*_full.json")):
        raw = path.read_bytes().decode("utf-8", "replace")
        for intent, rows in json.loads(raw).items():
            for row in rows:
                pieces = tuple((str(p["text"]), str(p.get("entity", ""))) for p in row["data"])
                yield Utterance("snips", str(intent), _trimmed(pieces))


def _trimmed(pieces: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """The same pieces without white space at the borders of values or of the whole, nor doubled inside."""
    moved: list[tuple[str, str]] = []
    for text, slot in pieces:
        if slot and text != text.strip():
            left, right = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
            moved += [(left, ""), (text.strip(), slot), (right, "")]
        else:
            moved.append((text, slot))
    if moved:
        moved[0] = (moved[0][0].lstrip(), moved[0][1])
        moved[-1] = (moved[-1][0].rstrip(), moved[-1][1])
    return tuple((re.sub(r"\s+", " ", text), slot) for text, slot in moved if text)


_BRACKET = re.compile(r"\[\s*([\w ]+?)\s*:\s*([^\]]*?)\s*\]")


def annotated(sentence: str) -> tuple[tuple[str, str], ...]:
    """Pieces of a sentence with `[slot : value]` marks, as SLURP and HWU64 write them."""
    pieces: list[tuple[str, str]] = []
    at = 0
    for mark in _BRACKET.finditer(sentence):
        pieces.append((sentence[at : mark.start()], ""))
        pieces.append((mark.group(2), mark.group(1).strip().replace(" ", "_")))
        at = mark.end()
    pieces.append((sentence[at:], ""))
    return _trimmed(tuple(piece for piece in pieces if piece[0]))


def hwu64() -> Iterator[Utterance]:
    """HWU64 training rows (CC BY 4.0); intent = scenario and intent, slots = its entity types."""
    with (data_root() / "hwu64" / "train.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            pieces = annotated(row["answer_annotation"])
            if pieces:
                yield Utterance("hwu64", f"{row['scenario']}_{row['intent']}", pieces)


def slurp() -> Iterator[Utterance]:
    """SLURP development sentences (CC BY 4.0)."""
    with (data_root() / "slurp" / "devel.jsonl").open(encoding="utf-8") as stream:
        for line in stream:
            row = json.loads(line)
            intent = f"{row['scenario']}_{row['action']}"
            yield Utterance("slurp", intent, annotated(str(row["sentence_annotation"])))


def clinc150() -> Iterator[Utterance]:
    """CLINC150 training and validation rows (CC BY 3.0); out-of-scope rows have no intent."""
    raw = json.loads((data_root() / "clinc150" / "data_full_train_val.json").read_text(encoding="utf-8"))
    for rows in raw.values():
        for text, intent in rows:
            yield Utterance("clinc150", "" if intent == "oos" else str(intent), ((str(text), ""),))


def banking77() -> Iterator[Utterance]:
    """Banking77 training rows (CC BY 4.0), used as requests that no offered tool serves."""
    with (data_root() / "banking77" / "train.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            text = re.sub(r"\s+", " ", row["text"]).strip()
            yield Utterance("banking77", "", ((text, ""),))
