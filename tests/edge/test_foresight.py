"""`tidegate plan`, its endpoint and its page say the same of a request: promise, threshold, what can be promised, and why."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from edge.config import EdgeConfig, Promised, load
from edge.device_key import load_or_make
from edge.gateway.door import Caller
from edge.gateway.preview import planned
from edge.gateway.schema import parse_chat
from edge.pages.foreseen import Wanted, outlook
from edge.plan_cli import answer_line, assumed
from edge.ports import House, Policy, PolicyVersion
from edge.promise.desk import Desk
from edge.promise.judgement import Line, Signals
from edge.promise.keeper import Keeper
from edge.promise.settings import keeper_of, stance_of
from edge.promise.verdict import Found
from edge.promise.view import stands
from edge.routing.confidence import EmbeddedModel, Loaded
from edge.store.promises import Origin, PromiseStore
from edge.store.schema import open_durable, open_journal
from tests.fakes.edge_parts import FakeDispatch, PatternScreen, open_door
from tests.fakes.engine import FakeEngine
from tests.fakes.promises import GOOD, HOPELESS, SURE, calibration
from tidegate.chat import JSON, Prompt, ToolCall
from tidegate.clock import SystemClock
from tidegate.engines.port import Draft, Finish, TokenScore
from tidegate.ids import RequestId
from tidegate.risk.calibrate import Calibration
from tidegate.risk.held_out import HeldOut
from tidegate.risk.monitor import State
from tidegate.risk.task import Task

TOOL: JSON = {
    "type": "function",
    "function": {"name": "Stop", "parameters": {"type": "object", "properties": {}}},
}
PROMISED = """
[uplink]
address = "127.0.0.1:1"
[policy]
names = false
[vitals]
enabled = false
[promise]
wrong_at_most = 0.05
[promise.applications.kitchen]
wrong_at_most = 0.001
[promise.classes.prose]
wrong_at_most = 0.1
[privacy.consent_for]
CREDIT_CARD = "ask"
IBAN_CODE = "never"
[mode_for]
garage = "local-only"
"""
FLAWLESS = HeldOut(SURE, (0.0,) * len(SURE))
PROMISE = Promised(wrong_at_most=0.05)
SAID = [
    ("stop", "app"),
    ("stop", "kitchen"),
    ("stop", "garage"),
    ("charge 4556 7375 8689 9855", "app"),
    ("pay DE89 3704 0044 0532 0130 00", "app"),
]


def calls(_prompt: Prompt) -> Draft:
    return Draft("", (ToolCall("call_1", "Stop", "{}"),), Finish.TOOL_CALLS, (TokenScore("x", 0.0),))


class Device:
    """One device by its settings: the command, the endpoint and the page over the same model and state folder."""

    def __init__(self, folder: Path, settings: str, known: Calibration | None) -> None:
        self.file = folder / "edge.toml"
        self.file.write_text(f'state = "{folder / "state"}"\n{settings}')
        self.config = load(self.file, {}, {})
        self.known = known
        (folder / "state").mkdir(exist_ok=True)

    def model(self) -> EmbeddedModel:
        async def never(_path: Path) -> FakeEngine:
            raise AssertionError

        return EmbeddedModel(Loaded(FakeEngine(calls), self.known), never)

    async def command(self, text: str, application: str, **more: bool) -> Mapping[str, JSON]:
        setting = replace(assumed(self.file)[0], signals=True, **more)  # type: ignore[arg-type]
        line = {"id": 1, "application": application, "prompt": text, "tools": [TOOL]}
        return await answer_line(json.dumps(line), self.model(), setting)

    async def endpoint_and_page(
        self, text: str, application: str
    ) -> tuple[Mapping[str, JSON], Mapping[str, str]]:
        config, local = self.config, self.model()
        policy = Policy(
            PolicyVersion("t"), modes=config.modes, keep_at=0.6, consent_for=config.privacy.consent_for
        )
        made = House(policy, PatternScreen(), local, FakeDispatch())
        opened = open_door(config.state, made)
        keeper = keeper_of(
            config,
            opened.stores.promises,
            lambda: local.calibration,
            load_or_make(config.state),
            SystemClock(),
        )
        door = replace(opened.door, promise=Desk(keeper, opened.stores.promises, None))
        body = {"model": "tidegate", "messages": [{"role": "user", "content": text}], "tools": [TOOL]}
        try:
            told = await planned(door, parse_chat(json.dumps(body).encode()), Caller(application))
            page = await outlook(door, Wanted(text, json.dumps([TOOL]), application), "room")
        finally:
            opened.stores.close()
        shown = {one.name: one.value for one in page.signals if one.group == "promise"}
        return told, shown | {"decision": page.decision, "why": ",".join(page.why)}


@pytest.mark.parametrize("outcomes", [GOOD, HOPELESS, None], ids=["good", "hopeless", "no outcomes"])
@pytest.mark.parametrize(("text", "application"), SAID)
async def test_the_command_the_endpoint_and_the_page_agree(
    tmp_path: Path, text: str, application: str, outcomes: object
) -> None:
    known = calibration(GOOD if outcomes is GOOD else HOPELESS if outcomes is HOPELESS else None)
    device = Device(tmp_path, PROMISED, known)
    line = await device.command(text, application)
    told, page = await device.endpoint_and_page(text, application)
    assert told["foreseen"] == {name: line[name] for name in ("decision", "p_right", "why")}
    for name in ("promise", "keep_at", "mode", "consent", "asks", "novelty", "seen"):
        assert told[name] == line[name], name
    assert (page["decision"], page["why"].split(",")) == (line["decision"], line["why"])
    promise = line["promise"]
    assert isinstance(promise, dict)
    assert (page["ground"], page["support"]) == (promise["ground"], promise["support"])


async def test_a_promise_that_cannot_be_made_escalates_and_shows_the_feasibility_line(tmp_path: Path) -> None:
    line = await Device(tmp_path, PROMISED, calibration(HOPELESS)).command("stop", "app")
    promise = line["promise"]
    assert isinstance(promise, dict)
    assert (line["decision"], line["why"], line["keep_at"]) == ("escalate", ["unsure"], None)
    assert (promise["ground"], promise["support"]) == ("no_promise_possible", "too_many_wrong")
    assert isinstance(promise["must_escalate"], float)
    assert promise["must_escalate"] > 0.4
    assert promise["tested_on"] == {"outcomes": 2000, "kept": 0, "wrong": 1000.0, "fewest": 59}


async def test_a_draft_is_judged_by_the_promise_too(tmp_path: Path) -> None:
    good = await Device(tmp_path, PROMISED, calibration(FLAWLESS)).command("stop", "app", generate=True)
    assert (good["decision"], good["why"]) == ("local", ["confident"])
    device = Device(tmp_path, PROMISED, calibration(HOPELESS))
    hopeless = await device.command("stop", "app", generate=True)
    assert (hopeless["decision"], hopeless["why"]) == ("escalate", ["unsure"])
    assert hopeless["confidence"] == good["confidence"]


async def test_without_a_promise_the_line_is_as_short_as_it_was(tmp_path: Path) -> None:
    device = Device(tmp_path, '[uplink]\naddress = "127.0.0.1:1"', calibration())
    setting = assumed(device.file)[0]
    line = await answer_line(
        json.dumps({"id": 1, "prompt": "stop", "tools": [TOOL]}), device.model(), setting
    )
    assert list(line) == ["id", "decision", "p_right", "why"]


def test_a_plan_makes_no_state_folder(tmp_path: Path) -> None:
    config = EdgeConfig(state=tmp_path / "none", promise=PROMISE)
    found = stands(config, calibration())("app", Task.CALLS)
    assert found is not None
    assert (found.state, found.terms.holds) == (State.KEEPING, True)
    assert not config.state.exists()


def test_after_an_alarm_the_command_knows_the_tighter_threshold(tmp_path: Path) -> None:
    config = EdgeConfig(state=tmp_path, promise=PROMISE)
    known = calibration()
    before = stands(config, known)("app", Task.CALLS)
    key = load_or_make(tmp_path)
    bases = (open_durable(tmp_path), open_journal(tmp_path))
    store = PromiseStore(*bases)
    keeper = Keeper(
        replace(stance_of(config), audit=1.0),
        store,
        lambda: known,
        key=key,
        clock=SystemClock(),
        draw=lambda: 0.0,
    )
    line = keeper.line("app", Task.CALLS)
    assert isinstance(line, Line)
    alarm(keeper, line)
    keeper.close()
    for base in bases:
        base.close()
    after = stands(config, known)("app", Task.CALLS)
    assert before is not None
    assert after is not None
    assert (before.state, after.state) == (State.KEEPING, State.TIGHTENED)
    assert after.keep_at > before.keep_at


def alarm(keeper: Keeper, line: Line) -> None:
    """Wrong audits until it rings."""
    for number in range(400):
        stand = keeper.stand("app", Task.CALLS)
        assert stand is not None
        if stand.state is not State.KEEPING:
            return
        judged = stand.judge(Signals(Task.CALLS, stand.keep_at))
        slip = keeper.kept(judged)
        assert slip is not None
        name = RequestId(f"req_{number:08}")
        keeper.heard(keeper.check(name, name, judged, slip), Found.WRONG, Origin.AUDIT)
    raise AssertionError(f"no alarm on {line.key}")
