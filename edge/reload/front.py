"""The door's ASGI application behind a handle that can be turned: requests that are inside finish where they began."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send


class Front:
    """`app` is where the next request goes."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)
