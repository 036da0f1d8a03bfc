"""Which of onnxruntime's providers runs an encoder: each candidate must prove itself, then the fastest wins.

The rules are pure and know neither onnxruntime nor a clock; `sessions.py` opens and times. The winner is remembered per model and
machine in one small file; a remembered winner proves itself again at every load, and a failed proof runs the race anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from tidegate.errors import Broken, TidegateError
from tidegate.fs import write_durably


class Provider(StrEnum):
    """In order of preference: of two that are equally fast the one that leaves the CPU free comes first."""

    QNN = "QNNExecutionProvider"
    OPENVINO = "OpenVINOExecutionProvider"
    COREML = "CoreMLExecutionProvider"
    XNNPACK = "XnnpackExecutionProvider"
    CPU = "CPUExecutionProvider"


T = TypeVar("T")
_REMEMBERED: Final = 16  # races of other models and runtimes kept beside the present one


class Entrant(msgspec.Struct, frozen=True):
    """How one candidate did. `ms` is the best time of a pass; absent when `failed` says why it may not run."""

    provider: Provider
    ms: float | None = None
    failed: str = ""


class Race(msgspec.Struct, frozen=True):
    """A race that somebody won. `remembered`: the times are those of an earlier start on this machine."""

    winner: Provider
    entrants: tuple[Entrant, ...]
    remembered: bool = False


class _Book(msgspec.Struct, frozen=True):
    races: dict[str, Race] = {}


@dataclass(frozen=True, slots=True)
class Machine:
    """What a race's result depends on beside the model."""

    processor: str
    cores: int
    runtime: str  # onnxruntime's version
    reported: tuple[str, ...]
    threads: int


def candidates(reported: Iterable[str]) -> tuple[Provider, ...]:
    """Those of our providers that onnxruntime reports, in order of preference; never empty."""
    names = set(reported)
    return tuple(provider for provider in Provider if provider in names or provider is Provider.CPU)


def winner(entrants: Iterable[Entrant]) -> Provider | None:
    """The fastest that passed; None when none did. A tie goes to the first."""
    passed = [(entrant.ms, entrant.provider) for entrant in entrants if entrant.ms is not None]
    return min(passed, key=lambda row: row[0])[1] if passed else None


def run(
    providers: Iterable[Provider], start: Callable[[Provider], T], timed: Callable[[T], float]
) -> tuple[Race, T]:
    """Start, prove and time each candidate; only the best so far stays open.

    `start` raises Broken when the candidate cannot open the model or computes other numbers; `timed` gives milliseconds
    and raises Broken when a pass fails. Raises Broken, naming each reason, when nobody passes.
    """
    entrants: list[Entrant] = []
    best: tuple[float, Provider, T] | None = None
    for provider in providers:
        try:
            runner = start(provider)
            ms = timed(runner)
        except Broken as error:
            entrants.append(Entrant(provider, failed=error.message))
            continue
        entrants.append(Entrant(provider, ms=round(ms, 3)))
        if best is None or ms < best[0]:
            best = (ms, provider, runner)
    if best is None:
        raise Broken(
            "no provider runs the name model: " + told(entrants),
            code="sentry_broken",
            hint='nothing is sent until it works; run "tidegate edge doctor"',
        )
    return Race(best[1], tuple(entrants)), best[2]


def told(entrants: Iterable[Entrant]) -> str:
    """The candidates in one line: times of those that passed, reasons of those that did not."""
    return "; ".join(
        f"{short(entrant.provider)} {entrant.ms:.1f} ms"
        if entrant.ms is not None
        else f"{short(entrant.provider)} refused ({entrant.failed})"
        for entrant in entrants
    )


def short(provider: Provider) -> str:
    """A provider's name without onnxruntime's suffix."""
    return provider.removesuffix("ExecutionProvider")


def key(sha256: str, machine: Machine) -> str:
    """What a race is remembered under."""
    facts = msgspec.json.encode(
        [sha256, machine.processor, machine.cores, machine.runtime, sorted(machine.reported), machine.threads]
    )
    return hashlib.sha256(facts).hexdigest()[:32]


def recall(book: Path | None, at: str) -> Race | None:
    """The race kept under `at`. A missing or damaged book remembers nothing; what it says is proven again anyway."""
    found = _read(book).races.get(at) if book is not None else None
    return msgspec.structs.replace(found, remembered=True) if found is not None else None


def keep(book: Path | None, at: str, race: Race) -> None:
    """Remember `race`. A folder that cannot be written costs a race at the next start, nothing else."""
    if book is None:
        return
    others = [(name, kept) for name, kept in _read(book).races.items() if name != at][-_REMEMBERED:]
    try:
        write_durably(book, msgspec.json.encode(_Book(dict([*others, (at, race)]))))
    except (OSError, TidegateError):
        return


def _read(book: Path) -> _Book:
    try:
        return msgspec.json.decode(book.read_bytes(), type=_Book)
    except (OSError, msgspec.MsgspecError):
        return _Book()
