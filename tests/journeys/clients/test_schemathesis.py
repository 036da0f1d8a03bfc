"""Schemathesis against the daemon's own OpenAPI document: whatever it makes up, every answer is a documented one."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.journeys.clients.said import why

if TYPE_CHECKING:
    from tests.journeys.clients.conftest import Door

if importlib.util.find_spec("schemathesis") is None:
    pytest.skip(why("schemathesis"), allow_module_level=True)
PACKAGE = "schemathesis"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


@pytest.mark.timeout(600)
def test_every_answer_is_one_that_the_document_promises(door: Door, tmp_path: Path) -> None:
    words = ["--checks", CHECKS, "--phases", "coverage,fuzzing", "--max-examples", "3", "--seed", "7"]
    done = subprocess.run(
        [
            sys.executable, "-m", "schemathesis.cli", "run", f"{door.root}/openapi.json", *words,
            "--header", f"Authorization: Bearer {door.key}", "--continue-on-failure", "--warnings", "off",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "NO_PROXY": "*"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:]
