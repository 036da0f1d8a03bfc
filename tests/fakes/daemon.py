"""A daemon in a process of its own that may be killed: forked from a server that has imported everything already."""

from __future__ import annotations

import multiprocessing
import os
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import httpx
import msgspec

from edge.config import Door, EdgeConfig, Model, Rules, Uplink
from edge.routing.mode import Mode
from tests.fakes.cloud import Site
from tidegate.failpoint import VARIABLE

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    ["edge.app", "edge.uplink.way_out", "sqlite_utils", "tidegate.privacy.detect"]
)


@dataclass
class Daemon:
    """`url` is the door's, `api_key` only of a fresh state folder."""

    process: multiprocessing.process.BaseProcess
    url: str
    api_key: str

    def died_of(self, within_s: float = 10.0) -> int | None:
        """Exit code, negative for a signal; None when it still runs."""
        self.process.join(within_s)
        return self.process.exitcode

    def stop(self) -> int | None:
        """SIGTERM, and its exit code."""
        self.process.terminate()
        return self.died_of()


def plain(site: Site, state: Path, address: str, mode: Mode = Mode.PREFER_LOCAL) -> EdgeConfig:
    """A device with neither model nor name model: everything goes to the cloud at `address`."""
    return EdgeConfig(
        state=state,
        mode=mode,
        door=Door(port=0, deadline_s=10.0),
        model=Model(enabled=False),
        policy=Rules(names=False),
        uplink=Uplink(address=address, identity=site.folder / "device", probe_s=0.2),
    )


def client(living: Daemon, api_key: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=living.url, headers={"authorization": f"Bearer {api_key}"}, timeout=20, trust_env=False
    )


def start(config: EdgeConfig, *, failpoint: str = "", logs: Path | None = None) -> Daemon:
    """A daemon that has said that it is ready."""
    ours, theirs = _CONTEXT.Pipe()
    process = _CONTEXT.Process(
        target=_live, args=(msgspec.to_builtins(config, enc_hook=str), failpoint, logs, theirs), daemon=True
    )
    process.start()
    theirs.close()
    try:
        url, api_key = ours.recv() if ours.poll(20) else ("", "")
    except EOFError:
        url, api_key = "", ""
    return Daemon(process, url, api_key)


def _live(settings: object, failpoint: str, logs: Path | None, out: Connection) -> None:
    from edge import app
    from edge.app import Ready
    from tidegate.logs import set_up

    os.environ[VARIABLE] = failpoint
    config = msgspec.convert(settings, EdgeConfig, dec_hook=lambda kind, value: kind(value))
    set_up("edge", stream=logs.open("a") if logs is not None else open(os.devnull, "w"))  # noqa: SIM115, PTH123

    def announce(ready: Ready) -> None:
        out.send((ready.url, ready.api_key))

    app.main(config, announce)
