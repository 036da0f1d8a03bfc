"""What only the owner of the device may ask of the daemon: to read its settings again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from edge.device_key import DeviceKey
from edge.owner import is_owner
from edge.reload.desk import Reloaded
from tidegate.errors import BadConfig, BadRequest

Handler = Callable[[Request], Awaitable[Response]]
Reload = Callable[[], Awaitable[Reloaded]]


def routes(reload: Reload, key: DeviceKey, guarded: Callable[[Handler], Handler]) -> list[Route]:
    async def reloaded(request: Request) -> Response:
        if not is_owner(key, request.headers.get("authorization", "")):
            raise BadRequest(
                "only the owner of the device may ask for this",
                code="not_the_owner",
                status=401,
                hint="use `tidegate edge reload` as the user who owns the state folder",
            )
        try:
            found = await reload()
        except BadConfig as error:  # the door tells applications nothing of it; its owner wrote it
            raise BadRequest(f"the old settings stand: {error}", code="settings_refused") from error
        return Response(msgspec.json.encode(found.told()), media_type="application/json")

    return [Route("/v1/tidegate/reload", guarded(reloaded), methods=["POST"])]
