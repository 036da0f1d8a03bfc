"""Puts a model to work: checked, weighed, tried in a child process, and only then named by one line of the settings.

Whatever fails before that line leaves the daemon's settings, and what serves, exactly as they were.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

from tidegate.errors import BadConfig, BadRequest, Broken
from tidegate.fs import write_durably
from tidegate.models.inspect import Facts, inspect
from tidegate.models.loadtest import LoadTest
from tidegate.models.memory import mebibytes, require_memory
from tidegate.models.names import SHIPPED
from tidegate.models.overview import verify
from tidegate.models.record import Kind
from tidegate.models.settings_line import line, with_value
from tidegate.models.store import Store, shipped_folders
from tidegate.models.usage import KEY, PATH_VARIABLE, TABLE, remember
from tidegate.updates import Fault

BACK = "edge"
"""The name that takes the line away again: the shipped model, or the running update, serves."""


@dataclass(frozen=True, slots=True)
class Trial:
    """How a model is tried. `free` bytes of memory, None where the system does not say."""

    load: Callable[[Path, Kind], LoadTest]
    free: int | None


@dataclass(frozen=True, slots=True)
class Used:
    """What was done. `setting` is the one line; `config` the file that has it now, None when nobody named one."""

    name: str
    kind: Kind
    setting: str
    config: Path | None
    need: int
    peak: int


def use(name: str, config: Path | None, store: Store, environ: Mapping[str, str], trial: Trial) -> Used:
    """Raises BadRequest (unknown_model), Untrusted (wrong_hash), Broken (load_crashed, load_hung, load_garbage, …), Exhausted
    (memory_short), BadConfig (config_by_hand, …)."""
    facts = _chosen(name, store, environ)
    before = _read(config) if config is not None else ""
    value = None if name == BACK else str(facts.weights)
    if facts.kind is Kind.CHAT:
        with_value(before, TABLE, KEY, value)  # refused now rather than after a long load test
    if trial.free is not None:
        require_memory(facts.need.total, trial.free)
    tried = trial.load(facts.weights, facts.kind)
    if tried.fault is not Fault.NONE:
        raise _failed(name, tried)
    match facts.kind:
        case Kind.CHAT:
            setting = f"[{TABLE}] {line(KEY, value)}"
            if config is not None:
                _write(config, before, value, store)
        case Kind.SENTRY | Kind.EMBEDDER:
            variable, config = f"TIDEGATE_MODELS_{facts.kind.upper()}", None
            setting = f"(no {variable})" if name in SHIPPED else f"{variable}={facts.weights.parent}"
        case other:
            assert_never(other)
    return Used(name, facts.kind, setting, config, facts.need.total, tried.peak)


def told(used: Used) -> tuple[str, ...]:
    """What a person has to know now."""
    measured = f"it took {mebibytes(used.peak)} of memory in the load test, " if used.peak else ""
    first = f"{used.name} loads and works; {measured}{mebibytes(used.need)} were estimated"
    if used.kind is not Kind.CHAT:
        return (first, f"put this into the daemon's environment and restart it:  {used.setting}")
    if used.config is None:
        return (
            first,
            f"put this into the daemon's settings, then `tidegate edge reload`:  {used.setting}",
            f"(or name the file: --config edge.toml; or set {PATH_VARIABLE})",
        )
    back = "" if used.name == BACK else f"; `tidegate models use {BACK} --config {used.config}` goes back"
    return (
        first,
        f"{used.config}:  {used.setting}",
        f"`tidegate edge reload` serves it now, else the next start{back}",
    )


def _chosen(name: str, store: Store, environ: Mapping[str, str]) -> Facts:
    """The model of that name, every byte checked."""
    shipped = dict(shipped_folders(environ))
    if name in SHIPPED and name not in shipped:
        raise BadRequest(f"the model {name!r} is not installed here", code="unknown_model", status=404)
    folder = next((folder for known, folder in shipped.items() if known == name), None)
    if folder is None:
        kept = store.get(name)
        if not kept.record.licence.accepted:
            raise BadRequest(
                f"the licence of {name} was never accepted", code="licence_not_accepted", hint="pull it again"
            )
        folder = kept.folder
    for verdict in verify(store, environ, name):
        if not verdict.whole:
            raise Broken(
                f"{name} is damaged: {verdict.said}",
                code="model_damaged",
                hint="what served before still serves",
            )
    return inspect(folder)


def _failed(name: str, tried: LoadTest) -> Broken:
    match tried.fault:
        case Fault.LOAD_HUNG:
            why = "its load test did not end in time"
        case Fault.LOAD_GARBAGE:
            why = "it loads, and what it writes is no text"
        case _:
            why = tried.said or "its load test crashed: a file this build cannot run, or too little memory"
    return Broken(
        f"{name} was not put to use: {why}; the settings are as they were, and what served before still serves",
        code=tried.fault.value,
        hint="choose another model or quantisation",
    )


def _read(config: Path) -> str:
    try:
        return config.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise BadConfig(f"{config}: cannot be read: {reason}", code="config_unreadable") from error


def _write(config: Path, before: str, value: str | None, store: Store) -> None:
    """One step, by rename, unless somebody else has changed the file meanwhile."""
    real = config.resolve()
    if _read(real) != before:
        raise BadConfig(
            f"{config} was changed by somebody else meanwhile; it was left alone",
            code="config_changed",
            hint="try again",
        )
    after = with_value(before, TABLE, KEY, value)
    try:
        if after != before:
            mode = real.stat().st_mode & 0o777 if real.exists() else 0o644
            write_durably(real, after.encode(), mode=mode)
        store.folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        remember(store, real)
    except OSError as error:
        raise BadConfig(
            f"{config} cannot be written: {error.strerror}; what served before still serves",
            code="config_unwritable",
        ) from error
