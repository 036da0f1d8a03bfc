"""The command: what it refuses, what it asks, and that answers come from the engine of the product."""

from __future__ import annotations

import asyncio
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("yaml", reason="the training data readers need PyYAML")

from scripts.evaluation import footprint, main, tasks
from scripts.evaluation.peer import onnx_times
from scripts.evaluation.progress import Progress
from scripts.evaluation.runner import Mode, Runner, Task
from scripts.training import data, sources
from scripts.training.records import Call, Example, Param, ToolSpec, fold
from tidegate.assets import model_dir
from tidegate.engines.embedded import weights_path
from tidegate.engines.port import Finish
from tidegate.privacy.package import read_package

LAMP = ToolSpec("HassTurnOn", (Param("name"), Param("area")))
CLOCK = ToolSpec("HassGetCurrentTime")
ASKED = (
    Example("homes", "turn on the desk lamp", (LAMP, CLOCK), (Call("HassTurnOn", (("name", "desk lamp"),)),)),
    Example("homes", "what time is it", (CLOCK, LAMP), (Call("HassGetCurrentTime"),)),
)


def test_without_the_data_sets_nothing_is_measured_and_the_exit_says_so(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scripts.evaluation.main", "models", "--quick"],
        env={**os.environ, "TIDEGATE_SHARED": str(tmp_path)},
        cwd=main.ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 3
    assert "TIDEGATE_SHARED" in done.stderr
    assert not done.stdout


@pytest.mark.parametrize(
    "words", [[], ["nonsense"], ["models", "--count", "9"], ["models", "--file", "no/such.gguf"]]
)
def test_a_wrong_command_line_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        main.parsed(words)
    assert refused.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_by_default_every_shipped_model_is_measured() -> None:
    asked = main.parsed(["models"])
    assert {path.parent.name for path in asked.files} == {"edge", "cloud"}
    assert "sentry" in {path.name for path in asked.sentries}
    assert not asked.write
    assert main.parsed(["models", "--no-sentry"]).sentries == ()
    assert main.parsed(["models", "--quick"]).count < asked.count


def test_a_shipped_file_is_called_by_its_folder_and_any_other_by_its_name(tmp_path: Path) -> None:
    assert main.named(weights_path(main.ROOT / "models" / "edge")) == "edge"
    assert main.named(tmp_path / "edge" / "edge-q4.gguf") == "edge-q4"


def test_answers_come_from_the_engine_by_its_rules_without_them_or_with_a_call_required() -> None:
    async def conversation() -> None:
        runner = Runner(weights_path(model_dir("edge")))
        progress = Progress(6, io.StringIO())
        ruled = await runner.run(Task("homes", ASKED), progress)
        assert await runner.run(Task("again", ASKED), progress) == ruled
        assert all(0.0 <= answer.glance["pass_p"] <= 1.0 for answer in ruled)
        plain = await runner.run(Task("plain", ASKED, Mode.GREEDY), progress)
        assert all(answer.draft.features["forced"] == 0.0 for answer in plain)
        assert all(answer.glance == {} for answer in plain)
        due = await runner.run(Task("due", ASKED, Mode.REQUIRED), progress)
        assert all(answer.draft.finish is not Finish.PASS for answer in due)
        await runner.close()

    asyncio.run(conversation())


def test_requests_to_time_keep_their_tools_in_orders_of_their_own() -> None:
    many = ASKED[:1] * 8
    asked = footprint.requests(many)
    assert {frozenset(offer.name for offer in request.tools) for request in asked} == {
        frozenset({"HassTurnOn", "HassGetCurrentTime"})
    }
    assert len({request.tools for request in asked}) > 1


def test_speed_is_measured_in_a_process_of_its_own() -> None:
    asked = footprint.requests(ASKED * 3)
    seen = footprint.measured(weights_path(model_dir("edge")), asked, main.ROOT)
    assert 0 < seen.before_mb < seen.peak_mb
    assert all(rate > 0 for rate in (*seen.read, *seen.write))


@pytest.fixture(scope="module")
def corpus() -> data.Corpus:
    if not (sources.data_root() / "snips").is_dir():
        pytest.skip("the shared data sets are absent")
    return data.load()


@pytest.mark.shared
def test_only_the_test_half_is_asked_and_each_time_the_same(corpus: data.Corpus) -> None:
    asked = tasks.tasks(corpus, 20)
    assert asked == tasks.tasks(corpus, 20)
    generated = [task for task in asked if task.name.startswith("homes")]
    real = [task for task in asked if task not in generated]
    texts = {e.text for task in real for e in task.examples if e.source != "homes"}
    assert {fold(text) for text in texts} == {"test"}
    fitting = {e.text for e in tasks.calibration(corpus, 20).examples}
    assert not fitting & {e.text for task in asked for e in task.examples}


@pytest.mark.shared
def test_all_intents_of_a_set_are_offered_by_name_alone_in_a_few_orders(corpus: data.Corpus) -> None:
    for source in tasks.BY_NAME:
        asked = tasks.named(corpus, source, 12)
        names = set(corpus.tools[source])
        assert all({spec.name for spec in e.specs} == names for e in asked)
        assert not any(spec.params for e in asked for spec in e.specs)
        assert all(e.expected_calls and e.expected_calls[0].arguments == () for e in asked)
        assert len({e.specs for e in asked}) == tasks.ORDERS


def test_any_encoder_can_be_timed_whatever_its_inputs_are_called() -> None:
    assert len(onnx_times(read_package(model_dir("sentry")).weights, turns=2)) == 2
