"""The door of the memory: an application sees, and deletes, its own conversations and responses; the owner all of them."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from edge.device_key import DeviceKey
from edge.gateway.input_items import listed as items
from edge.gateway.input_items import wanted
from edge.gateway.plain import as_json
from edge.memory import told
from edge.memory.desk import Memory, unknown_conversation
from edge.owner import is_owner
from tidegate.chat import JSON
from tidegate.errors import BadRequest
from tidegate.ids import ConversationId

Handler = Callable[[Request], Awaitable[Response]]
_CONVERSATION = re.compile(r"conv_[0-9a-f]{32}")


def routes(
    memory: Memory,
    key: DeviceKey,
    application: Callable[[Request], str],
    guarded: Callable[[Handler], Handler],
) -> list[Route]:
    """`application` names whose key a request carries, and raises BadRequest (401) for a stranger's."""

    def whose(request: Request) -> str:
        """Empty: the owner, who may see all."""
        return "" if is_owner(key, request.headers.get("authorization", "")) else application(request)

    async def listed(request: Request) -> Response:
        lines: list[JSON] = [told.line(one) for one in memory.conversations(whose(request))]
        return as_json({"object": "list", "data": lines})

    async def shown(request: Request) -> Response:
        return as_json(told.whole(await memory.turns(whose(request), _conversation(request))))

    async def deleted(request: Request) -> Response:
        which = _conversation(request)
        count = memory.delete(whose(request), which)
        return as_json(
            {"object": "tidegate.conversation.deleted", "id": which, "deleted": True, "turns": count}
        )

    async def response(request: Request) -> Response:
        page = memory.response(application(request), _response(request))
        if request.query_params.get("stream", "").casefold() in ("true", "1"):
            raise _only_in_background("stream", "it is told again whole, without stream")
        return Response(page, media_type="application/json")

    async def response_items(request: Request) -> Response:
        which, page = _response(request), wanted(request.query_params)
        return as_json(items(which, memory.asked(application(request), which), page))

    async def response_cancelled(request: Request) -> Response:
        memory.response(application(request), _response(request))
        raise _only_in_background("response_id", "a response that is being made is cancelled by hanging up")

    async def response_deleted(request: Request) -> Response:
        which = _response(request)
        memory.delete_response(application(request), which)
        return as_json({"object": "response", "id": which, "deleted": True})

    return [
        Route("/v1/tidegate/conversations", guarded(listed), methods=["GET"]),
        Route("/v1/tidegate/conversations/{id}", guarded(shown), methods=["GET"]),
        Route("/v1/tidegate/conversations/{id}", guarded(deleted), methods=["DELETE"]),
        Route("/v1/responses/{id}", guarded(response), methods=["GET"]),
        Route("/v1/responses/{id}", guarded(response_deleted), methods=["DELETE"]),
        Route("/v1/responses/{id}/input_items", guarded(response_items), methods=["GET"]),
        Route("/v1/responses/{id}/cancel", guarded(response_cancelled), methods=["POST"]),
    ]


def _conversation(request: Request) -> ConversationId:
    given = str(request.path_params["id"])
    if not _CONVERSATION.fullmatch(given):
        raise unknown_conversation()
    return ConversationId(given)


def _only_in_background(param: str, instead: str) -> BadRequest:
    """What OpenAI does for responses in the background alone; there are none here."""
    return BadRequest(
        f"{param}: only for a response that is made in the background, and none is here; {instead}",
        code="unsupported_parameter",
        param=param,
    )


def _response(request: Request) -> str:
    return str(request.path_params["id"])
