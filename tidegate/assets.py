"""Where the shipped models lie: beside the sources in a checkout, under the data folder of an installed wheel."""

from __future__ import annotations

import os
import sysconfig
from collections.abc import Mapping
from pathlib import Path

from tidegate.errors import Broken

VARIABLE = "TIDEGATE_MODELS"


def model_dir(name: str, environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of the shipped model `name` ("edge", "cloud", "sentry").

    `TIDEGATE_MODELS` (a folder of such folders) wins alone when set. Raises Broken when there is none.
    """
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


def _roots(environ: Mapping[str, str]) -> tuple[Path, ...]:
    named = environ.get(VARIABLE)
    if named:
        return (Path(named).expanduser(),)
    checkout = Path(__file__).resolve().parent.parent / "models"
    return (checkout, Path(sysconfig.get_path("data")) / "share" / "tidegate" / "models")
