"""Commands and Python functions: a child process in its cell, started from an argument vector."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from edge.agent.settings import Confined
from edge.agent.tools import template
from edge.agent.tools.child import Task, as_json, finish
from edge.agent.tools.sandbox import Cell, Sandbox, confined
from edge.agent.tools.template import Template
from edge.agent.values import Limits, Outcome
from tidegate.chat import JSON

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class CommandHand:
    """`items` is the argument vector with placeholders."""

    items: tuple[Template, ...]
    cell: Cell
    sandbox: Sandbox
    env: Mapping[str, str] = field(repr=False)
    json_in: bool = False
    json_out: bool = False

    async def act(self, arguments: dict[str, JSON], key: str) -> Outcome:
        vector = template.filled(self.items, arguments)
        stdin = json.dumps(arguments, ensure_ascii=False).encode() if self.json_in else b""
        env = {**self.env, "TIDEGATE_CALL": key}
        outcome = await finish(Task(confined(vector, self.cell, self.sandbox), env, self.cell.limits, stdin))
        return as_json(outcome) if self.json_out else outcome


def python_vector(entry: str) -> list[str]:
    """The argument vector that runs `package.module:function` in a child."""
    return [sys.executable, "-m", "edge.agent.tools.entry", entry]


def cell_of(setting: Confined, hidden: tuple[Path, ...]) -> Cell:
    limits = Limits(setting.seconds, setting.output_bytes, setting.memory_mb)
    return Cell(limits, network=setting.network, writable=setting.writable, hidden=hidden)


def environment(given: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """What a child is given: a path, a language, and what its settings say; nothing of the daemon's own."""
    return {
        "PATH": environ.get("PATH", _PATH),
        "LANG": environ.get("LANG", "C.UTF-8"),
        "HOME": os.devnull,
        **secrets(given, environ),
    }


def secrets(given: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """The values as they are, but for `${NAME}`, which is that environment variable (empty when absent)."""
    return {
        name: environ.get(value[2:-1], "") if value.startswith("${") and value.endswith("}") else value
        for name, value in given.items()
    }
