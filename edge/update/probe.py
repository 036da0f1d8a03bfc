"""A signed model can still crash a parser: it is first loaded in a child process, with limits, and must write a token.

Parent: `probe(path)`. Child: `python -m edge.update.probe MODEL NONCE ...`, a process group of its own, no input, next to
no environment, memory and CPU time limited before the file is opened, killed as a group when its time is up.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import os
import resource
import secrets
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from tidegate.updates import Fault

_SMOKE = "turn on the light"
_EXIT_GARBAGE = 4
_MOST_OUTPUT = 4096


@dataclass(frozen=True, slots=True)
class ProbeLimits:
    """What a load test may use: `spare_memory` bytes beyond four times the file's size; seconds, wall and CPU."""

    seconds: float = 60.0
    cpu_seconds: int = 60
    spare_memory: int = 3 * 1024**3


async def probe(model: Path, limits: ProbeLimits | None = None) -> Fault:
    """NONE when the model loaded and wrote a token; else LOAD_CRASHED, LOAD_HUNG or LOAD_GARBAGE."""
    limits = limits or ProbeLimits()
    nonce = secrets.token_hex(8)
    child = await asyncio.create_subprocess_exec(
        *command(model, nonce, limits),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=_environment(),
        start_new_session=True,
    )
    try:
        output = await asyncio.wait_for(_answer(child), limits.seconds)
    except TimeoutError:
        return Fault.LOAD_HUNG
    finally:
        await _end(child)
    return verdict(child.returncode, output, nonce)


def verdict(code: int | None, output: bytes, nonce: str) -> Fault:
    """What an exit code and an answer mean. Only an answer with our nonce and a finite score counts."""
    if code == _EXIT_GARBAGE:
        return Fault.LOAD_GARBAGE
    if code == -signal.SIGXCPU:
        return Fault.LOAD_HUNG
    if code != 0:
        return Fault.LOAD_CRASHED
    try:
        answer = json.loads(output)
        good = answer["nonce"] == nonce and answer["tokens"] >= 1
    except (ValueError, KeyError, TypeError):
        return Fault.LOAD_GARBAGE
    return Fault.NONE if good else Fault.LOAD_GARBAGE


def command(model: Path, nonce: str, limits: ProbeLimits) -> list[str]:
    """The child's command line."""
    memory = limits.spare_memory + 4 * model.stat().st_size
    numbers = [str(memory), str(limits.cpu_seconds)]
    return [sys.executable, "-m", "edge.update.probe", str(model), nonce, *numbers]


def _environment() -> dict[str, str]:
    return {
        "PATH": os.defpath,
        "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


async def _answer(child: asyncio.subprocess.Process) -> bytes:
    """At most _MOST_OUTPUT bytes; what a babbling model writes beyond that is thrown away."""
    output = b""
    if child.stdout is not None:
        while piece := await child.stdout.read(_MOST_OUTPUT):
            output = (output + piece)[:_MOST_OUTPUT]
    await child.wait()
    return output


async def _end(child: asyncio.subprocess.Process) -> None:
    """Ends the child's whole process group: it was made for this child alone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    await child.wait()


# ------------------------------------------------------------------------------------------------------------- the child


def _limit(memory: int, cpu_seconds: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


async def _write_one_token(model: Path) -> tuple[int, bool]:
    """How many tokens the model wrote, and whether their scores are numbers."""
    from tidegate.chat import Message, Prompt, Role
    from tidegate.engines.llama import Limits, LlamaEngine

    engine = LlamaEngine.load(model, limits=Limits(context_tokens=256, batch_tokens=64))
    try:
        draft = await engine.generate(Prompt((Message(Role.USER, _SMOKE),), max_tokens=1))
    finally:
        await engine.close()
    return draft.usage.completion_tokens, all(math.isfinite(token.logprob) for token in draft.tokens)


def main(arguments: list[str]) -> int:
    """Exit codes: 0 and one JSON line; 4: it loaded but what it writes is no token; anything else: it did not load."""
    model, nonce, memory, cpu_seconds = arguments
    _limit(int(memory), int(cpu_seconds))
    tokens, finite = asyncio.run(_write_one_token(Path(model)))
    if tokens < 1 or not finite:
        return _EXIT_GARBAGE
    print(json.dumps({"nonce": nonce, "tokens": tokens}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
