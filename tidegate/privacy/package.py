"""The files of an encoder: settings, vocabulary, weights with their digest, and the vectors that prove them.

models/sentry/        models/sentry-small/
  sentry.json           the same names
  sentry.onnx           unless the settings name another file
  vocab.txt
  selftest.json
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Final

import msgspec

from tidegate.errors import Broken
from tidegate.privacy.subject import Domain
from tidegate.privacy.wordpiece import WordPiece


class Size(StrEnum):
    """Which shipped encoder reads: the full one, or the small one that was distilled from it."""

    FULL = "full"
    SMALL = "small"


FOLDERS: Final = {Size.FULL: "sentry", Size.SMALL: "sentry-small"}
DEMANDS: Final = ("weak_fails", "several")


@dataclass(frozen=True, slots=True)
class Settings:
    """`sentry.json`: what the weights expect and the thresholds that were measured for them."""

    tags: tuple[str, ...]
    window: int  # pieces per pass, [CLS] and [SEP] included
    overlap: int  # pieces two neighbouring windows share
    weights: str  # name of the file beside the settings
    sha256: str
    entity_threshold: float  # probability of being private from which a word is marked
    minimum: Mapping[
        str, float
    ]  # by kind of tag: the mean score below which a whole find of that kind is dropped
    suspect: float  # injection score from which a text is suspect, and from which it is an attack
    attack: float
    least: Mapping[str, Mapping[str, float]] = field(
        default_factory=lambda: MappingProxyType({})
    )  # by label and situation: the least score of a find (see `gates`)
    domains: tuple[Domain, ...] = ()  # empty: weights of format 1, without the small heads


class Vector(msgspec.Struct, frozen=True):
    """A frozen text and what the weights answer to it."""

    text: str
    ids: list[int]
    shapes: list[int]
    glues: list[int]
    tags: list[list[float]]
    injection: float
    domain: list[float] = []
    complexity: list[float] = []


class Vectors(msgspec.Struct, frozen=True):
    """`selftest.json`. A difference beyond `tolerance` in any number means that this machine computes something else."""

    tolerance: float
    vectors: list[Vector]


@dataclass(frozen=True, slots=True)
class Package:
    """An encoder's files, read and checked; the weights themselves stay on disk."""

    weights: Path
    settings: Settings
    wordpiece: WordPiece = field(repr=False)
    vectors: Vectors = field(repr=False)


def read_package(folder: Path) -> Package:
    """Raises Broken: missing or unreadable files, or weights that are not the ones the settings name."""
    try:
        settings = read_settings(folder / "sentry.json")
        weights = folder / settings.weights
        digest = _digest(weights)
        wordpiece = WordPiece.load(folder / "vocab.txt")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise broken(f"the name model in {folder.name}/ cannot be read ({type(error).__name__})") from error
    if digest != settings.sha256:
        raise broken("the name model's weights are not the ones its settings name")
    return Package(weights, settings, wordpiece, _read_vectors(folder / "selftest.json"))


def read_settings(path: Path) -> Settings:
    """Parse `sentry.json`. Raises OSError, ValueError, KeyError, TypeError, AttributeError."""
    raw = json.loads(path.read_bytes())
    thresholds = raw["thresholds"]
    if tuple(raw.get("complexity", DEMANDS)) != DEMANDS:
        raise ValueError("unknown signs of complexity")
    return Settings(
        tags=tuple(str(tag) for tag in raw["tags"]),
        window=int(raw["window"]),
        overlap=int(raw["overlap"]),
        weights=_plain_name(str(raw.get("weights", "sentry.onnx"))),
        sha256=str(raw["sha256"]),
        entity_threshold=float(thresholds["entity"]),
        minimum={str(kind): float(least) for kind, least in thresholds["minimum"].items()},
        suspect=float(thresholds["suspect"]),
        attack=float(thresholds["attack"]),
        least={
            str(label): {str(where): float(score) for where, score in row.items()}
            for label, row in thresholds.get("least", {}).items()
        },
        domains=tuple(Domain(name) for name in raw.get("domains", ())),
    )


def _plain_name(name: str) -> str:
    """A file of the package's own folder and no other. Raises ValueError."""
    if not name.endswith(".onnx") or Path(name).name != name:
        raise ValueError("the settings name weights outside of their folder")
    return name


def _read_vectors(path: Path) -> Vectors:
    try:
        vectors = msgspec.json.decode(path.read_bytes(), type=Vectors)
    except (OSError, msgspec.MsgspecError) as error:
        raise broken("the name model's self-test cannot be read") from error
    if not vectors.vectors or not 0 < vectors.tolerance < 1:
        raise broken("the name model's self-test proves nothing")
    return vectors


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def broken(message: str) -> Broken:
    """The one wording for an encoder that does not work: nothing may leave without it."""
    return Broken(
        message, code="sentry_broken", hint='nothing is sent until it works; run "tidegate edge doctor"'
    )
