"""The model on the device: ready or not, measured or not, and swapped without a request noticing."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from edge.routing.confidence import KEEP_AT, EmbeddedModel, Loaded, load_folder
from tests.fakes.calibrations import curve, measured
from tests.fakes.engine import FakeEngine, says
from tidegate.chat import Message, Prompt, Role
from tidegate.engines.port import ANYHOW, Draft, Terms
from tidegate.errors import Broken
from tidegate.risk.calibrate import PRIOR, CalibrationFile

ASK = Prompt((Message(Role.USER, "hello there"),))


def model_of(engine: FakeEngine, fresh: FakeEngine | None = None) -> EmbeddedModel:
    async def load(path: Path) -> FakeEngine:
        if fresh is None:
            raise Broken("not a model", code="model_not_gguf")
        return fresh

    return EmbeddedModel(Loaded(engine, None), load)


async def test_without_a_model_it_is_not_ready_and_says_what_to_do() -> None:
    model = EmbeddedModel(None, load=model_of(FakeEngine())._load)
    assert (model.ready, model.speaks, model.context_tokens, model.digest) == (False, False, 0, "")
    with pytest.raises(Broken, match="doctor"):
        await model.generate(ASK)


async def test_a_model_nobody_measured_never_claims_more_than_the_prior() -> None:
    model = model_of(FakeEngine(says("certainly")))
    draft = await model.generate(ASK)
    assert model.confidence(ASK, draft) <= PRIOR < KEEP_AT
    assert not model.calibrated


def test_a_calibration_counts_only_for_the_weights_it_was_made_for(tmp_path: Path) -> None:
    engine = FakeEngine()
    (tmp_path / "confidence.json").write_bytes(
        msgspec.json.encode(CalibrationFile({engine.digest: measured(0.83)}))
    )
    assert load_folder(engine, tmp_path).keep_at == 0.83
    assert load_folder(FakeEngine(model="other"), tmp_path).calibration is None
    assert load_folder(engine, tmp_path / "nowhere").calibration is None


def test_a_broken_calibration_file_is_not_silently_ignored(tmp_path: Path) -> None:
    (tmp_path / "confidence.json").write_bytes(b'{"models": 7}')
    with pytest.raises(Broken, match=r"confidence\.json"):
        load_folder(FakeEngine(), tmp_path)


async def test_a_swap_lets_running_requests_finish_on_the_old_model() -> None:
    old, new = FakeEngine(says("old"), model="old"), FakeEngine(says("new"), model="new")
    model = model_of(old, new)
    old.gate.clear()
    running = asyncio.create_task(model.generate(ASK))
    await asyncio.sleep(0.01)
    await model.switch(Path("new.gguf"), "release-2")
    assert (await model.generate(ASK)).text == "new"
    assert model.model == "new"
    old.gate.set()
    assert (await running).text == "old"
    await model.close()
    assert old.closed
    assert new.closed


async def test_a_model_that_does_not_load_leaves_the_old_one_in_place() -> None:
    model = model_of(FakeEngine(says("old")))
    with pytest.raises(Broken):
        await model.switch(Path("bad.gguf"), "release-2")
    assert (await model.generate(ASK)).text == "old"


async def test_a_model_that_cannot_write_a_word_is_closed_again() -> None:
    def fails(_prompt: Prompt) -> Draft:
        raise Broken("no step", code="model_failed")

    old, bad = FakeEngine(says("old")), FakeEngine(fails)
    model = model_of(old, bad)
    with pytest.raises(Broken):
        await model.switch(Path("bad.gguf"), "release-2")
    assert bad.closed
    assert (await model.generate(ASK)).text == "old"


async def test_a_request_caught_between_two_models_goes_to_the_new_one() -> None:
    old, new = FakeEngine(says("old")), FakeEngine(says("new"))
    model = model_of(old, new)

    class Slow(FakeEngine):
        async def generate(self, prompt: Prompt, terms: Terms = ANYHOW) -> Draft:
            await model.switch(Path("new.gguf"), "release-2")
            await asyncio.sleep(0.01)
            return await super().generate(prompt)

    model._loaded = Loaded(Slow(says("old")), None)
    assert (await model.generate(ASK)).text == "new"


def test_curves_of_the_fakes_are_increasing() -> None:
    low, high = (curve().probability({"min_logprob": x}) for x in (-5.0, 0.0))
    assert low < high
