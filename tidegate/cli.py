"""The `tidegate` command: finds the command that was asked for, loads that one alone, and turns errors into sentences.

The tiers are found through the entry-point group `tidegate.commands`, so this file imports neither and a device shows
only what it has. Exit codes: 0 done (also when the reader of the output left), 1 failed, 2 wrong input or settings, 70 a defect of ours, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module, metadata
from importlib.util import find_spec

import typer

from tidegate import streams
from tidegate.errors import BadConfig, BadRequest, Broken, TidegateError

GROUP = "tidegate.commands"

_SHARED = {
    "redact": "tidegate.privacy.cli:redact",
    "guard": "tidegate.guard.cli:guard",
    "models": "tidegate.models.cli:app",
    "risk": "tidegate.risk.cli:app",
    "demo": "tidegate.demo.cli:demo",
}

_SUMMARIES = {
    "demo": "the whole house on loopback, step by step, with a table of what happened",
    "redact": "JSON lines in, spans and redacted text out",
    "guard": "JSON lines in, prompt-injection scores and verdicts out",
    "models": "models of this machine: pull, build, list, verify, use, remove, bundle",
    "risk": "when a local answer is good enough: ledger, replay, report, simulate, export, fit, score",
    "edge": "the device daemon: run, enrol, status, doctor, ledger, keys, backup",
    "agent": "what the agent may do, did, and waits for: tools, runs, pending, approve, deny, grants",
    "mcp": "this device's daemon for MCP clients: serve",
    "chat": "a conversation in the terminal; one question in a pipe",
    "plan": "JSON lines in, where each would be answered and why",
    "cloud": "the validation tier: serve, operators, proof of the audit log",
    "fleet": "certificates, the broker, releases, rollouts, revocation",
    "review": "held cases: list, show, approve, edit, reject",
}


@dataclass(frozen=True, slots=True)
class Command:
    """One sub-command by its address; nothing is imported until it is asked for."""

    name: str
    target: str  # "package.module:attribute"

    @property
    def package(self) -> str:
        return self.target.partition(".")[0]

    @property
    def summary(self) -> str:
        return _SUMMARIES.get(self.name, "")


def commands() -> dict[str, Command]:
    """What this installation can do, in the order it is shown."""
    found = {name: Command(name, target) for name, target in _SHARED.items()}
    for point in metadata.entry_points(group=GROUP):
        found.setdefault(point.name, Command(point.name, point.value))
    known = [name for name in _SUMMARIES if name in found]
    order = known + sorted(found.keys() - _SUMMARIES.keys())
    return {name: found[name] for name in order if find_spec(found[name].package) is not None}


def load(command: Command) -> typer.Typer:
    """The command's app. Raises Broken when a library it needs is not installed."""
    module, _, attribute = command.target.partition(":")
    try:
        target: object = getattr(import_module(module), attribute)
    except ModuleNotFoundError as missing:
        raise Broken(
            f"`tidegate {command.name}` is not usable here: the module {missing.name} is not installed",
            code="not_installed",
            hint=f"install the tier's libraries: pip install 'tidegate[{_extra(command)}]'",
        ) from missing
    if isinstance(target, typer.Typer):
        return target
    if not callable(target):
        raise Broken(
            f"`tidegate {command.name}` points at {command.target}, which is no command", code="bad_command"
        )
    return single(target)


def _extra(command: Command) -> str:
    return command.package if command.package in {"edge", "cloud"} else "edge"


def single(target: Callable[..., object]) -> typer.Typer:
    """An app of one command."""
    app = typer.Typer(add_completion=False)
    app.command()(target)
    return app


def run(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run one command line and return its exit code. Nothing is raised; foreign error texts are never shown."""
    if not argv or argv[0] in {"-h", "--help", "help"}:
        return _said(overview())
    if argv[0] in {"-V", "--version"}:
        return _said(f"tidegate {metadata.version('tidegate')}")
    return carry_out(lambda: load(_find(argv[0])), argv[0], argv[1:], environ)


def carry_out(
    find: Callable[[], typer.Typer], name: str, argv: Sequence[str], environ: Mapping[str, str]
) -> int:
    """Find an app, run it with `argv`, and turn whatever happens into an exit code."""
    debug = environ.get("TIDEGATE_DEBUG") == "1"
    try:
        return _carried(find(), name, argv)
    except TidegateError as error:
        return _explain(error, debug=debug)
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        return _unable(error, debug=debug)
    except Exception as defect:  # noqa: BLE001  the outermost boundary: a foreign message may hold user text
        return _apologise(defect, debug=debug)


def _said(text: str) -> int:
    try:
        print(text, flush=True)
    except OSError as error:
        return _unable(error, debug=False)
    return 0


def _carried(app: typer.Typer, name: str, argv: Sequence[str]) -> int:
    """The command's exit code, once all that it wrote is out."""
    code, gone = 0, None
    try:
        app(args=list(argv), prog_name=f"tidegate {name}")
    except SystemExit as leaving:
        gone = leaving.__context__ if isinstance(leaving.__context__, BrokenPipeError) else None
        code = _exit_code(leaving)
    if gone is not None:  # raised out here: in there it would get `leaving` for its own context
        raise gone
    sys.stdout.flush()
    return code


def _find(name: str) -> Command:
    known = commands()
    if name in known:
        return known[name]
    if name in _SUMMARIES:
        raise BadConfig(
            f"`tidegate {name}` belongs to a tier that is not installed on this machine",
            code="tier_missing",
            hint="install it there, or run the command where that tier runs",
        )
    raise BadRequest(f"no command is called {name!r}", code="unknown_command", hint="see `tidegate --help`")


def overview() -> str:
    """The text of `tidegate --help`."""
    rows = [f"  {command.name:<10}{command.summary}" for command in commands().values()]
    head = ["Usage: tidegate COMMAND [ARGS]...", "", "Commands:"]
    tail = ["", "`tidegate COMMAND --help` tells more; `tidegate --version` prints the version."]
    return "\n".join([*head, *rows, *tail])


def _exit_code(leaving: SystemExit) -> int:
    return leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)


def _explain(error: TidegateError, *, debug: bool) -> int:
    if debug:
        traceback.print_exception(error)
    print(f"tidegate: {error}", file=sys.stderr)
    return 2 if isinstance(error, BadRequest | BadConfig) else 1


def _unable(error: OSError, *, debug: bool) -> int:
    """A reader that has seen enough is no failure; a file or a disk that is not as it should be is said; else it is a defect."""
    if isinstance(error, BrokenPipeError):
        streams.hush()
        # With something behind it, what nobody read to its end was a complaint about the input.
        return 0 if error.__context__ is None else 2
    said = streams.told(error)
    if said is None:
        return _apologise(error, debug=debug)
    if debug:
        traceback.print_exception(error)
    print(f"tidegate: {said}; what was written until then may be incomplete", file=sys.stderr)
    if error.filename is None:  # the output itself: nothing more can be written to it
        streams.hush()
    return 1


def _apologise(defect: Exception, *, debug: bool) -> int:
    if debug:
        traceback.print_exception(defect)
    place = traceback.extract_tb(defect.__traceback__)[-1]
    print(
        f"tidegate: a defect, not your mistake: {type(defect).__name__} at {os.path.basename(place.filename)}:"  # noqa: PTH119
        f"{place.lineno}; set TIDEGATE_DEBUG=1 and run again to see where",
        file=sys.stderr,
    )
    return 70


def main() -> None:
    """Entry point of the console script."""
    streams.hold()
    sys.exit(run(sys.argv[1:], os.environ))
