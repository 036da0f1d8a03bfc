"""`tidegate review`: held cases from the command line, beside a running cloud. Decisions need an operator's password."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, assert_never

import typer

from cloud.cli import ConfigFile, State, existing, read_password, settings_of
from cloud.review.desk import Blocked, Done, NoCase
from cloud.review.machine import Decision, Refusal, Review
from cloud.review.operators import Operator, is_right, operator_id
from cloud.review.ports import HeldCase
from tidegate.chat import JSON
from tidegate.clock import rfc3339
from tidegate.errors import BadRequest
from tidegate.ids import CaseId

if TYPE_CHECKING:
    from cloud.app import House

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Held cases: list, show, decide.")

CaseArgument = Annotated[str, typer.Argument(help="case id, as `list` shows it")]
As = Annotated[str, typer.Option("--as", help="your operator name; the password is read from standard input")]
Note = Annotated[str, typer.Option(help="kept with the decision")]


@app.command("list")
def list_cases(
    config_file: ConfigFile = None,
    state: State = None,
    decided: Annotated[bool, typer.Option("--decided", help="decided cases instead of waiting ones")] = False,
) -> None:
    """One JSON line per held case: waiting ones oldest first, decided ones newest first."""
    desk = _house(config_file, state).review
    for held in desk.closed() if decided else desk.waiting():
        print(json.dumps(_summary(held), ensure_ascii=False))


@app.command()
def show(case: CaseArgument, config_file: ConfigFile = None, state: State = None) -> None:
    """One held case with its (redacted) request and proposed answer, as JSON."""
    held = _house(config_file, state).review.find(CaseId(case))
    if held is None:
        raise _no_case()
    turns: list[JSON] = [
        {"role": m.role.value, "content": m.content} for m in held.submission.prompt.messages
    ]
    checks: dict[str, JSON] = (
        {r.check.value: r.outcome.value for r in held.verdict.results} if held.verdict else {}
    )
    answer = held.final or held.proposal
    calls: list[JSON] = (
        [{"name": c.name, "arguments": c.arguments} for c in answer.tool_calls] if answer else []
    )
    body = _summary(held) | {
        "escalated_because": held.submission.why.value,
        "trace": held.submission.trace,
        "messages": turns,
        "checks": checks,
        "answer": answer.text if answer else None,
        "calls": calls,
        "model": answer.model if answer else None,
    }
    print(json.dumps(body, ensure_ascii=False, indent=2))


@app.command()
def approve(
    case: CaseArgument, name: As, note: Note = "", config_file: ConfigFile = None, state: State = None
) -> None:
    """Release the proposed answer, signed as reviewed."""
    _decide(config_file, state, CaseId(case), name, Decision.APPROVE, note=note)


@app.command()
def edit(
    case: CaseArgument,
    name: As,
    text_file: Annotated[Path, typer.Option("--text-file", help="the answer to send, UTF-8")],
    note: Note = "",
    config_file: ConfigFile = None,
    state: State = None,
) -> None:
    """Release your own answer instead; it passes the same checks."""
    try:
        text = text_file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as e:
        raise BadRequest(
            f"{text_file} cannot be read as UTF-8 text", code="no_text", param="text-file"
        ) from e
    _decide(config_file, state, CaseId(case), name, Decision.EDIT, text=text, note=note)


@app.command()
def reject(
    case: CaseArgument, name: As, note: Note = "", config_file: ConfigFile = None, state: State = None
) -> None:
    """Turn the case down; the device is told that a person did."""
    _decide(config_file, state, CaseId(case), name, Decision.REJECT, note=note)


def _decide(
    file: Path | None,
    state: Path | None,
    case: CaseId,
    name: str,
    decision: Decision,
    *,
    text: str = "",
    note: str = "",
) -> None:
    house = _house(file, state)
    operator = _authentic(house, name)
    done = house.review.decide_now(case, operator, decision, text=text, note=note)
    print(json.dumps({"case": case, "decision": decision.value, "by": operator.name, "phase": _phase(done)}))


def _phase(done: Done) -> str:
    """The new phase, or the reason why nothing changed as an error."""
    match done:
        case Review():
            return done.phase.value
        case NoCase():
            raise _no_case()
        case Blocked(checks):
            raise BadRequest(
                f"this answer cannot leave: {', '.join(checks)} failed", code="blocked", hint="edit it"
            )
        case Refusal():
            raise BadRequest(
                f"nothing was changed: {done.value.replace('_', ' ')}", code=done.value, hint=_AFTER[done]
            )
        case other:
            assert_never(other)


_AFTER = {
    Refusal.TAKEN: "somebody else works on it: wait until that claim has run out, then look again",
    Refusal.STALE: "your claim ran out: look at the case again, then decide once more",
    Refusal.DECIDED: "`tidegate review show` tells who decided what",
    Refusal.NOTHING_TO_APPROVE: "there is no answer: write one with `tidegate review edit CASE --text-file FILE`, or reject the case",
    Refusal.NOT_DECIDED: "decide it first",
    Refusal.NOT_DUE: "it is not due yet",
}


def _authentic(house: House, name: str) -> Operator:
    operator = house.operators.find(operator_id(name))
    if not is_right(operator, read_password()) or operator is None:
        raise BadRequest("the name or the password is wrong", code="bad_login", status=401)
    return operator


def _house(file: Path | None, state: Path | None) -> House:
    from cloud.app import assemble

    return assemble(existing(settings_of(file, {"state": state})), refill=False)


def _summary(held: HeldCase) -> dict[str, JSON]:
    return {
        "case": held.case,
        "phase": held.review.phase.value,
        "reason": held.reason.value,
        "device": held.submission.device,
        "opened_at": rfc3339(held.opened_at),
        "by": held.review.operator,
        "decision": held.decision.value if held.decision is not None else None,
        "note": held.note,
    }


def _no_case() -> BadRequest:
    return BadRequest(
        "there is no such held case", code="no_case", hint="see `tidegate review list`", status=404
    )
