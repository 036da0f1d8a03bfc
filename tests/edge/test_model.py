"""The model of this device is loaded as its settings say."""

from __future__ import annotations

import pytest

from edge.config import EdgeConfig, Model
from edge.model import limits, load_now, open_model
from tests.fakes.models import stories
from tidegate.engines.embedded import EDGE_LIMITS
from tidegate.engines.llama import LlamaEngine
from tidegate.engines.native import library
from tidegate.logs import Log


def test_the_settings_choose_the_threads_and_none_means_those_of_the_shipped_model() -> None:
    assert limits(0) == EDGE_LIMITS
    assert limits(3).threads == 3
    assert limits(3).context_tokens == EDGE_LIMITS.context_tokens


@pytest.mark.shared
@pytest.mark.parametrize(("asked", "used"), [(0, EDGE_LIMITS.threads), (2, 2)])
async def test_the_engine_runs_on_as_many_threads_as_the_settings_say(asked: int, used: int) -> None:
    config = EdgeConfig(model=Model(path=stories(), threads=asked))
    opened = await open_model(config, Log("tests"))
    engine = load_now(stories(), asked)
    try:
        assert opened.local.ready
        assert isinstance(engine, LlamaEngine)
        assert library().llama_n_threads(engine._context._context) == used
    finally:
        await engine.close()
        await opened.local.close()
