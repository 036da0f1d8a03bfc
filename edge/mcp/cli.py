"""`tidegate mcp`: this device's daemon for MCP clients."""

from __future__ import annotations

import asyncio
import os

import typer

from edge import config as settings
from edge.cli import ConfigFile, StateFolder
from tidegate.errors import Broken

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Tidegate as an MCP server.")


@app.callback()
def mcp() -> None:
    """Tidegate as an MCP server."""


@app.command()
def serve(file: ConfigFile = None, state: StateFolder = None) -> None:
    """Serves MCP on standard input and output, against the daemon of the state folder. Its key: TIDEGATE_API_KEY, or its own."""
    from edge.mcp import door

    try:
        from edge.mcp.serve import run
    except ModuleNotFoundError as missing:
        raise Broken(
            "the MCP library is not installed", code="mcp_missing", hint="pip install 'tidegate[mcp]'"
        ) from missing
    config = settings.load(file, os.environ, {"state": str(state) if state is not None else None})
    asyncio.run(run(door.find(config, os.environ.get("TIDEGATE_API_KEY", ""))))
