"""Everything that is measured, behind one small protocol: Tidegate with names, Tidegate's patterns alone, and each peer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

from scripts.benchmarks.privacy.peers import Peer
from scripts.benchmarks.privacy.scoring import joined
from scripts.benchmarks.privacy.values import Mark
from tidegate.assets import model_dir
from tidegate.privacy.detect import Detector, build_detector
from tidegate.privacy.encoder import Encoder
from tidegate.privacy.ner import find
from tidegate.privacy.redaction import redact
from tidegate.privacy.spans import Span
from tidegate.privacy.vault import Vault

OURS = "tidegate"
PATTERNS = "tidegate, patterns only"
TITLES = {
    "presidio": "Presidio (patterns)",
    "datafog": "DataFog (regex)",
    "scrubadub": "scrubadub",
}


class Finder(Protocol):
    """Finds private stretches. Both keep the order of the texts; marks of one text never overlap.

    `hide` is what a redactor with this finder would cover: for Tidegate that includes what a value found once tells about others.
    """

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    def find(self, texts: Sequence[str]) -> list[tuple[Mark, ...]]: ...

    def hide(self, texts: Sequence[str]) -> list[tuple[Mark, ...]]: ...


@dataclass(frozen=True, slots=True)
class Local:
    """Tidegate in this process."""

    name: str
    version: str
    detector: Detector

    def find(self, texts: Sequence[str]) -> list[tuple[Mark, ...]]:
        return [tuple(map(_mark, self.detector.find(text))) for text in texts]

    def hide(self, texts: Sequence[str]) -> list[tuple[Mark, ...]]:
        return [
            tuple(map(_mark, redact(text, self.detector, Vault.open("bench", bytes(32), 0.0)).spans))
            for text in texts
        ]


@dataclass(frozen=True, slots=True)
class Remote:
    """A peer in its own process."""

    name: str
    version: str
    peer: Peer

    def find(self, texts: Sequence[str]) -> list[tuple[Mark, ...]]:
        return [joined(marks) for marks in self.peer.find(texts)]

    def hide(self, texts: Sequence[str]) -> list[tuple[Mark, ...]]:
        return self.find(texts)


def _mark(span: Span) -> Mark:
    return Mark(span.start, span.end, span.label.value, span.score)


def sentries() -> dict[str, Path]:
    """The name models at hand, the shipped one first: each folder beside it that holds a sentry.json."""
    shipped = model_dir("sentry")
    found = {shipped.name: shipped}
    for settings in sorted(shipped.parent.glob("*/sentry.json")):
        found.setdefault(settings.parent.name, settings.parent)
    return found


def reader(folder: Path) -> Callable[[str], tuple[Span, ...]]:
    """Names by the model in `folder`, on one thread. Raises Broken."""
    encoder = Encoder.load(folder)
    return lambda text: find(text, encoder)


def ours(sentry: Path | None = None) -> tuple[Local, Local]:
    """Tidegate whole (as shipped, or with another name model), and its patterns alone."""
    whole = build_detector() if sentry is None else Detector(ner=reader(sentry))
    release = version("tidegate")
    return Local(OURS, release, whole), Local(PATTERNS, release, Detector())


def remote(peer: Peer) -> Remote:
    return Remote(TITLES.get(peer.name, peer.name), peer.version(), peer)
