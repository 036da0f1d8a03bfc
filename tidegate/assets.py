"""Where the shipped models lie: beside the sources in a checkout, under the data folder of an installed wheel.

The embedder is not shipped but built on the machine (`tidegate models build embedder`); it lies in the cache.
"""

from __future__ import annotations

import os
import sysconfig
from collections.abc import Mapping
from pathlib import Path

from tidegate.errors import Broken

VARIABLE = "TIDEGATE_MODELS"


def model_dir(name: str, environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of the model `name` ("edge", "cloud", "sentry", "embedder").

    `TIDEGATE_MODELS_SENTRY` (and so on: the folder of that one model) wins, then `TIDEGATE_MODELS` (a folder of such
    folders) alone. Raises Broken when there is none.
    """
    chosen = environ.get(f"{VARIABLE}_{name.upper()}")
    if chosen:
        return _chosen(Path(chosen).expanduser(), name)
    roots = _roots(environ)
    for root in roots:
        if (root / name).is_dir():
            return root / name
    looked = ", ".join(str(root / name) for root in roots)
    raise Broken(
        f"no model called {name!r}: looked in {looked}",
        code="model_missing",
        hint=f"reinstall, or set {VARIABLE} to a folder that holds {name}/",
    )


def _chosen(folder: Path, name: str) -> Path:
    if folder.is_dir():
        return folder
    raise Broken(
        f"{VARIABLE}_{name.upper()} names no folder",
        code="model_missing",
        hint="correct the variable, or unset it for the shipped model",
    )


def cache_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """Where this user keeps what can be made again: `TIDEGATE_CACHE`, else `tidegate` in the cache folder of the desktop."""
    named = environ.get("TIDEGATE_CACHE")
    return (
        Path(named) if named else Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tidegate"
    )


def built_dir(name: str, environ: Mapping[str, str] = os.environ) -> Path:
    """Where a model that is built on this machine goes, and where `model_dir` finds it."""
    named = environ.get(VARIABLE)
    return (Path(named).expanduser() if named else cache_dir(environ) / "models") / name


def _roots(environ: Mapping[str, str]) -> tuple[Path, ...]:
    named = environ.get(VARIABLE)
    if named:
        return (Path(named).expanduser(),)
    checkout = Path(__file__).resolve().parent.parent / "models"
    installed = Path(sysconfig.get_path("data")) / "share" / "tidegate" / "models"
    return (checkout, installed, cache_dir(environ) / "models")
