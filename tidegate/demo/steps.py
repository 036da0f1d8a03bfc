"""The five scenes of the main job. Each returns its rows; a row that did not hold fails the demo."""

from __future__ import annotations

import hashlib
import json
import re
import time
from dataclasses import dataclass, field
from pathlib import Path

from tidegate.chat import JSON
from tidegate.demo import script
from tidegate.demo.client import Door, Heard
from tidegate.demo.desk import Desk
from tidegate.demo.show import Row
from tidegate.demo.updates import crashing, fresh, keep_at, tampered
from tidegate.demo.world import World

LATE_S = 30.0
_PLACEHOLDER = re.compile(r"\[[A-Z_]{2,32}_\d{1,6}·")


@dataclass
class Stage:
    """The running world and what the scenes leave for the reader: (title, exact text that left)."""

    world: World
    sent: list[tuple[str, str]] = field(default_factory=list)

    @property
    def door(self) -> Door:
        return self.world.door


def utterances(stage: Stage) -> list[Row]:
    """1. Ten requests, answered as tool calls. Wrong ones stay in the table."""
    rows = []
    for utterance in script.UTTERANCES:
        heard = stage.door.ask(utterance.text, tools=script.tools_for(utterance))
        mark = "right: " if is_right(utterance, heard) else "wrong: "
        rows.append(_row(stage, utterance.text, heard, mark + (_calls(heard) or _short(heard.text))))
    right = sum(row.note.startswith("right") for row in rows)
    here = sum(row.where == "device" for row in rows)
    said = f"{right} of {len(rows)} right, {here} answered on the device"
    return [*rows, Row(said, "", "", "", 0, "", _rule(stage, rows), held=2 * here > len(rows))]


def _rule(stage: Stage, rows: list[Row]) -> str:
    """What "right" means here, and what the model's own threshold would have kept."""
    found = "right: the tool and every argument the request names, in its words, and nothing else"
    bar = keep_at(stage.world.embedded_model())
    if bar is None:
        return found
    kept = [row for row in rows if row.confidence not in ("", "–") and float(row.confidence) >= bar]
    good = sum(row.note.startswith("right") for row in kept)
    return f"{found}. The demo keeps every call; the model's own threshold {bar:.2f} would keep {len(kept)}, {good} of them right"


def is_right(utterance: script.Utterance, heard: Heard) -> bool:
    """The right tool, every argument the request names with its own words, and nothing that does not belong."""
    if len(heard.calls) != 1:
        return False
    name, arguments = heard.calls[0]
    said = {key: str(value).casefold().removesuffix(".0") for key, value in arguments.items()}
    wanted = {key: value.casefold() for key, value in utterance.arguments.items()}
    rest = {key: value for key, value in said.items() if key not in wanted}
    fits = all(value in utterance.beside.get(key, ()) for key, value in rest.items())
    return name == utterance.tool and wanted.items() <= said.items() and fits


def customer(stage: Stage) -> list[Row]:
    """2. A question full of private text, answered from the manual, with the private parts back in place."""
    same = {"idempotency-key": "demo-scene-2", "x-tidegate-conversation": "demo-scene-2"}
    wire = stage.world.preview(script.CUSTOMER, same)
    heard = stage.door.ask(script.CUSTOMER, headers=same)
    left = wire.decode("utf-8", "replace")
    stage.sent.append(("what left the device in scene 2, byte for byte (not printable: ·)", _printable(left)))
    checks = {
        "answered by the cloud": heard.source == "cloud",
        "the bytes shown are the bytes in the ledger": _in_ledger(stage, wire),
        "nothing private among them": not [secret for secret in script.SECRETS if secret in left],
        "tells what E42 means": "E42" in heard.text and "flow" in heard.text.casefold(),
        "speaks to the customer by name again": "Lindqvist" in heard.text,
        "no placeholder is left over": _PLACEHOLDER.search(heard.text) is None,
        "cites the manual": bool(heard.citations),
    }
    return [_row(stage, script.CUSTOMER, heard, _short(heard.text, 500)), *_checks(checks)]


def _in_ledger(stage: Stage, wire: bytes) -> bool:
    digest = hashlib.sha256(wire).hexdigest()
    return any(one.get("sha256") == digest for one in stage.world.ledger() if one.get("kind") == "sent")


def person(stage: Stage) -> list[Row]:
    """3. Policy holds a request for a person; an operator's decision releases it; the late answer arrives."""
    named = "demo-scene-3"
    first = stage.door.ask(script.NEEDS_PERSON, conversation=named)
    rows = [
        _row(
            stage,
            script.NEEDS_PERSON,
            first,
            _short(first.text),
            held=first.state == "held" and bool(first.ticket),
        )
    ]
    desk = Desk(stage.world.console_url, stage.world.operator, stage.world.password)
    desk.log_in()
    case = desk.newest_case()
    desk.edit(case, script.OPERATORS_ANSWER)
    desk.close()
    _await_listed(stage.door, first.ticket)
    turn = stage.door.ask(script.FOLLOW_UP, tools=script.HOME, conversation=named)
    told = _short(turn.text or _calls(turn), 300)
    rows.append(_row(stage, f"the conversation's next turn: {script.FOLLOW_UP}", turn, told))
    late = _await_answer(stage.door, first.ticket)
    text = _late_text(late)
    rows.append(
        Row("the ticket, by long poll", "cloud", "reviewed", "", 0, "nothing", _short(text, 300), bool(text))
    )
    checks = {
        "the case was on the console": bool(case),
        "the next turn brings the late answer along": turn.late and script.OPERATORS_ANSWER[:40] in turn.text,
        "the ticket finds it too, and says that a person released it": late.get("reviewed") is True,
        "it is the operator's text": script.OPERATORS_ANSWER[:40] in text,
    }
    return rows + _checks(checks)


def outage(stage: Stage) -> list[Row]:
    """4. The cloud is away: spooled, and said so; the cloud is back: delivered once."""
    stage.world.stop_cloud()
    away = stage.door.ask(script.WHILE_AWAY)
    honest = away.state in ("queued", "degraded") and bool(away.ticket)
    rows = [_row(stage, script.WHILE_AWAY, away, _short(away.text), held=honest)]
    stage.world.start_cloud()
    started = time.perf_counter()
    late = _await_answer(stage.door, away.ticket)
    took = (time.perf_counter() - started) * 1000
    again = stage.door.get(f"answers/{away.ticket}")
    text = _late_text(late)
    rows.append(
        Row(
            "after the cloud came back",
            "cloud",
            "late",
            "",
            took,
            stage.world.left(),
            _short(text, 240),
            bool(text),
        )
    )
    receipts = [
        one
        for one in stage.world.ledger()
        if one.get("kind") == "receipt" and one.get("request") == _request(stage)
    ]
    return rows + _checks(
        {"answered once": len(receipts) == 1, "a second look finds the same": _late_text(again) == text}
    )


def _request(stage: Stage) -> JSON:
    return stage.world.last_sent().get("request")


def updates(stage: Stage) -> list[Row]:
    """5. A signed update is installed; a tampered one is refused unread; one that crashes on load never serves."""
    folder, model = stage.world.folder / "releases", stage.world.embedded_model()
    rows = [
        _update(stage, "a signed update", fresh(model, folder / "good"), "demo-good", ends="complete"),
        _update(stage, "a tampered update", fresh(model, folder / "bad"), "demo-tampered", ends="paused"),
        _update(
            stage,
            "an update that crashes on load",
            crashing(model, folder / "crash"),
            "demo-crash",
            ends="rolled_back",
        ),
    ]
    runs = stage.world.fleet_row().get("runs")
    return [*rows, *_checks({f"after all that the device runs {runs}": runs == "demo-good"})]


def _update(stage: Stage, title: str, model: Path, release: str, *, ends: str) -> Row:
    """One rollout; while it ends as it should the device still answers."""
    started = time.perf_counter()
    state, fault = stage.world.roll_out(model, release, spoil=tampered if ends == "paused" else None)
    took = (time.perf_counter() - started) * 1000
    heard = stage.door.ask(script.UTTERANCES[5].text, tools=script.HOME)
    told = f"rollout {state}, fault {fault}; asked again: {_calls(heard) or heard.state}"
    held = state == ends and (fault == "none") is (ends == "complete") and bool(heard.source)
    return Row(
        title, heard.source, heard.why, _percent(heard.confidence), took, "progress, digests", told, held
    )


def _await_answer(door: Door, ticket: str) -> dict[str, JSON]:
    """The late answer of `ticket`, by long poll, or what there is after LATE_S."""
    until = time.monotonic() + LATE_S
    found: dict[str, JSON] = {}
    while time.monotonic() < until:
        found = door.get(f"answers/{ticket}?wait=5")
        if found.get("state") not in ("waiting", "held"):
            break
    return found


def _await_listed(door: Door, ticket: str) -> None:
    """Waits until the list of open answers, which claims nothing, shows this one as there."""
    until = time.monotonic() + LATE_S
    while time.monotonic() < until:
        data = door.get("answers").get("data")
        open_ones = [one for one in data if isinstance(one, dict)] if isinstance(data, list) else []
        if any(
            one.get("ticket") == ticket and one.get("state") not in ("waiting", "held") for one in open_ones
        ):
            return
        time.sleep(0.2)


def _late_text(late: dict[str, JSON]) -> str:
    completion = late.get("completion")
    choices = completion.get("choices") if isinstance(completion, dict) else None
    first = choices[0] if isinstance(choices, list) and choices else None
    message = first.get("message") if isinstance(first, dict) else None
    return str(message.get("content") or "") if isinstance(message, dict) else ""


def _row(stage: Stage, asked: str, heard: Heard, note: str, *, held: bool = True) -> Row:
    left = "nothing" if heard.source == "device" and not heard.ticket else stage.world.left()
    return Row(asked, heard.source, heard.why, _percent(heard.confidence), heard.latency_ms, left, note, held)


def _checks(found: dict[str, bool]) -> list[Row]:
    return [Row("", "", "", "", 0, "", name, ok) for name, ok in found.items()]


def _percent(text: str) -> str:
    try:
        return f"{float(text):.2f}"
    except ValueError:
        return "–"


def _calls(heard: Heard) -> str:
    return "; ".join(
        f"{name}({', '.join(f'{key}={json.dumps(value, ensure_ascii=False)}' for key, value in arguments.items())})"
        for name, arguments in heard.calls
    )


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "·" for letter in text)


def _short(text: str, most: int = 160) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= most else flat[: most - 1] + "…"
