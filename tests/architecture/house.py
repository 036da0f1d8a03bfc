"""What the house-rule tests share: the tracked files and small readers of Python sources. Pure but for `tracked`."""

from __future__ import annotations

import ast
import functools
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("tidegate", "edge", "cloud")
GENERATED = "tidegate/wire/"


@functools.cache
def tracked() -> tuple[str, ...]:
    """Paths that git tracks and that still exist, relative to the root."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return tuple(path for path in listed.decode().split("\0") if path and (ROOT / path).is_file())


def python_files(*folders: str) -> list[str]:
    """Hand-written Python files under `folders` (all when none is named)."""
    return [
        path
        for path in tracked()
        if path.endswith(".py")
        and not path.startswith(GENERATED)
        and (not folders or path.startswith(tuple(f"{folder}/" for folder in folders)))
    ]


def read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


@functools.cache
def nodes(source: str) -> tuple[ast.AST, ...]:
    """The whole tree, flat; parsed once per text."""
    return tuple(ast.walk(ast.parse(source)))


def long_functions(source: str, limit: int) -> list[str]:
    """Functions of more than `limit` lines, docstring included, decorators not."""
    return [
        f"{node.name} ({lines} lines)"
        for node in nodes(source)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > limit
    ]


def long_classes(source: str, limit: int) -> list[str]:
    return [
        f"{node.name} ({lines} lines)"
        for node in nodes(source)
        if isinstance(node, ast.ClassDef)
        and (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > limit
    ]


def imported(source: str) -> Iterator[str]:
    """Dotted names that a source imports anywhere, lazily or not: `from a import b` yields `a` and `a.b`."""
    for node in nodes(source):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def module_of(path: str) -> str:
    """`edge/uplink/client.py` is `edge.uplink.client`."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def within(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(package + ".") for package in packages)


def classes(source: str) -> Iterator[str]:
    return (node.name for node in nodes(source) if isinstance(node, ast.ClassDef))
