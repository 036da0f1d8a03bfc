"""A test that does not run says what would let it run."""

from __future__ import annotations

import ast

import pytest

from tests.architecture import house


def silent(source: str) -> list[int]:
    """Lines of skips and expected failures without a reason."""
    return [
        node.lineno
        for node in house.nodes(source)
        if isinstance(node, ast.Call) and not _says_why(node, ast.unparse(node.func).rpartition(".")[2])
    ]


def _says_why(call: ast.Call, name: str) -> bool:
    if name == "skip":
        return bool(call.args) or any(one.arg in {"reason", "msg"} for one in call.keywords)
    return name not in {"skipif", "importorskip", "xfail"} or any(
        one.arg == "reason" for one in call.keywords
    )


def test_every_skip_says_why() -> None:
    found = {path: silent(house.read(path)) for path in house.python_files("tests")}
    assert {path: lines for path, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("pytest.skip()", [1]),
        ("pytest.skip('no broker')", []),
        ("x = pytest.importorskip('torch')", [1]),
        ("@pytest.mark.skipif(True, reason='no broker')\ndef f(): ...", []),
        ("@pytest.mark.skipif(True)\ndef f(): ...", [1]),
        ("@pytest.mark.xfail\ndef f(): ...", []),
    ],
)
def test_the_rule_about_skips_bites(source: str, lines: list[int]) -> None:
    assert silent(source) == lines
