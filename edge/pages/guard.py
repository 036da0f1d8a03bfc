"""What every page answer carries, and who may ask: this machine's own names, small bodies, no other site."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edge.gateway.host import is_local
from tidegate import look

MOST_BODY = 64 * 1024
HEADERS = {**look.HEADERS, "cache-control": "no-store"}


class Guard:
    """Security headers on every answer; 421 for a name that is not this machine's, 413 for a body no form needs."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = Headers(scope=scope)

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                extra = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
                message["headers"] = [*message.get("headers", []), *extra]
            await send(message)

        if not is_local(given.get("host", "localhost")):
            await PlainTextResponse("This door serves its own machine only.\n", 421)(scope, receive, dressed)
        elif int(given.get("content-length", "0") or 0) > MOST_BODY or "transfer-encoding" in given:
            await PlainTextResponse("The form is too large.\n", 413)(scope, receive, dressed)
        else:
            await self._app(scope, receive, dressed)
