"""How far a download is: a bar on a terminal, a plain line now and then elsewhere, nothing when a program reads."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from tidegate.clock import Clock
from tidegate.models.memory import mebibytes

_LINE_EVERY_S = 5.0


class Progress(Protocol):
    """Told by a download. `begin` once per file, with the bytes that were there already; `advance` with new bytes."""

    def begin(self, file: str, have: int, total: int) -> None: ...

    def advance(self, count: int) -> None: ...

    def end(self) -> None: ...


class Silent:
    """Says nothing."""

    def begin(self, file: str, have: int, total: int) -> None:
        pass

    def advance(self, count: int) -> None:
        pass

    def end(self) -> None:
        pass


class Lines:
    """A line at the start, every few seconds, and at the end, on standard error."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._file, self._done, self._total, self._said = "", 0, 0, 0.0

    def begin(self, file: str, have: int, total: int) -> None:
        self._file, self._done, self._total, self._said = file, have, total, self._clock.mono()
        again = f", {mebibytes(have)} of it are here" if have else ""
        _say(f"{file}: {mebibytes(total)}{again}")

    def advance(self, count: int) -> None:
        self._done += count
        if self._clock.mono() - self._said >= _LINE_EVERY_S:
            self._said = self._clock.mono()
            _say(f"{self._file}: {100 * self._done // max(1, self._total)} %, {mebibytes(self._done)}")

    def end(self) -> None:
        _say(f"{self._file}: {mebibytes(self._done)} here")


class Bar:
    """A bar with speed and remaining time; drawn while a file arrives, so that questions between files can be asked."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )

        self._shown = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(binary_units=True),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._task = self._shown.add_task("", visible=False, start=False)

    def begin(self, file: str, have: int, total: int) -> None:
        self._shown.start()
        self._shown.remove_task(self._task)
        self._task = self._shown.add_task(file, total=total, completed=have)

    def advance(self, count: int) -> None:
        self._shown.advance(self._task, count)

    def end(self) -> None:
        self._shown.stop()


@contextmanager
def shown(clock: Clock, *, silent: bool) -> Iterator[Progress]:
    """The progress that fits where standard error goes."""
    if silent:
        yield Silent()
    elif sys.stderr.isatty():
        bar = Bar()
        try:
            yield bar
        finally:
            bar.end()
    else:
        yield Lines(clock)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
