"""Breaks the privacy layer in every place that must not break, one at a time, and runs the tests: python -m scripts.mutants [WORD ...]

The sources are copied once; each mutant changes one file of the copy, runs the few tests that must notice in a forked child that has the
libraries loaded already, and puts the file back. Property tests are left out: what protects a branch is a test that names it. With words only
the mutants whose names hold one of them. A mutant that passes its tests is reported, and the exit status is 1; the count goes into build/mutants.json.
Needs fork (Linux, macOS). Some minutes, so it is no part of the suite.
"""

from __future__ import annotations

import compileall
import importlib
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import pytest

from scripts.mutations import ROOT, Mutant, mutants

_COPIED = ("tidegate", "edge", "cloud", "tests", "scripts", "docs")
_FLAGS = ("-q", "-x", "-p", "no:cacheprovider", "--import-mode=importlib")
_LIBRARIES = (
    "hypothesis", "re2", "phonenumbers", "stdnum", "msgspec", "cryptography.hazmat.primitives.ciphers.aead", "numpy", "typer", "rich.console",
    "starlette.applications", "httpx", "uvicorn", "onnxruntime", "cedarpy", "pytest_asyncio", "google.protobuf.message",
)  # fmt: skip
RECORD = ROOT / "build" / "mutants.json"


def copied(folder: Path) -> None:
    """The sources and tests, compiled; models stay where they are, behind a link."""
    for name in _COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    (folder / "models").symlink_to(ROOT / "models")
    for name in ("tidegate", "edge", "cloud"):
        compileall.compile_dir(folder / name, quiet=2)


def survives(mutant: Mutant, folder: Path) -> bool:
    """Whether the tests pass although the sources are broken. Raises SystemExit when they cannot be run."""
    file = folder / mutant.file
    source = file.read_text(encoding="utf-8")
    if mutant.old not in source:
        print(f"STALE   {mutant.name}: {mutant.file} is not what scripts.mutations expects", flush=True)
        return True  # nothing was broken, so nothing was shown
    file.write_text(source.replace(mutant.old, mutant.new, 1), encoding="utf-8")
    try:
        return _passes(mutant, folder, ("-m", "not hypothesis"))
    finally:
        file.write_text(source, encoding="utf-8")


def _passes(mutant: Mutant, folder: Path, chosen: tuple[str, ...]) -> bool:
    said = folder / "said.txt"
    child = os.fork()
    if child == 0:
        os._exit(_run(folder, said, [*_FLAGS, *chosen, *mutant.tests]))
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        return status == pytest.ExitCode.OK
    if status == pytest.ExitCode.NO_TESTS_COLLECTED and chosen:
        return True  # property tests alone
    raise SystemExit(f"{mutant.name}: the tests did not run\n{said.read_text(encoding='utf-8')[-3000:]}")


def _run(folder: Path, said: Path, arguments: list[str]) -> int:
    """In the child: the tests of the copy, on the copy's sources."""
    with said.open("w", encoding="utf-8") as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
        os.chdir(folder)
        sys.dont_write_bytecode = True
        sys.path[:] = [str(folder), *(entry for entry in sys.path if Path(entry or ".").resolve() != ROOT)]
        return int(pytest.main(arguments))


def main() -> int:
    wanted = sys.argv[1:]
    every = [one for one in mutants() if not wanted or any(word in one.name for word in wanted)]
    alive = []
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        copied(folder)
        for library in _LIBRARIES:
            importlib.import_module(library)
        for mutant in every:
            lives = survives(mutant, folder)
            print(f"{'LIVES ' if lives else 'killed'}  {mutant.name}", flush=True)
            if lives:
                alive.append(mutant)
    print(f"{len(every) - len(alive)} of {len(every)} mutants killed")
    if not wanted:
        RECORD.parent.mkdir(parents=True, exist_ok=True)
        found = {
            "name": "mutants",
            "inputs": len(every),
            "failures": len(alive),
            "seconds": round(time.monotonic() - began, 1),
        }
        RECORD.write_text(json.dumps(found) + "\n", encoding="utf-8")
    return 1 if alive else 0


if __name__ == "__main__":
    raise SystemExit(main())
