"""Whether the agent's tools are declared rightly, and what confines those that run here."""

from __future__ import annotations

import os

from edge.checkup.found import Check, Finding
from edge.config import EdgeConfig


def look(part: str, config: EdgeConfig) -> Check:
    """No tool is carried out and no server is started. Raises BadConfig and Broken for what would stop the daemon's start."""
    if not (config.tools or config.mcp):
        return Check(part, Finding.NOT_USED, "no tools are declared")
    from edge.agent.toolbox import chest, confinement
    from edge.agent.tools.sandbox import Sandbox, available
    from edge.agent.wire import declared

    box = chest(declared(config), os.environ)
    said = f"{len(box.own)} tools, {len(box.servers)} MCP servers"
    children = any(made.tool.sandbox for made in box.own.values()) or any(one.command for one in config.mcp)
    if not children:
        return Check(part, Finding.OK, f"{said}; none of them runs here")
    sandbox = available()
    if sandbox is Sandbox.LIMITS:
        return Check(
            part,
            Finding.ATTENTION,
            f"{said}; no sandbox works here: {confinement(sandbox)}",
            "install bubblewrap, or run the daemon where systemd-run works",
        )
    return Check(part, Finding.OK, f"{said}; in {sandbox}: {confinement(sandbox)}")
