"""A small OpenAI-compatible server on loopback, real HTTP, whose answers a test can read back."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route


async def complete(request: Request) -> Response:
    """Answers with a few words; a conversation above 64 words is too long, a schema must be an object."""
    body = json.loads(await request.body())
    words = sum(len(m["content"].split()) for m in body["messages"])
    if words > 64:
        error = {"message": "too long", "code": "context_length_exceeded", "param": "messages"}
        return JSONResponse({"error": error}, status_code=400)
    schema = body.get("response_format", {}).get("json_schema", {}).get("schema", {})
    if not isinstance(schema, dict):
        return JSONResponse({"error": {"param": "response_format"}}, status_code=400)
    await asyncio.sleep(0.01)
    said = "one two three four".split()[: body["max_tokens"]]
    reason = "length" if len(said) < 4 else "stop"
    message = {"role": "assistant", "content": " ".join(said)}
    usage = {"prompt_tokens": words, "completion_tokens": len(said)}
    return JSONResponse({"choices": [{"message": message, "finish_reason": reason}], "usage": usage})


@contextmanager
def serving() -> Iterator[str]:
    """The base URL while the server runs."""
    listener = socket.create_server(("127.0.0.1", 0))
    app = Starlette(routes=[Route("/v1/chat/completions", complete, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    finally:
        server.should_exit = True
        thread.join(5)
        listener.close()
