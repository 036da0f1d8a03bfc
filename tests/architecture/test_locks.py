"""Locks 3, 4 and 6 on "nothing private leaves", each broken once in a copy: the tools must see it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.architecture import house

BIN = Path(sys.executable).parent
SETTINGS = tomllib.loads(house.read("pyproject.toml"))["tool"]


def lint_imports(folder: Path) -> str:
    done = subprocess.run(
        [BIN / "lint-imports", "--no-cache", "--config", folder / "pyproject.toml"],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    return " ".join(f"exit {done.returncode} {done.stdout}".split())


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources in a folder where a test may break them."""
    folder = tmp_path_factory.mktemp("house")
    for name in house.SOURCES:
        shutil.copytree(house.ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(house.ROOT / "pyproject.toml", folder)
    return folder


def test_lock_6_the_house_as_it_stands_keeps_its_contracts(copy: Path) -> None:
    assert "exit 0" in lint_imports(copy)


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("edge/turn.py", "import grpc", "one request on the device knows no network, no file and no library"),
        ("edge/gateway/schema.py", "import edge.uplink.client", "can send: only the uplink escalates"),
        ("edge/metrics.py", "import cloud.case", "edge and cloud meet only on the wire"),
        ("tidegate/chat.py", "import edge.turn", "what both tiers know imports neither tier"),
        ("edge/app.py", "import tidegate.wire.v1.escalation_pb2", "only the ends of the wire speak it"),
        ("cloud/app.py", "import sqlalchemy", "only the stores know a database"),
    ],
)
def test_lock_6_a_second_way_out_breaks_a_contract(copy: Path, file: str, line: str, contract: str) -> None:
    path = copy / file
    whole = path.read_text(encoding="utf-8")
    path.write_text(f"{whole}\n\ndef _way_out() -> None:\n    {line}\n", encoding="utf-8")
    try:
        said = lint_imports(copy)
    finally:
        path.write_text(whole, encoding="utf-8")
    assert "exit 1" in said
    assert re.search(re.escape(contract) + r" BROKEN", said), said


def ruff(source: str, name: str = "edge/anything.py") -> str:
    command: list[str | Path] = [
        BIN / "ruff",
        "check",
        "--quiet",
        "--output-format",
        "concise",
        "--stdin-filename",
        name,
        "-",
    ]
    return subprocess.run(
        command, cwd=house.ROOT, input=source, capture_output=True, text=True, check=False
    ).stdout


@pytest.mark.parametrize(
    "source",
    [
        "import typing\n\nx = typing.cast(str, 1)\n",
        "from typing import cast\n\nx = cast(str, 1)\n",
        "import datetime\n\nx = datetime.datetime.now(datetime.UTC)\n",
        "import time\n\nx = time.time()\n",
        "from unittest.mock import patch\n\nx = patch\n",
    ],
)
def test_lock_3_a_cast_a_clock_or_a_patch_is_refused(source: str) -> None:
    assert "TID251" in ruff(source)


def test_lock_3_the_clock_itself_may_ask() -> None:
    assert "TID251" not in ruff("import time\n\nx = time.time()\n", "tidegate/clock.py")


def test_lock_3_nothing_untyped_comes_near_the_text_that_may_leave() -> None:
    strict = [entry for entry in SETTINGS["mypy"]["overrides"] if entry.get("disallow_any_expr")]
    (entry,) = strict
    assert set(entry["module"]) == {"edge.turn", "edge.uplink.client", "tidegate.privacy.redaction"}
    for module in entry["module"]:
        source = house.read(module.replace(".", "/") + ".py")
        assert not re.search(r"#\s*type:\s*ignore|#\s*mypy:", source), (
            f"{module} loosens the lock from within"
        )


def test_lock_4_an_ignore_that_is_no_longer_needed_fails_the_build() -> None:
    assert SETTINGS["mypy"]["strict"] is True
    assert SETTINGS["mypy"]["warn_unused_ignores"] is True
    assert house.tracked().count("tests/typing/leaks.py") == 1
