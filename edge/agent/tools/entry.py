"""The child that runs a Python tool: `python -m edge.agent.tools.entry package.module:function`, arguments as JSON on stdin."""

from __future__ import annotations

import asyncio
import inspect
import json
import sys
from importlib import import_module


def main(entry: str) -> int:
    """Calls the function with the arguments by name and writes what it returns: text as it is, anything else as JSON."""
    module, _, name = entry.partition(":")
    found: object = import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    if not callable(found):
        print("the entry point is not a function", file=sys.stderr)
        return 2
    result: object = found(**json.loads(sys.stdin.buffer.read() or b"{}"))
    if inspect.iscoroutine(result):
        result = asyncio.run(result)
    sys.stdout.write(result if isinstance(result, str) else json.dumps(result, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
