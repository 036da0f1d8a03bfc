"""`tidegate models`: pull, list, verify, use, remove, bundle."""

from __future__ import annotations

import asyncio
import json
import os
import time
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tidegate.models.build_cli import build
from tidegate.models.store import Store, place

if TYPE_CHECKING:
    from tidegate.models.loadtest import LoadTest
    from tidegate.models.record import Kind

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Models of this machine: get, check, use.")
app.command()(build)

StoreFolder = Annotated[
    Path | None,
    typer.Option("--store", help="where models are kept (TIDEGATE_MODEL_STORE)", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="one JSON document on standard output")]
EdgeSettings = Annotated[
    Path | None, typer.Option("--config", "-c", help="the daemon's settings (TOML)", show_default=False)
]


@app.command()
def pull(
    source: Annotated[
        str,
        typer.Argument(
            help="hf:OWNER/NAME[@REVISION][:FILE.gguf], https://.../FILE.gguf, FILE.gguf, a folder with an ONNX model, "
            "or a bundle (.tar, .tar.gz, .zip, folder)"
        ),
    ],
    name: Annotated[
        str, typer.Option("--name", help="what to call it here; of a bundle: the one to take")
    ] = "",
    sha256: Annotated[str, typer.Option("--sha256", help="the hash its publisher gives, to be checked")] = "",
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="you have read the licence and accept it")
    ] = False,
    licence: Annotated[
        str, typer.Option("--licence", help="its licence, where the publisher says none in the file")
    ] = "",
    store: StoreFolder = None,
    as_json: AsJson = False,
) -> None:
    """Fetches a model into the store: resumable, checked, licence shown first. Nothing that serves is touched."""
    from tidegate.clock import SystemClock
    from tidegate.fs import free_bytes
    from tidegate.models import hub as hubs
    from tidegate.models import view
    from tidegate.models.bundle import MANIFEST
    from tidegate.models.download import Means, client
    from tidegate.models.progress import shown
    from tidegate.models.pull import Asked, House, digest_argument
    from tidegate.models.pull import pull as pull_now
    from tidegate.models.source import parse_source

    path = Path(source).expanduser()
    found = parse_source(source, is_folder=path.is_dir(), has_manifest=(path / MANIFEST).is_file())
    asked = Asked(found, name, digest_argument(sha256) if sha256 else "", licence)
    clock = SystemClock()
    with ExitStack() as closing, shown(clock, silent=as_json) as progress:
        http = cache(lambda: closing.enter_context(client()))
        house = House(
            Store(place(os.environ, store)),
            Means(http, progress, free_bytes, time.sleep),
            clock,
            view.asking(agreed=accept_licence, silent=as_json),
            hubs.endpoint(os.environ),
        )
        pulled = pull_now(asked, house)
    if as_json:
        print(json.dumps([view.pulled_told(one) for one in pulled]))
    else:
        view.show_pulled(pulled)


@app.command("list")
def list_models(config: EdgeSettings = None, store: StoreFolder = None, as_json: AsJson = False) -> None:
    """All models of this machine, shipped and pulled, and who uses which."""
    from tidegate.models import view
    from tidegate.models.overview import rows

    found = rows(Store(place(os.environ, store)), os.environ, config)
    if as_json:
        print(json.dumps([row.told for row in found]))
    else:
        view.show_rows(found)


@app.command()
def verify(
    name: Annotated[str, typer.Argument(help="one model; absent: all", show_default=False)] = "",
    store: StoreFolder = None,
    as_json: AsJson = False,
) -> None:
    """Reads every byte and compares it with the hashes that were kept; exit code 1 when one differs."""
    from tidegate.models import overview, view

    found = tuple(overview.verify(Store(place(os.environ, store)), os.environ, name))
    if as_json:
        print(json.dumps([{"name": v.name, "whole": v.whole, "said": v.said} for v in found]))
    else:
        view.show_verdicts(found)
    if not all(verdict.whole for verdict in found):
        raise typer.Exit(1)


@app.command()
def use(
    name: Annotated[
        str, typer.Argument(help="a model of `tidegate models list`; `edge`: back to the shipped one")
    ],
    config: EdgeSettings = None,
    store: StoreFolder = None,
    as_json: AsJson = False,
) -> None:
    """Tries a model in a child process with limits, then names it in the daemon's settings by one line."""
    from tidegate.models import use as using
    from tidegate.models.memory import available

    done = using.use(
        name, config, Store(place(os.environ, store)), os.environ, using.Trial(_load_test, available())
    )
    if as_json:
        said = {"name": done.name, "kind": done.kind.value, "setting": done.setting}
        numbers = {"memory_bytes": done.need, "peak_bytes": done.peak}
        print(
            json.dumps({**said, **numbers, "config": str(done.config) if done.config is not None else None})
        )
        return
    for line in using.told(done):
        print(line)


@app.command()
def remove(
    name: Annotated[str, typer.Argument(help="a pulled model")],
    config: EdgeSettings = None,
    store: StoreFolder = None,
    as_json: AsJson = False,
) -> None:
    """Deletes a pulled model and what was half-fetched of it; refuses one that settings name."""
    from tidegate.models.remove import remove as remove_now

    remove_now(name, Store(place(os.environ, store)), os.environ, config)
    print(json.dumps({"removed": name}) if as_json else f"{name} removed")


@app.command()
def bundle(
    names: Annotated[list[str], typer.Argument(help="pulled models")],
    to: Annotated[Path, typer.Option("--to", help="FILE.tar, FILE.tar.gz, FILE.zip, or a new folder")],
    store: StoreFolder = None,
    as_json: AsJson = False,
) -> None:
    """Packs models, with a manifest of their hashes, for a machine without a network; `pull` takes it in there."""
    from tidegate.models import bundle as bundles
    from tidegate.models.store import check

    kept = tuple(Store(place(os.environ, store)).get(name) for name in dict.fromkeys(names))
    for one in kept:
        check(one)
    digest = bundles.make(kept, to.absolute())
    if as_json:
        print(json.dumps({"bundle": str(to), "sha256": digest, "models": [one.record.name for one in kept]}))
    else:
        print(f"{to}\nsha256 {digest}\nthere:  tidegate models pull {to.name} --sha256 {digest}")


def _load_test(weights: Path, kind: Kind) -> LoadTest:
    from tidegate.models.inspect import BATCH_TOKENS, CONTEXT_TOKENS
    from tidegate.models.loadtest import LoadLimits, load_test

    size = weights.stat().st_size
    limits = LoadLimits.for_size(size, context_tokens=CONTEXT_TOKENS, batch_tokens=BATCH_TOKENS)
    return asyncio.run(load_test(weights, limits, kind=kind))
