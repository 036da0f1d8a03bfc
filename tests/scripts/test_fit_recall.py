"""Drafts of a fit are written once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.fit_recall import recalling
from tidegate.chat import Message, Prompt, Role
from tidegate.engines.port import Draft, TokenScore


@dataclass
class Model:
    """Counts how often it is asked."""

    digest: str = "a" * 64
    wrote: int = 0
    looked: int = 0

    async def generate(self, prompt: Prompt) -> Draft:
        self.wrote += 1
        return Draft(
            prompt.last_user().upper(), tokens=(TokenScore("x", -0.5, 0.25, 3.0),), features={"pass_p": 0.5}
        )

    async def glance(self, prompt: Prompt) -> Mapping[str, float]:
        self.looked += 1
        return {"pass_p": 0.5}


def ask(text: str) -> Prompt:
    return Prompt((Message(Role.USER, text),), max_tokens=8)


def test_another_fit_of_the_same_weights_writes_nothing_again(tmp_path: Path) -> None:
    model = Model()
    first = asyncio.run(recalling(model, tmp_path).draft(ask("stop")))
    again = recalling(model, tmp_path)
    assert asyncio.run(again.draft(ask("stop"))) == first
    assert asyncio.run(again.looked(ask("stop"))) == ({"pass_p": 0.5}, first)  # only looked at
    assert asyncio.run(recalling(model, tmp_path).looked(ask("stop")))[0] == {"pass_p": 0.5}
    assert (model.wrote, model.looked) == (1, 1)
    asyncio.run(again.draft(ask("go")))
    assert model.wrote == 2


def test_other_weights_know_nothing_of_it_and_a_line_cut_off_is_written_anew(tmp_path: Path) -> None:
    model, other = Model(), Model("b" * 64)
    asyncio.run(recalling(model, tmp_path).draft(ask("stop")))
    assert not recalling(other, tmp_path).known
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-9])
    asyncio.run(recalling(model, tmp_path).draft(ask("stop")))
    assert model.wrote == 2
    assert len(recalling(model, tmp_path).known) == 1
