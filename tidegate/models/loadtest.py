"""A whole and wanted model can still crash a parser: it is first loaded in a child process, with limits, and must work once.

Parent: `load_test(path)`. Child: `python -m tidegate.models.loadtest KIND MODEL NONCE ...`, a process group of its own, no input,
next to no environment, memory and CPU time limited before the file is opened, killed as a group when its time is up.
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
from typing import assert_never

import msgspec

from tidegate.errors import TidegateError
from tidegate.models.record import Kind
from tidegate.updates import Fault

_SMOKE = "turn on the light"
_EXIT_GARBAGE, _EXIT_REFUSED = 4, 5
_MOST_OUTPUT = 4096


@dataclass(frozen=True, slots=True)
class LoadLimits:
    """What a load test may use: `spare_memory` bytes beyond four times the file's size; seconds, wall and CPU.

    `context_tokens` and `batch_tokens` are those of the engine in the test.
    """

    seconds: float = 60.0
    cpu_seconds: int = 60
    spare_memory: int = 3 * 1024**3
    context_tokens: int = 256
    batch_tokens: int = 64

    @classmethod
    def for_size(cls, size: int, *, context_tokens: int, batch_tokens: int) -> LoadLimits:
        """For a file of `size` bytes: a slow card reads 10 MB in a second, and a slow core hashes 50."""
        return cls(
            seconds=60.0 + size / 10e6,
            cpu_seconds=60 + int(size / 50e6),
            context_tokens=context_tokens,
            batch_tokens=batch_tokens,
        )


@dataclass(frozen=True, slots=True)
class LoadTest:
    """What came out. `said` is our own loader's sentence when it refused; `peak` bytes that loading and working once added to
    the child, 0 when unknown."""

    fault: Fault
    said: str = ""
    peak: int = 0


class _Answer(msgspec.Struct, frozen=True):
    """The child's one line."""

    nonce: str
    tokens: int = 0
    peak: int = 0
    said: str = ""


async def probe(model: Path, limits: LoadLimits | None = None) -> Fault:
    """NONE when the chat model loaded and wrote a token; else LOAD_CRASHED, LOAD_HUNG or LOAD_GARBAGE."""
    return (await load_test(model, limits)).fault


async def load_test(model: Path, limits: LoadLimits | None = None, *, kind: Kind = Kind.CHAT) -> LoadTest:
    """Loads the weights at `model` as their kind would be loaded and lets them work once."""
    limits = limits or LoadLimits()
    nonce = secrets.token_hex(8)
    child = await asyncio.create_subprocess_exec(
        *command(model, nonce, limits, kind),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=_environment(),
        start_new_session=True,
    )
    try:
        output = await asyncio.wait_for(_output(child), limits.seconds)
    except TimeoutError:
        return LoadTest(Fault.LOAD_HUNG)
    finally:
        await _end(child)
    return judged(child.returncode, output, nonce)


def judged(code: int | None, output: bytes, nonce: str) -> LoadTest:
    """What an exit code and an answer mean. Only an answer with our nonce is believed."""
    try:
        answer = msgspec.json.decode(output, type=_Answer)
    except msgspec.MsgspecError:
        answer = _Answer("")
    fault = _fault(code, answer, nonce)
    return LoadTest(fault, answer.said, answer.peak) if answer.nonce == nonce else LoadTest(fault)


def verdict(code: int | None, output: bytes, nonce: str) -> Fault:
    """The fault alone."""
    return judged(code, output, nonce).fault


def _fault(code: int | None, answer: _Answer, nonce: str) -> Fault:
    if code == _EXIT_GARBAGE:
        return Fault.LOAD_GARBAGE
    if code == -signal.SIGXCPU:
        return Fault.LOAD_HUNG
    if code != 0:
        return Fault.LOAD_CRASHED
    return Fault.NONE if answer.nonce == nonce and answer.tokens >= 1 else Fault.LOAD_GARBAGE


def command(model: Path, nonce: str, limits: LoadLimits, kind: Kind = Kind.CHAT) -> list[str]:
    """The child's command line."""
    memory = limits.spare_memory + 4 * model.stat().st_size
    numbers = [str(memory), str(limits.cpu_seconds), str(limits.context_tokens), str(limits.batch_tokens)]
    return [sys.executable, "-m", "tidegate.models.loadtest", kind.value, str(model), nonce, *numbers]


def _environment() -> dict[str, str]:
    return {
        "PATH": os.defpath,
        "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


async def _output(child: asyncio.subprocess.Process) -> bytes:
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


@dataclass(frozen=True, slots=True)
class _Worked:
    """How much the model wrote or read, whether its scores are numbers, and bytes held before it was opened."""

    count: int
    finite: bool
    before: int


async def _write_one_token(model: Path, context_tokens: int, batch_tokens: int) -> _Worked:
    from tidegate.chat import Message, Prompt, Role
    from tidegate.engines.llama import Limits, LlamaEngine
    from tidegate.engines.native import library

    library()
    before = _peak()
    engine = LlamaEngine.load(model, limits=Limits(context_tokens=context_tokens, batch_tokens=batch_tokens))
    try:
        draft = await engine.generate(Prompt((Message(Role.USER, _SMOKE),), max_tokens=1))
    finally:
        await engine.close()
    finite = all(math.isfinite(token.logprob) for token in draft.tokens)
    return _Worked(draft.usage.completion_tokens, finite, before)


def _read_one_text(folder: Path) -> _Worked:
    """The sentry proves itself when it loads, then scores a text."""
    from tidegate.privacy.encoder import Encoder

    before = _peak()
    seen = Encoder.load(folder).scan(_SMOKE)
    finite = math.isfinite(seen.injection) and all(map(math.isfinite, seen.tags.flat))
    return _Worked(len(seen.words), finite, before)


def _embed_one_text(folder: Path) -> _Worked:
    """The embedder proves itself when it loads, then makes a vector."""
    from tidegate.engines.embedder import Embedder

    before = _peak()
    rows = Embedder.load(folder).embed([_SMOKE])
    return _Worked(len(rows), all(map(math.isfinite, rows.flat)), before)


def _peak() -> int:
    """Most bytes this process has held so far. On Linux not from getrusage: that begins with what the parent held."""
    try:
        for line in Path("/proc/self/status").read_text("ascii", "replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _try(kind: Kind, model: Path, context_tokens: int, batch_tokens: int) -> _Worked:
    match kind:
        case Kind.CHAT:
            return asyncio.run(_write_one_token(model, context_tokens, batch_tokens))
        case Kind.SENTRY:
            return _read_one_text(model.parent)
        case Kind.EMBEDDER:
            return _embed_one_text(model.parent)
        case other:
            assert_never(other)


def main(arguments: list[str]) -> int:
    """Exit codes: 0 and one JSON line; 4: it loaded but what it gives is no answer; 5: our loader refused it, with its
    sentence in the line; anything else: it did not load."""
    kind, model, nonce, *numbers = arguments
    memory, cpu_seconds, context_tokens, batch_tokens = map(int, numbers)
    _limit(memory, cpu_seconds)
    try:
        worked = _try(Kind(kind), Path(model), context_tokens, batch_tokens)
    except TidegateError as refusal:
        print(json.dumps({"nonce": nonce, "said": refusal.message}))
        return _EXIT_REFUSED
    if worked.count < 1 or not worked.finite:
        return _EXIT_GARBAGE
    print(json.dumps({"nonce": nonce, "tokens": worked.count, "peak": max(0, _peak() - worked.before)}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
