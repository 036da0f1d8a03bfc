"""A bad model hurts a child process and nobody else."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from tests.fakes.models import stories
from tidegate.models.loadtest import LoadLimits, probe, verdict
from tidegate.updates import Fault


@pytest.mark.shared
async def test_a_real_model_passes_its_load_test() -> None:
    assert await probe(stories()) is Fault.NONE


@pytest.mark.shared
@pytest.mark.parametrize("kept", [0.3, 0.9])
async def test_a_truncated_model_crashes_only_the_child(tmp_path: Path, kept: float) -> None:
    whole = stories().read_bytes()
    model = tmp_path / "short.gguf"
    model.write_bytes(whole[: int(len(whole) * kept)])
    assert await probe(model) is Fault.LOAD_CRASHED


@pytest.mark.parametrize(
    "content", [b"", b"GGUF", b"GGUF\x03\0\0\0" + b"\xff" * 64, b"\x7fELF" + b"\0" * 100]
)
async def test_noise_is_no_model(tmp_path: Path, content: bytes) -> None:
    model = tmp_path / "noise.gguf"
    model.write_bytes(content)
    assert await probe(model) in {Fault.LOAD_CRASHED, Fault.LOAD_GARBAGE}


async def test_a_load_test_that_does_not_end_is_ended(tmp_path: Path) -> None:
    pipe = tmp_path / "never.gguf"
    os.mkfifo(pipe)
    assert await probe(pipe, LoadLimits(seconds=0.5)) is Fault.LOAD_HUNG


@pytest.mark.shared
async def test_a_model_that_wants_more_memory_than_it_may_have_is_refused() -> None:
    small = LoadLimits(spare_memory=64 * 1024 * 1024)
    assert await probe(stories(), small) is Fault.LOAD_CRASHED


@pytest.mark.parametrize(
    ("code", "answer", "fault"),
    [
        (0, {"nonce": "n", "tokens": 1}, Fault.NONE),
        (0, {"nonce": "other", "tokens": 1}, Fault.LOAD_GARBAGE),
        (0, {"nonce": "n", "tokens": 0}, Fault.LOAD_GARBAGE),
        (0, {"nonce": "n"}, Fault.LOAD_GARBAGE),
        (0, "n", Fault.LOAD_GARBAGE),
        (4, {}, Fault.LOAD_GARBAGE),
        (1, {"nonce": "n", "tokens": 1}, Fault.LOAD_CRASHED),
        (-signal.SIGSEGV, {}, Fault.LOAD_CRASHED),
        (-signal.SIGKILL, {}, Fault.LOAD_CRASHED),
        (-signal.SIGXCPU, {}, Fault.LOAD_HUNG),
        (None, {}, Fault.LOAD_CRASHED),
    ],
)
def test_only_an_answer_with_our_nonce_and_a_token_counts(
    code: int | None, answer: object, fault: Fault
) -> None:
    assert verdict(code, json.dumps(answer).encode(), "n") is fault
