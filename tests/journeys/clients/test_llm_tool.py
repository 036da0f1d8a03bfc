"""The `llm` command, as a person types it: an entry in its file of models, then prompts."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.journeys.clients.said import CLOSED, MODEL, SAY, why

if TYPE_CHECKING:
    from tests.journeys.clients.conftest import Door

if importlib.util.find_spec("llm") is None:
    pytest.skip(why("llm"), allow_module_level=True)
PACKAGE = "llm"
ENTRY = """- model_id: tidegate
  model_name: {model}
  api_base: {url}
  api_key_name: tidegate
  supports_tools: true
  supports_schema: true
"""
FUNCTIONS = (
    'def SwitchLight(room: str, state: str) -> str:\n    "Turns a light on or off"\n    return "done"\n'
)


@pytest.fixture
def home(door: Door, tmp_path: Path) -> Path:
    (tmp_path / "extra-openai-models.yaml").write_text(ENTRY.format(model=MODEL, url=door.url))
    (tmp_path / "keys.json").write_text(json.dumps({"tidegate": door.key}))
    return tmp_path


def llm(home: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "llm", *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "LLM_USER_PATH": str(home), "NO_PROXY": "*"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_its_models_name_ours(home: Path) -> None:
    assert "tidegate" in llm(home, "models")


def test_a_prompt_is_answered_streamed_and_whole(home: Path) -> None:
    assert (
        llm(home, "-m", "tidegate", "hello").strip()
        == llm(home, "-m", "tidegate", "--no-stream", "hello").strip()
    )


def test_a_tool_of_its_own_is_called(home: Path) -> None:
    said = llm(home, "-m", "tidegate", "--functions", FUNCTIONS, "--no-stream", SAY)
    assert said.strip()
    calls = json.loads(llm(home, "logs", "--json"))
    assert "SwitchLight" in json.dumps(calls)


def test_a_schema_shapes_the_answer(home: Path) -> None:
    said = llm(home, "-m", "tidegate", "--schema", json.dumps(CLOSED), SAY)
    assert json.loads(said).keys() == {"room", "on"}


def test_a_conversation_goes_on(home: Path) -> None:
    llm(home, "-m", "tidegate", "hello")
    assert llm(home, "-c", "and again").strip()
