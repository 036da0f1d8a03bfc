"""What an application says about an answer it got: right or not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from edge.gateway.limits import read_body
from edge.promise.desk import Desk
from tidegate.chat import JSON
from tidegate.errors import BadRequest
from tidegate.ids import request_id

Handler = Callable[[Request], Awaitable[Response]]
_BODY = 1024  # bytes
_BODY_S = 10.0


class FeedbackWord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body: the id from the header `x-request-id` of the answer, and whether the answer was right."""

    request_id: str
    right: bool


def routes(
    desk: Desk, application: Callable[[Request], str], guarded: Callable[[Handler], Handler]
) -> list[Route]:
    """`application` names whose key a request carries, and raises BadRequest (401) for a stranger's."""

    async def taken(request: Request) -> Response:
        who = application(request)
        word = parse(await read_body(request, _BODY, _BODY_S))
        desk.feedback(who, request_id(word.request_id), right=word.right)
        said: dict[str, JSON] = {
            "object": "tidegate.feedback",
            "request_id": word.request_id,
            "right": word.right,
        }
        return Response(msgspec.json.encode(said), media_type="application/json")

    return [Route("/v1/tidegate/feedback", guarded(taken), methods=["POST"])]


def parse(body: bytes) -> FeedbackWord:
    """Raises BadRequest; what was sent is not repeated."""
    try:
        return msgspec.json.decode(body, type=FeedbackWord)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequest(
            'the body must be {"request_id": "req_...", "right": true or false}', code="bad_feedback"
        ) from error
