"""Which settings make a daemon use which model. Every file that `use` has written is remembered beside the store and read
anew each time, so that a line changed by hand counts too."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from tidegate.fs import write_durably
from tidegate.models.settings_line import value_of
from tidegate.models.store import Store

_FILE = "used-by.json"
PATH_VARIABLE = "TIDEGATE_EDGE__MODEL__PATH"
FOLDER_VARIABLES = ("TIDEGATE_MODELS_SENTRY", "TIDEGATE_MODELS_EMBEDDER")
TABLE, KEY = "model", "path"


def remembered(store: Store) -> tuple[Path, ...]:
    """The settings files that are known."""
    try:
        names = msgspec.json.decode((store.folder / _FILE).read_bytes(), type=list[str])
    except (OSError, msgspec.MsgspecError):
        return ()
    return tuple(Path(name) for name in names)


def remember(store: Store, file: Path) -> None:
    known = remembered(store)
    if file not in known:
        names = [str(path) for path in (*known, file)]
        write_durably(store.folder / _FILE, msgspec.json.encode(names), mode=0o644)


def users(store: Store, environ: Mapping[str, str], also: Path | None = None) -> dict[Path, tuple[str, ...]]:
    """For every path that settings name, who names it: a file's path or a variable."""
    found: dict[Path, tuple[str, ...]] = {}
    files = dict.fromkeys((*remembered(store), *([also.absolute()] if also is not None else ())))
    for file in files:
        named = _in_file(file)
        if named is not None:
            found[named] = (*found.get(named, ()), str(file))
    for variable in (PATH_VARIABLE, *FOLDER_VARIABLES):
        if environ.get(variable):
            path = Path(environ[variable]).expanduser()
            found[path] = (*found.get(path, ()), f"${variable}")
    return found


def users_of(folder: Path, by_path: Mapping[Path, tuple[str, ...]]) -> tuple[str, ...]:
    """Who uses something in `folder`."""
    here = folder.resolve()
    return tuple(
        who
        for path, whose in by_path.items()
        if (real := path.resolve()) == here or here in real.parents
        for who in whose
    )


def _in_file(file: Path) -> Path | None:
    try:
        said = value_of(file.read_text(encoding="utf-8"), TABLE, KEY)
    except (OSError, UnicodeDecodeError):
        return None
    return Path(said).expanduser() if said else None


def default_users(
    store: Store, environ: Mapping[str, str], also: Path | None = None
) -> dict[str, tuple[str, ...]]:
    """Who uses shipped models without naming them: settings files without a path; "default" where nothing is known."""
    files = dict.fromkeys((*remembered(store), *([also.absolute()] if also is not None else ())))
    silent = tuple(str(file) for file in files if file.is_file() and _in_file(file) is None)
    named = bool(environ.get(PATH_VARIABLE)) or len(silent) < len(files)
    found = {"edge": silent or (() if named else ("default",)), "cloud": ("default",)}
    for name in ("sentry", "embedder"):
        found[name] = () if environ.get(f"TIDEGATE_MODELS_{name.upper()}") else ("default",)
    return found
