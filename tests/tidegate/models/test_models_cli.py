"""The commands as an integrator types them: exit codes, sentences, JSON."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.fakes.gguf_files import gguf
from tests.fakes.hub import Hub, Repo, running
from tests.fakes.models import edge_model
from tidegate import cli
from tidegate.chat import JSON

MODEL = gguf(
    {"llama.block_count": 2, "llama.embedding_length": 64, "llama.attention.head_count": 4}, tensors=400
)
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """`tidegate models ...` in this process, with a store of its own: exit code, output, errors."""
    monkeypatch.setenv("TIDEGATE_MODEL_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.delenv("HF_TOKEN", raising=False)

    def typed(*words: str) -> tuple[int, str, str]:
        code = cli.run(["models", *words], os.environ)
        said = capsys.readouterr()
        return code, said.out, said.err

    return typed


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with running() as made:
        made.repos["acme/pump"] = Repo({"pump-Q8_0.gguf": MODEL})
        monkeypatch.setenv("HF_ENDPOINT", made.url)
        yield made


def parsed(text: str) -> JSON:
    found: JSON = json.loads(text)
    return found


def test_from_the_hub_to_another_machine_without_a_network(run: Run, hub: Hub, tmp_path: Path) -> None:
    code, out, err = run("pull", "hf:acme/pump", "--accept-licence")
    assert (code, "pump-q8_0 is here: chat" in out) == (0, True)
    assert "licence: apache-2.0 (any use, notices kept)" in err
    code, out, _ = run("bundle", "pump-q8_0", "--to", str(tmp_path / "b.tar.gz"), "--json")
    assert code == 0
    digest = hashlib.sha256((tmp_path / "b.tar.gz").read_bytes()).hexdigest()
    assert digest in out
    other = str(tmp_path / "other")
    hub.faults.down = True
    code, out, err = run(
        "pull", str(tmp_path / "b.tar.gz"), "--sha256", digest, "--accept-licence", "--store", other, "--json"
    )
    assert (code, err) == (0, "")
    assert [(row["name"], row["source"], row["licence"]) for row in json.loads(out)] == [
        ("pump-q8_0", "hf:acme/pump", "apache-2.0")
    ]
    assert run("verify", "pump-q8_0", "--store", other)[0] == 0
    assert run("remove", "pump-q8_0", "--store", other)[:2] == (0, "pump-q8_0 removed\n")


def test_a_bundle_with_another_hash_than_was_said_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "m.gguf").write_bytes(MODEL)
    run("pull", str(tmp_path / "m.gguf"), "--accept-licence")
    run("bundle", "m", "--to", str(tmp_path / "b.zip"))
    code, _, err = run(
        "pull",
        str(tmp_path / "b.zip"),
        "--sha256",
        "0" * 64,
        "--accept-licence",
        "--store",
        str(tmp_path / "o"),
    )
    assert (code, "is 0" in err or "not 0000000000000000" in err) == (1, True)


def test_where_nobody_can_answer_a_licence_is_not_accepted(run: Run, hub: Hub) -> None:
    code, out, err = run("pull", "hf:acme/pump")
    assert (code, out) == (2, "")
    assert "pull again with --accept-licence" in err
    assert run("list", "--json")[1].count('"pulled"') == 0


def test_without_a_terminal_progress_is_plain_lines(run: Run, hub: Hub) -> None:
    err = run("pull", "hf:acme/pump", "--accept-licence")[2]
    assert "pump-Q8_0.gguf: 0.0 MiB here" in err
    assert "\x1b" not in err


def test_a_program_reads_json_and_nothing_else(run: Run, hub: Hub) -> None:
    code, out, err = run("pull", "hf:acme/pump", "--accept-licence", "--json")
    assert (code, err) == (0, "")
    (told,) = json.loads(out)
    assert told["new"] is True
    assert told["sha256"] == hashlib.sha256(MODEL).hexdigest()
    assert Path(told["path"]).read_bytes() == MODEL
    assert parsed(run("verify", "pump-q8_0", "--json")[1]) == [
        {"name": "pump-q8_0", "whole": True, "said": "1 file as kept"}
    ]


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["pull", "hf:acme/none", "--accept-licence"], 2, "knows no model acme/none"),
        (["pull", "somewhere"], 2, "hf:OWNER/NAME"),
        (["pull", "gone.gguf"], 2, "no such file on this machine"),
        (["pull", "gone.tar"], 2, "no bundle at that place"),
        (["pull", "hf:a/b", "--sha256", "12"], 2, "64 hex digits"),
        (["use", "nothing"], 2, "no model is called 'nothing'"),
        (["verify", "nothing"], 2, "no model is called 'nothing'"),
        (["remove", "nothing"], 2, "no model is called 'nothing'"),
        (["remove", "../store"], 2, "small letters"),
        (["bundle", "nothing", "--to", "x.tar"], 2, "no model is called 'nothing'"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(
    run: Run, hub: Hub, words: list[str], code: int, sentence: str
) -> None:
    found, out, err = run(*words)
    assert (found, out) == (code, "")
    assert sentence in err
    assert "defect" not in err


def test_the_shipped_models_are_drawn_in_a_table(run: Run) -> None:
    out = run("list")[1]
    row = next(line for line in out.splitlines() if line.startswith("│ edge "))
    assert "Q8_0" in row
    assert "apache-2.0" in row
    assert "default" in row


def test_a_real_model_is_tried_and_named_and_a_broken_one_is_not(run: Run, tmp_path: Path) -> None:
    config = tmp_path / "edge.toml"
    content = edge_model().read_bytes()
    (tmp_path / "good.gguf").write_bytes(content)
    (tmp_path / "mute.gguf").write_bytes(MODEL)  # a right header around no network
    for name in ("good", "mute"):
        assert run("pull", str(tmp_path / f"{name}.gguf"), "--accept-licence")[0] == 0
    code, out, _ = run("use", "good", "--config", str(config), "--json")
    told = json.loads(out)
    assert (code, told["config"]) == (0, str(config))
    assert 0 < told["peak_bytes"] < 4 * told["memory_bytes"]
    before = config.read_text()
    code, _, err = run("use", "mute", "--config", str(config))
    assert code == 1
    assert "what served before still serves" in err
    assert config.read_text() == before
    assert run("remove", "good")[0] == 2
