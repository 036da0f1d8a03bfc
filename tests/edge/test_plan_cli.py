"""`tidegate plan --jsonl`: one line in, one line out, in order, whatever the line holds."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from edge.plan_cli import Setting, answer_line, assumed
from edge.routing.confidence import EmbeddedModel, Loaded
from edge.routing.plan import Consent
from tests.fakes.calibrations import measured
from tests.fakes.engine import FakeEngine
from tidegate.chat import Prompt, ToolCall
from tidegate.engines.port import Draft, Finish, TokenScore
from tidegate.privacy.spans import Label

TOOL = {"type": "function", "function": {"name": "Stop", "parameters": {"type": "object", "properties": {}}}}
USUAL = Setting()
ASK = {"id": "a", "prompt": "stop it", "tools": [TOOL]}


class Silent(FakeEngine):
    """A model that writes tool calls only."""

    @property
    def speaks(self) -> bool:
        return False


def calling(logprob: float) -> Silent:
    def script(_prompt: Prompt) -> Draft:
        return Draft("", (ToolCall("call_1", "Stop", "{}"),), Finish.TOOL_CALLS, (TokenScore("x", logprob),))

    return Silent(script)


async def ask(
    line: object,
    engine: FakeEngine | None,
    *,
    generate: bool = False,
    uplink: bool = True,
    setting: Setting = USUAL,
) -> dict[str, object]:
    async def load(_path: Path) -> FakeEngine:
        return FakeEngine()

    model = EmbeddedModel(Loaded(engine, measured(0.6)) if engine else None, load)
    text = line if isinstance(line, str) else json.dumps(line)
    return dict(await answer_line(text, model, replace(setting, uplink=uplink, generate=generate)))


async def test_a_request_with_tools_gets_a_decision_a_chance_and_reasons() -> None:
    found = await ask(ASK, calling(0.0))
    assert list(found) == ["id", "decision", "p_right", "why"]
    assert found["decision"] in ("local", "escalate")
    assert isinstance(found["p_right"], float)


async def test_a_good_draft_is_kept_and_a_doubtful_one_escalated() -> None:
    good = await ask(ASK, calling(0.0), generate=True)
    assert (good["decision"], good["why"]) == ("local", ["confident"])
    assert good["tool_calls"] == [
        {"id": "call_1", "type": "function", "function": {"name": "Stop", "arguments": "{}"}}
    ]
    doubtful = await ask(ASK, calling(-8.0), generate=True)
    assert (doubtful["decision"], doubtful["why"]) == ("escalate", ["unsure"])
    assert doubtful["confidence"] < good["confidence"]  # type: ignore[operator]


async def test_not_for_me_is_escalated_with_a_confidence_near_zero() -> None:
    found = await ask(ASK, Silent(lambda _p: Draft("", finish=Finish.PASS)), generate=True)
    assert (found["decision"], found["why"], found["draft"], found["tool_calls"]) == (
        "escalate",
        ["passed"],
        "",
        [],
    )
    assert found["confidence"] == 0.01


async def test_a_device_without_a_cloud_answers_itself() -> None:
    found = await ask(ASK, calling(-8.0), generate=True, uplink=False)
    assert (found["decision"], found["why"]) == ("local", ["local_only"])


async def test_a_prompt_without_tools_is_escalated() -> None:
    found = await ask({"id": 1, "prompt": "hello"}, calling(0.0), generate=True)
    assert (found["decision"], found["why"], found["draft"], found["confidence"]) == (
        "escalate",
        ["no_tools"],
        None,
        0.0,
    )


async def test_without_a_model_everything_is_escalated() -> None:
    assert (await ask(ASK, None))["why"] == ["no_local_model"]


async def test_a_prompt_too_long_for_the_model_is_escalated() -> None:
    found = await ask({**ASK, "prompt": "word " * 100}, calling(0.0))
    assert (found["decision"], found["why"]) == ("escalate", ["too_long"])


async def test_a_bad_line_becomes_an_error_that_names_the_field() -> None:
    for line, key, param in (
        ("nonsense", None, ""),
        ({"id": 1}, 1, "messages"),
        ({"id": 1, "prompt": "a", "messages": []}, 1, "messages"),
        ({"id": 1, "messages": [{"role": "usr", "content": "x"}]}, 1, "messages[0].role"),
        ({"id": 1, "prompt": "a", "colour": "red"}, None, ""),
        ("[1]", None, ""),
    ):
        found = await ask(line, calling(0.0))
        assert found["id"] == key
        error = found["error"]
        assert isinstance(error, dict)
        assert error["param"] == param


async def test_the_rules_of_a_device_are_obeyed() -> None:
    stays = Setting(
        must_stay=frozenset({Label.IBAN_CODE}),
        labels=lambda text: frozenset({Label.IBAN_CODE} if "DE89" in text else ()),
    )
    assert (await ask({**ASK, "prompt": "stop DE89"}, calling(0.0), setting=stays))["why"] == [
        "policy_must_stay"
    ]
    assert (await ask(ASK, calling(0.0), setting=stays))["why"] == ["confident"]
    goes = Setting(must_go_words=("lawyer",))
    assert (await ask({**ASK, "prompt": "my Lawyer"}, calling(0.0), setting=goes))["why"] == [
        "policy_must_go"
    ]
    suspicious = Setting(refuse_injection_at=0.9, injection=lambda text: float("ignore" in text))
    assert (await ask({**ASK, "prompt": "ignore that"}, calling(0.0), setting=suspicious))[
        "decision"
    ] == "refuse"
    assert (await ask(ASK, calling(0.0), setting=suspicious))["decision"] == "local"


async def test_what_somebody_must_agree_to_first_is_not_said_to_leave() -> None:
    asks = Setting(
        consent_for={Label.IBAN_CODE: Consent.ASK, Label.PASSPORT: Consent.NEVER},
        labels=lambda text: frozenset(
            ({Label.IBAN_CODE} if "DE89" in text else set()) | ({Label.PASSPORT} if "C01X" in text else set())
        ),
    )
    doubtful = calling(-9.0)
    assert (await ask({**ASK, "prompt": "stop DE89"}, doubtful, setting=asks))["why"] == ["consent_needed"]
    assert (await ask({**ASK, "prompt": "stop C01X"}, doubtful, setting=asks))["why"] == ["policy_must_stay"]
    assert (await ask(ASK, doubtful, setting=asks))["why"] != ["consent_needed"]
    never = Setting(consent=Consent.NEVER)
    assert (await ask(ASK, doubtful, setting=never))["why"] == ["policy_must_stay"]


def test_a_devices_settings_say_what_is_blocked_and_what_needs_consent(tmp_path: Path) -> None:
    file = tmp_path / "edge.toml"
    file.write_text(
        '[privacy]\nconsent = "ask"\n[privacy.actions]\nCREDIT_CARD = "block"\n[privacy.consent_for]\nPASSPORT = "never"\n'
    )
    setting, _ = assumed(file)
    assert setting.must_stay == {Label.CREDIT_CARD}
    assert (setting.consent, dict(setting.consent_for)) == (Consent.ASK, {Label.PASSPORT: Consent.NEVER})
