"""Locks 1, 2 and 4: every line of leaks.py must still be a type error, with exactly the code it is marked with."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
IGNORE = re.compile(r"  # type: ignore\[([a-z-]+)\]$")
REPORT = re.compile(r":(\d+): error: .*\[([a-z-]+)\]$")


def mypy(*paths: Path) -> list[str]:
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--config-file",
        "pyproject.toml",
        "--no-error-summary",
        *map(str, paths),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    return done.stdout.splitlines()


@pytest.mark.slow
def test_every_line_that_must_not_type_check_is_an_error_of_its_kind_and_no_ignore_is_unused(
    tmp_path: Path,
) -> None:
    lines = (HERE / "leaks.py").read_text(encoding="utf-8").splitlines()
    expected = {(n, m[1]) for n, line in enumerate(lines, 1) if (m := IGNORE.search(line))}
    assert len(expected) >= 30
    bare = tmp_path / "without_ignores.py"
    bare.write_text("\n".join(IGNORE.sub("", line) for line in lines) + "\n", encoding="utf-8")
    report = mypy(bare, HERE / "leaks.py")
    found = {(int(m[1]), m[2]) for line in report if bare.name in line and (m := REPORT.search(line))}
    assert found == expected
    assert [line for line in report if "leaks.py" in line] == []
