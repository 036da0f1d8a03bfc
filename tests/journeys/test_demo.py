"""The main job, as a person runs it: one command, exit code 0, and a table that shows all five scenes."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from cloud.fleet.broker import find_broker
from tidegate.assets import model_dir
from tidegate.demo.cli import SCENES
from tidegate.demo.process import tidegate_command


@pytest.mark.timeout(320)
def test_the_demo_holds(tmp_path: Path) -> None:
    if not list(model_dir("edge").glob("*.gguf")):
        pytest.skip("models/edge is not built")
    if find_broker(os.environ) is None:
        pytest.skip("mosquitto is not installed: run scripts/setup")
    done = subprocess.run(
        tidegate_command("demo", "--folder", str(tmp_path)),
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    print(done.stdout, done.stderr)
    for title, _ in SCENES:
        assert title in done.stdout
    assert "every step held" in done.stdout
    assert done.returncode == 0
