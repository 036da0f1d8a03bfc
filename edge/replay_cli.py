"""`tidegate risk replay`: a recorded day of this device under other settings. Reads the journal; nothing is asked, nothing leaves."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tidegate.errors import BadRequest

if TYPE_CHECKING:
    from edge.config import EdgeConfig
    from edge.routing.replay import Row

MOST = 1_000_000
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def replay(
    day: Annotated[
        str, typer.Option(help="a calendar day of the device's clock, as in 2026-11-24, or `today`")
    ],
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="a setting to try, as in keep_at=0.8; may be repeated")
    ] = None,
    file: Annotated[Path | None, typer.Option("--config", "-c", help="the device's settings (TOML)")] = None,
    state: Annotated[Path | None, typer.Option("--state", help="the device's state folder")] = None,
    listed: Annotated[
        int, typer.Option("--list", help="show so many of the answers that would have changed")
    ] = 10,
    out: Annotated[Path | None, typer.Option(help="draw the day into this SVG file")] = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Decide a recorded day again under other settings: what would have moved, what it would have cost, which answers would
    have changed. Without --set it shows the day as it was, and whether the journal is enough to decide it again."""
    from edge import config as configuration
    from edge import replay_page
    from edge.routing.replay import replayed
    from edge.routing.trial import other
    from edge.surroundings import terms
    from tidegate.clock import SystemClock, local_day
    from tidegate.fs import write_durably

    config = configuration.load(file, os.environ, {"state": str(state) if state is not None else None})
    date = local_day(SystemClock().now()) if day == "today" else day
    bill = terms(config)
    tried = other(settings or [], bill.rates, bill.limits, bill.when_spent)
    rows, unreadable = read_day(config, date)
    found = replayed(rows, tried)
    title = f"{date}: {', '.join(settings) if settings else 'as it was'}"
    if as_json:
        print(
            json.dumps(replay_page.told(found, listed=listed) | {"day": date, "without_record": unreadable})
        )
    else:
        print(replay_page.table(title, found, listed=listed))
        if unreadable:
            print(f"\nleft out: {unreadable} requests of that day have no record of their decision")
    if out is not None:
        write_durably(out, replay_page.svg(title, found).encode(), mode=0o644)


def read_day(config: EdgeConfig, date: str) -> tuple[list[Row], int]:
    """The requests of a day, and how many of them cannot be decided again. Raises BadRequest and BadConfig."""
    from edge.recorded import row_of
    from edge.store.journal import JournalStore
    from edge.store.schema import open_journal
    from tidegate.clock import day_bounds

    if not _DAY.fullmatch(date):
        raise BadRequest(f"--day {date}: a day is wanted, as in 2026-11-24", code="bad_day", param="day")
    if not (config.state / "journal.db").exists():
        raise BadRequest(
            f"{config.state} holds no journal",
            code="no_state",
            param="state",
            hint="name the folder with --state",
        )
    try:
        start, end = day_bounds(date)
    except ValueError as error:
        raise BadRequest(f"--day {date}: there is no such day", code="bad_day", param="day") from error
    base = open_journal(config.state)
    try:
        stored = JournalStore(base).between(start, end, MOST)
    finally:
        base.close()
    rows = [made for made in (row_of(one, start) for one in stored) if made is not None]
    return rows, len(stored) - len(rows)
