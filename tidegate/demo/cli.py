"""`tidegate demo`: the main job on this machine, with a table of what happened. Exit code 0 only if every step held."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tidegate.demo import script, show, steps
from tidegate.demo.show import Report, Row
from tidegate.demo.steps import Stage
from tidegate.demo.world import World
from tidegate.errors import TidegateError

SCENES: tuple[tuple[str, Callable[[Stage], list[Row]]], ...] = (
    ("1 · ten requests, answered on the device as tool calls", steps.utterances),
    ("2 · private text: redacted, escalated, answered from the manual, restored", steps.customer),
    ("3 · a person decides", steps.person),
    ("4 · the cloud is away", steps.outage),
    ("5 · model updates over MQTT", steps.updates),
)


def demo(
    keep: Annotated[
        bool, typer.Option("--keep", help="leave everything running and print the addresses")
    ] = False,
    folder: Annotated[
        Path | None, typer.Option("--folder", help="work here instead of a temporary folder")
    ] = None,
) -> None:
    """Broker, cloud and one device as real processes on loopback; five scenes; one table."""
    console = Console(width=None if Console().is_terminal else 160)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tidegate-demo-", ignore_cleanup_errors=True) as temporary:
        world = World(folder or Path(temporary), keep_at=script.KEEP_AT)
        report = Report()
        try:
            with console.status("starting broker, cloud and device …"):
                world.prepare()
            console.print(f"broker, cloud and device are up ({time.monotonic() - started:.1f} s)")
            play(console, Stage(world), report)
            show.verdict(console, report, time.monotonic() - started)
            if keep:
                _keep(console, world)
        finally:
            world.close()
    raise typer.Exit(0 if report.held else 1)


def play(console: Console, stage: Stage, report: Report) -> None:
    """Runs the scenes in order; one that breaks is a row that did not hold, and the next one still runs."""
    for title, scene in SCENES:
        began = time.monotonic()
        with console.status(f"{title} …"):
            try:
                rows = scene(stage)
            except TidegateError as error:
                rows = [Row("", "", error.code, "", 0, "", str(error), held=False)]
        report.steps.append((title, rows))
        console.print(show.step_table(f"{title}  ({time.monotonic() - began:.1f} s)", rows))
        for heading, text in stage.sent:
            show.exact_bytes(console, heading, text)
        stage.sent.clear()


def _keep(console: Console, world: World) -> None:
    console.print(
        f"door     {world.door.url}   key {world.door.key}\nconsole  {world.console_url}   "
        f"{world.operator} / {world.password}\nfolder   {world.folder}\nCtrl-C ends everything"
    )
    try:
        while True:
            time.sleep(1)
    except KeyboardInterrupt:
        console.print("ending")
