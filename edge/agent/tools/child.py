"""One child process from its start to its end: bounded in time and output, killed with everything it started."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from edge.agent.values import Ended, Limits, Outcome

_STDERR_SHOWN = 2_000
_CHUNK = 65_536
_ODD = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f]")


class _Flooded(Exception):
    pass


@dataclass(frozen=True, slots=True)
class Task:
    """What is started, with what, and how far it may go."""

    vector: Sequence[str] = field(repr=False)
    env: Mapping[str, str] = field(repr=False)
    limits: Limits
    stdin: bytes = field(default=b"", repr=False)


async def finish(task: Task) -> Outcome:
    """How the child ended, with what it wrote. It and its process group are gone when this returns, cancelled or not."""
    clock = asyncio.get_running_loop()
    began = clock.time()
    try:
        process = await asyncio.create_subprocess_exec(
            *task.vector,
            stdin=asyncio.subprocess.PIPE if task.stdin else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=dict(task.env),
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        return Outcome(Ended.UNREACHABLE, note=f"it cannot be started: {type(error).__name__}")
    out, err = bytearray(), bytearray()
    try:
        async with asyncio.timeout(task.limits.seconds):
            ended, note = await _run(process, task, out, err)
    except TimeoutError:
        ended, note = Ended.TIMED_OUT, f"after {task.limits.seconds:g} s"
    finally:
        await _reap(process)
    text = readable(bytes(out[: task.limits.output_bytes]))
    if ended is Ended.FAILED and err:
        text = "\n".join(part for part in (text, readable(bytes(err[-_STDERR_SHOWN:]))) if part)
    return Outcome(ended, text, note, clock.time() - began)


async def _run(
    process: asyncio.subprocess.Process, task: Task, out: bytearray, err: bytearray
) -> tuple[Ended, str]:
    assert process.stdout is not None  # noqa: S101  asked for above
    assert process.stderr is not None  # noqa: S101
    flooded = False
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_fill(process.stdout, out, task.limits.output_bytes))
            group.create_task(_fill(process.stderr, err, task.limits.output_bytes))
            group.create_task(_feed(process, task.stdin))
    except* _Flooded:
        flooded = True
    if flooded:
        return Ended.FLOODED, f"more than {task.limits.output_bytes} bytes"
    code = await process.wait()
    if code == 0:
        return Ended.OK, ""
    return (Ended.FAILED, f"exit {code}") if code > 0 else (Ended.FAILED, f"signal {-code}")


async def _fill(stream: asyncio.StreamReader, into: bytearray, most: int) -> None:
    while chunk := await stream.read(_CHUNK):
        into += chunk
        if len(into) > most:
            raise _Flooded


async def _feed(process: asyncio.subprocess.Process, text: bytes) -> None:
    if process.stdin is None:
        return
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(text)
        await process.stdin.drain()
        process.stdin.close()


async def _reap(process: asyncio.subprocess.Process) -> None:
    """Ends the whole group, whoever in it is left, and waits for the child itself."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    await asyncio.shield(gone(process))


async def gone(process: asyncio.subprocess.Process) -> None:
    """Closes the pipes of a child that was killed, then waits for it.

    In this order: asyncio waits for the pipes too, and a pipe whose reader has stopped never ends by itself.
    """
    transport: object = getattr(process, "_transport", None)  # there is no public way to it
    if isinstance(transport, asyncio.SubprocessTransport):
        transport.close()
    await process.wait()


def readable(raw: bytes) -> str:
    """What a program wrote as text: no control characters, and nothing that a terminal would act on."""
    return _ODD.sub("", raw.decode("utf-8", "replace").replace("\r\n", "\n")).strip()


def as_json(outcome: Outcome) -> Outcome:
    """The outcome of a tool that promised JSON: anything else is an error, with what it was."""
    import json

    if outcome.ended is not Ended.OK:
        return outcome
    try:
        json.loads(outcome.text)
    except (ValueError, RecursionError):
        return replace(outcome, ended=Ended.INVALID, note="not JSON")
    return outcome
