"""The model of this device is loaded as its settings say."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from edge.config import EdgeConfig, Model
from edge.model import limits, load_now, open_model
from edge.remembered import Remembered
from tests.fakes.models import edge_model, stories
from tidegate.chat import Message, Prompt, Role
from tidegate.engines.llama import LlamaEngine
from tidegate.engines.native import MAPPED_FROM, library, may_map
from tidegate.errors import Broken
from tidegate.logs import Log

MIB = 1024 * 1024


def test_the_settings_choose_threads_context_slots_and_queue() -> None:
    found = limits(Model(threads=3, context_tokens=512, slots=2, queue=5), edge_model(), 3, None)
    assert (found.threads, found.context_tokens, found.slots, found.queued) == (3, 512, 2, 5)
    assert limits(Model(), edge_model(), 0, None).slots == 8


def test_with_little_memory_there_are_fewer_slots_and_with_too_little_the_model_is_not_loaded() -> None:
    whole = limits(Model(), edge_model(), 1, 1024 * MIB)
    short = limits(Model(), edge_model(), 1, 27 * MIB)
    assert 1 <= short.sequences < whole.sequences
    with pytest.raises(Broken, match="memory") as caught:
        limits(Model(), edge_model(), 1, 2 * MIB)
    assert caught.value.code == "memory_short"


@pytest.mark.shared
@pytest.mark.parametrize(("asked", "used"), [(0, 1), (2, 2)])
async def test_the_engine_runs_on_as_many_threads_as_the_settings_say(
    tmp_path: Path, asked: int, used: int
) -> None:
    """The model here is too small for a second thread to pay."""
    config = EdgeConfig(model=Model(path=stories(), threads=asked), state=tmp_path)
    opened = await open_model(config, Log("tests"))
    engine = load_now(stories(), config.model)
    try:
        assert opened.local.ready
        assert isinstance(engine, LlamaEngine)
        assert library().llama_n_threads(engine._context._context) == used
    finally:
        await engine.close()
        await opened.local.close()


def test_threads_are_measured_once_for_a_model_and_a_broken_file_of_them_is_no_harm(tmp_path: Path) -> None:
    kept, model = Remembered(tmp_path / "threads.json"), edge_model()
    assert kept.threads(model) == 0
    kept.remember(model, 4)
    assert Remembered(tmp_path / "threads.json").threads(model) == 4
    (tmp_path / "threads.json").write_bytes(b"not json")
    assert kept.threads(model) == 0
    Remembered(tmp_path / "absent" / "threads.json").remember(model, 2)
    assert Remembered(None).threads(model) == 0


@pytest.mark.shared
async def test_requests_under_way_finish_on_the_old_model_while_new_ones_go_to_the_new(
    tmp_path: Path,
) -> None:
    config = EdgeConfig(model=Model(path=stories(), context_tokens=256, slots=2), state=tmp_path)
    local = (await open_model(config, Log("tests"))).local
    prompt = Prompt((Message(Role.USER, "Once upon a time"),), max_tokens=60)
    running = [asyncio.ensure_future(local.generate(prompt)) for _ in range(4)]
    await asyncio.sleep(0)
    await local.switch(edge_model(), "release-2")
    drafts = await asyncio.gather(*running)
    assert {draft.usage.completion_tokens for draft in drafts} == {drafts[0].usage.completion_tokens}
    assert drafts[0].text.startswith(", there was")
    assert local.model == "tidegate-edge"
    assert (await local.generate(prompt)).text == ""
    await local.close()


_CUT = """
import asyncio, os, sys
from pathlib import Path
from edge.config import Model
from edge.model import load_now
from tidegate.chat import Message, Prompt, Role, Tool
from tidegate.engines.embedded import EDGE_LIMITS
from tidegate.engines.llama import LlamaEngine

path, how = Path(sys.argv[1]), sys.argv[2]
settings = Model(path=path if how == "named" else None, threads=1, slots=1)

async def main():
    engine = LlamaEngine.load(path, limits=EDGE_LIMITS, mapped=True) if how == "mapped" else load_now(path, settings)
    ask = Prompt((Message(Role.USER, "turn on the light"),), (Tool("light_on", "turn on a light"),), max_tokens=24)
    first = await engine.generate(ask)
    os.truncate(path, 0)
    again = await engine.generate(ask)
    assert (first.text, first.finish) == (again.text, again.finish)
    await engine.close()

asyncio.run(main())
"""


@pytest.mark.parametrize("how", ["named", "own"])
def test_a_model_file_cut_off_in_place_while_it_is_loaded_ends_nothing(tmp_path: Path, how: str) -> None:
    """In a process of its own: what this guards against is no exception but the end of the process."""
    assert _cut(tmp_path, how).returncode == 0


def test_the_same_ends_a_process_that_maps_the_file(tmp_path: Path) -> None:
    """The danger is real: without the rule above, this is what happens."""
    assert _cut(tmp_path, "mapped").returncode == -signal.SIGBUS


@pytest.mark.parametrize(
    ("size", "mode", "mapped"),
    [(MAPPED_FROM, 0o444, True), (MAPPED_FROM, 0o644, False), (MAPPED_FROM, 0o464, False), (MAPPED_FROM - 1, 0o444, False)],
)  # fmt: skip
def test_only_large_files_that_nobody_may_write_to_are_mapped(
    tmp_path: Path, size: int, mode: int, mapped: bool
) -> None:
    path = tmp_path / "m.gguf"
    path.touch()
    os.truncate(path, size)
    path.chmod(mode)
    assert may_map(path) is mapped


def _cut(folder: Path, how: str) -> subprocess.CompletedProcess[bytes]:
    path = folder / "m.gguf"
    shutil.copyfile(edge_model(), path)
    (folder / "run.py").write_text(_CUT)
    return subprocess.run([sys.executable, folder / "run.py", path, how], check=False, capture_output=True)
