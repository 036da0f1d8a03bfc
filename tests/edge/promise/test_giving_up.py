"""Early exit on the device: who watches a draft being written, and what the engine does when it is given up."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
import pytest

from edge.promise.giving_up import SPARED, watcher
from edge.routing.plan import Why
from edge.turn import judge
from tests.fakes.calibrations import measured
from tests.fakes.models import edge_model
from tidegate.chat import Message, Prompt, Role, Tool
from tidegate.engines.embedded import EDGE_LIMITS
from tidegate.engines.llama import LlamaEngine
from tidegate.engines.port import Finish, Terms, TokenScore
from tidegate.risk.calibrate import Calibration, Curve
from tidegate.risk.held_out import HeldOut

ASK = Prompt(
    (Message(Role.USER, "set the light in the pantry to 40"),),
    (Tool("SetLight", "", '{"type":"object","properties":{"area":{"type":"string"},"percent":{"type":"integer"}}}'),),
    max_tokens=60,
)  # fmt: skip
CURVE = Curve(("min_logprob",), (0.0,), (1.0,), (1.0,), 6.0, (-10.0, 10.0), (0.0, 1.0))
DRAFTS = HeldOut(tuple(i / 500 for i in range(500)), (0.0,) * 500, tuple(i / 500 for i in range(500)))
KNOWN = msgspec.structs.replace(measured(0.6), early=CURVE, outcomes={"calls": DRAFTS})


@pytest.mark.parametrize(
    ("calibration", "prompt", "draw"),
    [
        (None, ASK, 0.9),
        (measured(0.6), ASK, 0.9),
        (KNOWN, Prompt((Message(Role.USER, "hello"),)), 0.9),
        (KNOWN, ASK, SPARED / 2),
    ],
)
def test_nobody_watches_where_nothing_is_known_and_some_drafts_are_spared(
    calibration: Calibration | None, prompt: Prompt, draw: float
) -> None:
    assert watcher(prompt, calibration, 0.7, lambda: draw) is None


def test_a_draft_that_will_not_be_kept_is_given_up() -> None:
    begin = watcher(ASK, KNOWN, 0.7, lambda: 0.9)
    assert begin is not None
    gives_up = begin({})
    assert [gives_up(TokenScore("x", p)) for p in (-0.01, -9.0)] == [False, True]


@pytest.fixture
async def engine() -> AsyncIterator[LlamaEngine]:
    made = LlamaEngine.load(edge_model(), limits=EDGE_LIMITS)
    yield made
    await made.close()


async def test_the_engine_ends_a_draft_that_is_given_up_and_leaves_others_alone(engine: LlamaEngine) -> None:
    whole = await engine.generate(ASK)
    third = iter((False, False, *[True] * 60))
    cut = await engine.generate(ASK, Terms(give_up=lambda _seen: lambda _token: next(third)))
    assert (cut.finish, cut.features["given_up"]) == (Finish.LENGTH, 1.0)
    assert 3 <= len(cut.tokens) < len(whole.tokens)
    assert judge(cut, 0.01, 0.7) is Why.UNSURE
    same = await engine.generate(ASK, Terms(give_up=lambda _seen: lambda _token: False))
    assert (same.tool_calls[0].arguments, same.tokens) == (whole.tool_calls[0].arguments, whole.tokens)
