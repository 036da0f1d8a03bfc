"""`tidegate plan`: JSON lines in, where each would be answered and why. Nothing leaves; no daemon is needed."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from edge.foresight import Foresight, foretell, told, told_promise, told_signals
from edge.gateway.schema import parse_chat
from edge.promise.stand import Stand
from edge.promise.weigh import signals as signals_of
from edge.routing.classes import FAILS_FROM, known, tallies
from edge.routing.confidence import KEEP_AT, EmbeddedModel, Loaded, load_folder
from edge.routing.dryrun import Foreseen
from edge.routing.mode import Modes
from edge.routing.plan import Consent, Facts, StayLocal, TryLocal, Why, strictest
from edge.routing.plan import plan as plan_of
from edge.routing.world import TaskSignal, VitalSignal, World
from edge.turn import judge
from tidegate.chat import JSON, Prompt, Role
from tidegate.engines.port import Draft, Finish
from tidegate.errors import BadRequest, Broken, TidegateError
from tidegate.privacy.actions import Action, Handling
from tidegate.privacy.spans import Label
from tidegate.risk.calibrate import Calibration
from tidegate.risk.task import Task, task_of

if TYPE_CHECKING:
    from edge.config import EdgeConfig

StandOf = Callable[[str, Task], Stand | None]  # how the promise of an application's requests stands
_NULL = msgspec.Raw(b"null")


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One input line. Exactly one of `messages` and `prompt`; they and the tools in OpenAI's shape."""

    id: str | int | float | None = None
    messages: msgspec.Raw = _NULL
    prompt: str | None = None
    tools: msgspec.Raw = _NULL
    tool_choice: msgspec.Raw = _NULL
    application: str = ""  # whose rules and promises count


@dataclass(frozen=True, slots=True)
class Setting:
    """What the dry run assumes about the device. `labels` and `injection` are only asked when a rule needs them."""

    uplink: bool = True
    keep_at: float | None = None  # None: the model's own threshold
    generate: bool = False
    signals: bool = False
    fails_from: float = FAILS_FROM
    vitals: Callable[[], VitalSignal] = VitalSignal
    must_stay: frozenset[Label] = frozenset()
    must_go_words: tuple[str, ...] = ()
    refuse_injection_at: float = 1.1
    modes: Modes = field(default_factory=Modes)
    stands: Callable[[Calibration | None], StandOf] = lambda _known: lambda _application, _task: None
    consent: Consent = Consent.ALWAYS
    consent_for: Mapping[Label, Consent] = field(default_factory=dict)
    labels: Callable[[str], frozenset[Label]] = lambda _text: frozenset()
    injection: Callable[[str], float] = lambda _text: 0.0


def plan(
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="read JSON lines from stdin: the only input there is")
    ] = False,
    generate: Annotated[bool, typer.Option("--generate", help="write the local draft and judge it")] = False,
    config: Annotated[Path | None, typer.Option("--config", "-c", help="a device's settings (TOML)")] = None,
    local_only: Annotated[
        bool, typer.Option("--local-only", help="decide as a device without a cloud")
    ] = False,
    keep_at: Annotated[float | None, typer.Option(help="keep drafts from this P(right) on")] = None,
    model: Annotated[Path | None, typer.Option(help="a GGUF file")] = None,
    signals: Annotated[
        bool,
        typer.Option(
            "--signals", help="tell what was known: this machine, the model's record, the threshold"
        ),
    ] = False,
) -> None:
    """Say for each line where it would be answered and why, without answering it.

    Without --config: the embedded model, a cloud that can be reached, and no rules of policy. With one whose settings make a
    promise, each line tells that promise, its threshold, and what can be promised at all.
    """
    if not jsonl:
        raise BadRequest("pass --jsonl and one JSON object per line on stdin", code="no_input")
    setting, path = assumed(config)
    chosen = replace(
        setting,
        generate=generate,
        signals=signals,
        uplink=setting.uplink and not local_only,
        keep_at=setting.keep_at if keep_at is None else keep_at,
    )
    asyncio.run(_run(sys.stdin, chosen, model or path))


def assumed(file: Path | None) -> tuple[Setting, Path | None]:
    """The rules of a device's settings, and the model file they name. Raises BadConfig."""
    if file is None:
        return Setting(), None
    from edge import config as settings
    from edge.finders import build_detector, build_guard

    found = settings.load(file, os.environ, {})
    detector = cache(partial(build_detector, found))
    guard = cache(partial(build_guard, found))
    setting = Setting(
        uplink=found.escalates,
        keep_at=found.policy.keep_at,
        must_stay=frozenset(found.policy.must_stay) | Handling(found.privacy.actions).having(Action.BLOCK),
        must_go_words=tuple(word.casefold() for word in found.policy.must_go_words),
        refuse_injection_at=found.policy.refuse_injection_at,
        fails_from=found.policy.fails_from,
        vitals=_machine(found),
        modes=found.modes,
        stands=_promised(found),
        consent=found.privacy.consent,
        consent_for=found.privacy.consent_for,
        labels=lambda text: frozenset(span.label for span in detector().find(text)),
        injection=lambda text: guard()(text),  # noqa: PLW0108  not loaded before it is asked
    )
    return setting, found.model.path


def _promised(found: EdgeConfig) -> Callable[[Calibration | None], StandOf]:
    """The promises as they stand on this device, read when the first line is planned: one command, one model."""
    read: list[StandOf] = []

    def stands(calibration: Calibration | None) -> StandOf:
        from edge.promise.view import stands

        if not read:
            read.append(stands(found, calibration))
        return read[0]

    return stands


def _machine(found: EdgeConfig) -> Callable[[], VitalSignal]:
    """This machine, by the thresholds of the settings."""
    from edge.surroundings import habits
    from edge.vitals import Vitals
    from tidegate.clock import SystemClock

    if not found.vitals.enabled:
        return VitalSignal
    return Vitals(SystemClock(), lambda: 0, habits=lambda: habits(found.vitals)).now


async def _run(lines: Iterable[str], setting: Setting, path: Path | None) -> None:
    local = _embedded(path)
    try:
        for line in lines:
            if line.strip():
                found = await answer_line(line, local, setting)
                sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
                sys.stdout.flush()
    finally:
        await local.close()


def _embedded(path: Path | None) -> EmbeddedModel:
    """The model to ask; one that reports not ready when there is none to load and none was named."""
    from tidegate.assets import model_dir
    from tidegate.engines.embedded import EDGE_LIMITS, weights_path
    from tidegate.engines.llama import LlamaEngine

    async def load(weights: Path) -> LlamaEngine:
        return await asyncio.to_thread(LlamaEngine.load, weights, limits=EDGE_LIMITS)

    loaded: Loaded | None = None
    try:
        weights = path or weights_path(model_dir("edge"))
        loaded = load_folder(LlamaEngine.load(weights, limits=EDGE_LIMITS), weights.parent)
    except Broken as error:
        if path is not None or error.code != "model_missing":
            raise
    return EmbeddedModel(loaded, load)


async def answer_line(line: str, local: EmbeddedModel, setting: Setting) -> dict[str, JSON]:
    """One output line. A bad line becomes an error that names the field; the rest is not affected."""
    key: str | int | float | None = None
    try:
        asked = _decoded(line)
        key = asked.id
        prompt = _prompt(asked)
        return {"id": key} | await _explained(prompt, local, setting, asked.application)
    except TidegateError as error:
        param = error.param if isinstance(error, BadRequest) else ""
        return {"id": key, "error": {"code": error.code, "message": str(error), "param": param}}


def _decoded(line: str) -> Line:
    try:
        return msgspec.json.decode(line.encode("utf-8", "surrogatepass"), type=Line)
    except msgspec.ValidationError as error:
        raise BadRequest(f"the line is not what is read here: {error}", code="bad_line") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequest("the line is not valid JSON", code="bad_line") from error


def _prompt(asked: Line) -> Prompt:
    """The prompt, parsed exactly as the door parses it. Raises BadRequest."""
    spoken = bytes(asked.messages)
    if (spoken == b"null") == (asked.prompt is None):
        raise BadRequest(
            "exactly one of messages and prompt is needed", code="missing_parameter", param="messages"
        )
    if asked.prompt is not None:
        spoken = json.dumps([{"role": "user", "content": asked.prompt}]).encode()
    body = b'{"model":"plan","messages":' + spoken + b',"tools":' + bytes(asked.tools)
    return parse_chat(body + b',"tool_choice":' + bytes(asked.tool_choice) + b"}").prompt


async def _explained(
    prompt: Prompt, local: EmbeddedModel, setting: Setting, application: str
) -> dict[str, JSON]:
    facts = _facts(prompt, local, setting, application)
    stands = partial(setting.stands(local.calibration), application)
    usual = setting.keep_at if setting.keep_at is not None else local.keep_at if local.ready else KEEP_AT
    seen = await foretell(prompt, facts, local, usual=usual, stands=stands)
    if not setting.generate:
        return _shown(seen, setting)
    if not seen.found.drafts or not facts.local_model or facts.prompt_tokens >= facts.context_tokens:
        return _shown(seen, setting) | {"draft": None, "tool_calls": [], "confidence": 0.0}
    draft = await local.generate(prompt)
    sure = local.confidence(prompt, draft)
    known = signals_of(prompt, draft, sure, local.calibration, local.context_tokens)
    stand = stands(known.task)
    keep_at = usual if stand is None else stand.judge(known).keep_at
    settled = _settled(facts, seen.found, judge(draft, sure, keep_at))
    return _shown(seen, setting, settled) | _drafted(draft, sure)


def _facts(prompt: Prompt, local: EmbeddedModel, setting: Setting, application: str) -> Facts:
    """As edge.facts, without a redaction to look at: detection is asked only when a rule depends on it."""
    question = prompt.last_user().casefold()
    outside = [m.content for m in prompt.messages if m.role in (Role.USER, Role.TOOL)]
    judged = setting.refuse_injection_at <= 1
    labels = _labels(prompt, setting)
    return Facts(
        local_model=local.ready,
        uplink=setting.uplink,
        redactable=True,
        tools_offered=bool(prompt.tools),
        prompt_tokens=local.count_tokens(prompt) if local.ready else 0,
        context_tokens=local.context_tokens,
        local_speaks=local.speaks,
        must_stay=bool(labels & setting.must_stay),
        mode=setting.modes.of(application),
        consent=strictest(
            (setting.consent, *(setting.consent_for.get(label, Consent.ALWAYS) for label in labels))
        ),
        must_go=any(word in question for word in setting.must_go_words),
        injection=max((setting.injection(text) for text in outside), default=0.0) if judged else 0.0,
        refuse_injection_at=setting.refuse_injection_at,
        world=World(vitals=setting.vitals(), task=_record(prompt, local, setting)),
    )


def _record(prompt: Prompt, local: EmbeddedModel, setting: Setting) -> TaskSignal:
    """How the model did at this kind of work, when it was calibrated."""
    task = task_of(prompt)
    found = known(tallies(local.calibration), setting.fails_from).get(task)
    if found is None:
        return TaskSignal(task)
    return TaskSignal(task, found.seen, round(found.wrong_at_least, 4), found.fails)


def _labels(prompt: Prompt, setting: Setting) -> frozenset[Label]:
    """What is found in the messages, where a rule depends on it."""
    if not setting.must_stay and not setting.consent_for:
        return frozenset()
    return frozenset(label for message in prompt.messages for label in setting.labels(message.content))


def _settled(facts: Facts, foreseen: Foreseen, verdict: Why) -> Foreseen:
    """The decision once the draft exists: what must stay stays, anything else when the draft is good enough."""
    match plan_of(facts):
        case StayLocal():
            return foreseen
        case TryLocal(ask=True) if verdict is not Why.CONFIDENT:
            return replace(foreseen, decision="refuse", why=(Why.CONSENT_NEEDED, verdict), drafts=True)
        case _:
            decision = "local" if verdict is Why.CONFIDENT else "escalate"
            return replace(foreseen, decision=decision, why=(verdict,), drafts=True)


def _shown(seen: Foresight, setting: Setting, settled: Foreseen | None = None) -> dict[str, JSON]:
    shown = told(seen, settled)
    if seen.stand is not None:
        shown["promise"] = told_promise(seen)
    return shown | told_signals(seen) if setting.signals else shown


def _drafted(draft: Draft, sure: float) -> dict[str, JSON]:
    calls: list[JSON] = [
        {"id": c.id, "type": "function", "function": {"name": c.name, "arguments": c.arguments}}
        for c in draft.tool_calls
    ]
    text = "" if draft.finish is Finish.PASS else draft.text
    return {"draft": text, "tool_calls": calls, "confidence": round(sure, 6)}
