"""The status for programs, and the owner's link to its page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from edge.device_key import DeviceKey
from edge.gateway.plain import as_json
from edge.owner import is_owner
from edge.pages.seen import told
from tidegate.errors import BadRequest

if TYPE_CHECKING:
    from edge.pages.front import Pages

Handler = Callable[[Request], Awaitable[Response]]


def routes(
    pages: Pages,
    key: DeviceKey,
    application: Callable[[Request], str],
    guarded: Callable[[Handler], Handler],
) -> list[Route]:
    """`application` names whose key a request carries, and raises BadRequest (401) for a stranger's."""

    def owner(request: Request) -> bool:
        return is_owner(key, request.headers.get("authorization", ""))

    async def status(request: Request) -> Response:
        who = None if owner(request) else application(request)
        return as_json(told(pages.watch.look().of(who)))

    async def link(request: Request) -> Response:
        """A path that opens the owner's session once, within a minute."""
        if not owner(request):
            raise BadRequest(
                "only the owner of the device may open its status page this way",
                code="not_the_owner",
                status=401,
                hint="use `tidegate edge status --open` as the user who owns the state folder",
            )
        return as_json({"object": "tidegate.link", "path": f"/status/open/{pages.access.link()}"})

    return [
        Route("/v1/tidegate/status", guarded(status), methods=["GET"]),
        Route("/v1/tidegate/status/link", guarded(link), methods=["POST"]),
    ]
