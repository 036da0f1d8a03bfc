"""Model files for scene 5, made from the embedded one: a new release, a spoiled one, one that cannot be loaded."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

from tidegate.errors import Broken
from tidegate.risk.calibrate import FILE, read_calibration


def fresh(model: Path, folder: Path) -> Path:
    """The same model as another file: its last weight differs by one bit, so its digest does."""
    copy = _copy(model, folder)
    with copy.open("r+b") as file:
        file.seek(-1, 2)
        last = file.read(1)
        file.seek(-1, 2)
        file.write(bytes([last[0] ^ 1]))
    _calibrate_as(model, copy)
    return copy


def crashing(model: Path, folder: Path) -> Path:
    """A file whose header promises tensors that are not there: loading it fails in the load test."""
    copy = _copy(model, folder)
    with copy.open("r+b") as file:
        file.truncate(copy.stat().st_size // 2)
    return copy


def tampered(repository: Path, model_bytes: int) -> None:
    """Changes one byte of the newest published target of that size, after it was signed."""
    for path in sorted(repository.rglob("*"), key=lambda found: found.stat().st_mtime, reverse=True):
        if path.is_file() and path.stat().st_size == model_bytes:
            raw = bytearray(path.read_bytes())
            raw[len(raw) // 3] ^= 0xFF
            path.chmod(0o600)
            path.write_bytes(raw)
            return
    raise Broken("the published model was not found in the repository", code="demo_repository")


def _copy(model: Path, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copyfile(model, folder / "model.gguf"))


def keep_at(model: Path) -> float | None:
    """The threshold that the calibration beside a model states for it, or None."""
    known = read_calibration(model.parent / FILE, _digest(model))
    return known.keep_at if known is not None else None


def _calibrate_as(model: Path, copy: Path) -> None:
    """The copy's own calibration file: the model's, under the copy's digest. One bit of one weight does not move it."""
    beside = model.parent / FILE
    if not beside.exists():
        return
    known = json.loads(beside.read_text("utf-8"))["models"].get(_digest(model))
    if known is not None:
        (copy.parent / FILE).write_text(json.dumps({"models": {_digest(copy): known}}), "utf-8")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
