"""`tidegate risk report` and `tidegate risk simulate`: pictures of what was learned, and of a month with the promise."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
import typer

from tidegate.errors import BadRequest
from tidegate.fs import write_durably
from tidegate.risk.calibrate import CalibrationFile
from tidegate.risk.fitted import gains, read_fit, scorer
from tidegate.risk.ledger_cli import on_device
from tidegate.risk.outcomes import read_outcomes
from tidegate.risk.promise import Promise
from tidegate.risk.report import Report, report, svg, terminal
from tidegate.risk.simulate import Wanted, World, days, feasible, timeline
from tidegate.risk.task import Task
from tidegate.risk.words import shipped


def report_command(
    fit: Annotated[Path | None, typer.Option(help="a fit made by tidegate risk fit")] = None,
    outcomes: Annotated[
        Path | None, typer.Option(help="outcomes that were not learned from: otherwise it flatters")
    ] = None,
    model: Annotated[
        Path | None, typer.Option(help="a model's confidence.json instead: its own held-out outcomes")
    ] = None,
    svg_file: Annotated[Path | None, typer.Option("--svg", help="draw the panels into this file")] = None,
) -> None:
    """Say what P(right) does on outcomes: does it mean what it says, what is wrong among those kept, what quality costs."""
    if model is not None:
        _told(*of_model(model), svg_file)
        return
    if fit is None or outcomes is None:
        raise BadRequest("give --fit and --outcomes, or --model", code="no_input")
    rows = read_outcomes(outcomes)
    if not rows:
        raise BadRequest(f"there are no outcomes in {outcomes.name}", code="no_outcomes")
    using = scorer(read_fit(fit), shipped())
    sure = np.array(using.p_right([o.prompt for o in rows], [o.features for o in rows]))
    weak = np.array([o.weak for o in rows])
    strong = weak + gains(rows) if any(o.strong is not None for o in rows) else None
    _told(f"{fit.stem} on {len(rows)} outcomes", report(sure, weak, strong), svg_file)


def of_model(path: Path) -> tuple[str, Report]:
    """What a model's calibration says on the outcomes it was not fitted on, beside what entropy alone would keep.

    Where the cloud's model was not asked the same, what escalating gains is drawn as if the other side were always right.
    Raises BadRequest: the file has no outcomes.
    """
    try:
        found = msgspec.json.decode(path.read_bytes(), type=CalibrationFile)
    except (OSError, msgspec.MsgspecError) as error:
        raise BadRequest(f"{path.name} is no calibration that can be read", code="no_outcomes") from error
    rows = [one.outcomes[Task.CALLS] for one in found.known.values() if Task.CALLS in one.outcomes]
    if not rows:
        raise BadRequest(
            f"{path.name} holds no outcomes", code="no_outcomes", hint="fit it again: scripts.fit_confidence"
        )
    held = rows[-1]
    weak = 1 - np.array(held.wrong)
    strong = np.array(held.strong) if held.strong else np.ones(len(weak))
    entropy = -np.array(held.entropy) if held.entropy else None
    who = "the cloud's model" if held.strong else "somebody who is always right"
    title = f"{path.parent.name} model, {len(weak)} held-out calls; escalated to {who}"
    return title, report(np.array(held.sure), weak, strong, entropy)


def _told(title: str, found: Report, svg_file: Path | None) -> None:
    print(title)
    print(terminal(found))
    if svg_file is not None:
        write_durably(svg_file, svg(title, found).encode(), mode=0o644)


def simulate_command(  # noqa: PLR0913  one option each, all with defaults
    *,
    seed: Annotated[int, typer.Option(help="the same seed gives the same month")] = 1,
    wrong_at_most: Annotated[float, typer.Option(help="the promise")] = 0.05,
    with_confidence: Annotated[float, typer.Option(help="how sure it is")] = 0.95,
    days_: Annotated[int, typer.Option("--days", help="how long")] = 30,
    a_day: Annotated[int, typer.Option(help="requests a day")] = 1000,
    audit: Annotated[float, typer.Option(help="chance that a kept answer is audited")] = 0.2,
    drift_day: Annotated[int, typer.Option(help="when a new kind of question comes in; 0: never")] = 12,
    drift: Annotated[float, typer.Option(help="its share of the requests")] = 0.15,
    delay: Annotated[int, typer.Option(help="days until an audit is back")] = 0,
    missed: Annotated[float, typer.Option(help="share of wrong answers that audits take for right")] = 0.0,
    outage: Annotated[str, typer.Option(help='first and last day without audits, as in "8-10"')] = "",
    refit_after: Annotated[int, typer.Option(help="days from an alarm to a new fit; 0: never")] = 2,
    device: Annotated[
        bool,
        typer.Option(
            "--device", help="let the device's own keeper keep it, over its tables; then its ledger"
        ),
    ] = False,
) -> None:
    """Draw a made-up month under a promise: when the alarm rings, what is kept, and what was really wrong."""
    promise = Promise(wrong_at_most, with_confidence)
    world = World(
        days_, a_day, audit, drift_day or days_ + 1, drift, delay, missed, _span(outage), refit_after
    )
    if not feasible(world):
        raise BadRequest(
            "days and requests from 1, shares from 0 to 1, and some audits are needed", code="bad_world"
        )
    if device:
        wanted = msgspec.json.encode(Wanted(world, promise, seed)).decode()
        on_device(["promise", "--month", wanted])
        return
    print(timeline(list(days(world, promise, seed)), promise))


def _span(text: str) -> tuple[int, int]:
    first, _, last = text.partition("-")
    if not text:
        return 0, 0
    if not (first.isdecimal() and last.isdecimal() and int(first) <= int(last)):
        raise BadRequest('an outage is two days, as in "8-10"', code="bad_world", param="outage")
    return int(first), int(last)
