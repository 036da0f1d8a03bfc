"""Breaks the privacy layer in every place that must not break, one at a time, and runs the tests: python -m scripts.mutants

Each mutant is a copy of the sources with one detector taken out of the registry, the merge replaced, or a branch that fails
closed opened. A mutant that passes its tests is reported, and the exit status is 1. Minutes, so it is no part of the suite.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REGISTRY = "tidegate/privacy/patterns/__init__.py"
_ENTRIES = re.compile(r"DETECTORS: .*?= \((.*?)\n\)", re.DOTALL)


@dataclass(frozen=True)
class Mutant:
    """`file` with `old` replaced by `new`; `tests` must fail."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


def mutants() -> Iterator[Mutant]:
    registry = (ROOT / REGISTRY).read_text(encoding="utf-8")
    listed = _ENTRIES.search(registry)
    if listed is None:
        raise SystemExit("the registry is not where it was")
    for entry in re.findall(r"[A-Z][A-Z0-9_]*", listed[1]):
        without = re.sub(rf"\b{entry}, ?", "", listed[0], count=1)
        yield Mutant(f"no {entry}", REGISTRY, listed[0], without, ("test_registry.py",))
    privacy = "tidegate/privacy"
    yield Mutant(
        "the merge keeps whatever came first",
        f"{privacy}/merge.py",
        "sorted(cluster, key=_rank, reverse=True)",
        "list(cluster)",
        ("test_merge.py",),
    )
    yield Mutant(
        "a loser's rest is dropped",
        f"{privacy}/merge.py",
        "for start, end in trimmed if _worth(text, start, end)",
        "for start, end in trimmed if False",
        ("test_merge.py",),
    )
    yield Mutant(
        "an incomplete redaction leaves",
        f"{privacy}/redaction.py",
        "        if not left:\n            return covered\n",
        "        return covered\n",
        ("test_redaction.py",),
    )
    yield Mutant(
        "text that is no Unicode leaves",
        f"{privacy}/redaction.py",
        "    require_text(text)\n",
        "",
        ("test_bad_input.py::test_a_lone_surrogate_is_refused_and_nothing_leaves",),
    )
    yield Mutant(
        "a foreign placeholder is text",
        f"{privacy}/vault.py",
        "            raise ForeignPlaceholder\n        return entry\n",
        "            return Entry(found.name, found.kind, found.name)\n        return entry\n",
        ("test_vault.py",),
    )
    yield Mutant(
        "a prefilter that gave up says nothing is there",
        f"{privacy}/prefilter.py",
        'raise Broken("the word automaton ran out of memory", code="prefilter_failed")',
        "return frozenset()",
        ("test_prefilter.py",),
    )


def survives(mutant: Mutant) -> bool:
    """Whether the tests pass although the sources are broken."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        shutil.copytree(ROOT / "tidegate", copy / "tidegate", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(ROOT / "tests" / "tidegate" / "privacy", copy / "tests" / "tidegate" / "privacy")
        shutil.copytree(ROOT / "scripts" / "fuzz", copy / "scripts" / "fuzz")
        file = copy / mutant.file
        source = file.read_text(encoding="utf-8")
        if mutant.old not in source:
            raise SystemExit(f"{mutant.name}: {mutant.file} is not what this script expects")
        file.write_text(source.replace(mutant.old, mutant.new, 1), encoding="utf-8")
        tests = [str(copy / "tests" / "tidegate" / "privacy" / test) for test in mutant.tests]
        flags = [
            "-q",
            "-x",
            "-p",
            "no:cacheprovider",
            "--rootdir",
            folder,
            "-c",
            os.devnull,
            "--import-mode=importlib",
        ]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *flags, *tests],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": folder},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode not in (0, 1):
            raise SystemExit(
                f"{mutant.name}: the tests did not run\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
            )
        return done.returncode == 0


def main() -> int:
    wanted = sys.argv[1:]
    every = [one for one in mutants() if not wanted or any(word in one.name for word in wanted)]
    alive = []
    for mutant in every:
        lives = survives(mutant)
        print(f"{'LIVES ' if lives else 'killed'}  {mutant.name}", flush=True)
        if lives:
            alive.append(mutant)
    print(f"{len(every) - len(alive)} of {len(every)} mutants killed")
    return 1 if alive else 0


if __name__ == "__main__":
    raise SystemExit(main())
