"""How many threads served a model best on this machine: measured once, then read from a small file in the state folder."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from tidegate.errors import TidegateError
from tidegate.fs import write_durably

THREADS = "threads.json"
_MOST = 64  # models that are remembered


class Remembered:
    """A file of counts by model file and machine. One that cannot be read or written costs a measurement, nothing else."""

    def __init__(self, file: Path | None) -> None:
        self._file = file

    def threads(self, model: Path) -> int:
        """What was found best; 0 when it was not measured here."""
        return self._all().get(_key(model), 0)

    def remember(self, model: Path, threads: int) -> None:
        if self._file is None:
            return
        kept = list(self._all().items())[-_MOST + 1 :]
        try:
            write_durably(self._file, msgspec.json.encode(dict(kept) | {_key(model): threads}))
        except (OSError, TidegateError):
            return  # a full disk: it is measured again

    def _all(self) -> dict[str, int]:
        try:
            found = msgspec.json.decode(self._file.read_bytes(), type=dict[str, int]) if self._file else {}
        except (OSError, msgspec.DecodeError):
            return {}
        return {key: count for key, count in found.items() if count > 0}


def _key(model: Path) -> str:
    """Of a file and a machine: size and name stand for the model, the cores for the machine."""
    return f"{model.name}:{model.stat().st_size}:{os.cpu_count() or 1}"
