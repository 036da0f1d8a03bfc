"""An MCP server as a child process in its cell, spoken to over its standard streams, one JSON message per line.

The SDK's own transport reads lines of any length; a server that writes without end must cost this daemon nothing but the server.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.client._transport import TransportStreams
from mcp.shared.message import SessionMessage
from mcp_types import jsonrpc_message_adapter

from edge.agent.tools.child import gone

GRACE_S = 1.0

_Incoming = MemoryObjectSendStream[SessionMessage | Exception]


@asynccontextmanager
async def child_streams(
    vector: Sequence[str], env: Mapping[str, str], most_bytes: int
) -> AsyncIterator[TransportStreams]:
    """The streams of a server that was started from `vector`. A line beyond `most_bytes` ends the connection.

    Raises OSError when it cannot be started. The server and its process group are gone when the block ends.
    """
    process = await asyncio.create_subprocess_exec(
        *vector,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=dict(env),
        start_new_session=True,
        limit=most_bytes,
    )
    into, incoming = anyio.create_memory_object_stream[SessionMessage | Exception](16)
    outgoing, out = anyio.create_memory_object_stream[SessionMessage](16)
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_read(process, into)), group.create_task(_write(process, out))]
            tasks[0].add_done_callback(lambda _: out.close())  # nobody hears what is still sent to it
            try:
                yield incoming, outgoing
            finally:
                for task in tasks:
                    task.cancel()
                await _surely(_end(process, tasks))
    finally:
        for stream in (into, incoming, outgoing, out):
            stream.close()


async def _read(process: asyncio.subprocess.Process, into: _Incoming) -> None:
    assert process.stdout is not None  # noqa: S101  asked for above
    async with into:
        while True:
            try:
                line = await process.stdout.readline()
            except ValueError as error:
                raise ConnectionError("a line without end") from error  # ends the connection at once
            if not line:
                return
            try:
                message: SessionMessage | Exception = SessionMessage(
                    jsonrpc_message_adapter.validate_json(line, by_name=False)
                )
            except ValueError as error:
                message = error
            with contextlib.suppress(anyio.ClosedResourceError, anyio.BrokenResourceError):
                await into.send(message)


async def _write(process: asyncio.subprocess.Process, out: MemoryObjectReceiveStream[SessionMessage]) -> None:
    assert process.stdin is not None  # noqa: S101
    async with out:
        async for one in out:
            line = one.message.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n"
            try:
                process.stdin.write(line)
                await process.stdin.drain()
            except (BrokenPipeError, ConnectionResetError):
                return


async def _surely(work: Coroutine[None, None, None]) -> None:
    """Finishes `work`, whoever cancels meanwhile: a server must not outlive its connection. It takes seconds at most."""
    ending = asyncio.ensure_future(work)
    while not ending.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.shield(ending)


async def _end(process: asyncio.subprocess.Process, tasks: list[asyncio.Task[None]]) -> None:
    """A server ends when its input ends; one that does not is ended, with everything it started."""
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    if process.stdin is not None:
        process.stdin.close()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(asyncio.shield(process.wait()), GRACE_S)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    await gone(process)
