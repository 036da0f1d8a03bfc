"""Consent at the door: what would leave, told to whoever asks for it, and the word that lets it go."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from edge.consents import Asked, Consents
from edge.device_key import DeviceKey
from edge.gateway.limits import read_body, while_connected
from edge.gateway.plain import as_json, wait_of
from edge.owner import is_owner
from tidegate.chat import JSON
from tidegate.clock import rfc3339
from tidegate.errors import BadRequest
from tidegate.ids import ConsentId, consent_id

Handler = Callable[[Request], Awaitable[Response]]
_BODY = 1024  # bytes
_BODY_S = 10.0
_LONGEST_WAIT_S = 60.0


class ConsentWord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a POST to a consent."""

    agree: bool


def routes(
    desk: Consents,
    key: DeviceKey,
    application: Callable[[Request], str],
    guarded: Callable[[Handler], Handler],
) -> list[Route]:
    """`application` names whose key a request carries, and raises BadRequest (401) for a stranger's."""

    def whose(request: Request) -> str | None:
        """None: the owner, who may agree to all."""
        return None if is_owner(key, request.headers.get("authorization", "")) else application(request)

    async def listed(request: Request) -> Response:
        return as_json({"object": "list", "data": [told(one) for one in desk.waiting(whose(request))]})

    async def one(request: Request) -> Response:
        who = whose(request)
        found = await while_connected(
            request, desk.word(_wanted(request), who, wait_of(request, _LONGEST_WAIT_S))
        )
        return _shown(found)

    async def word(request: Request) -> Response:
        who = whose(request)
        agree = parse_word(await read_body(request, _BODY, _BODY_S))
        return _shown(desk.decide(_wanted(request), agree=agree, application=who))

    return [
        Route("/v1/tidegate/consents", guarded(listed), methods=["GET"]),
        Route("/v1/tidegate/consents/{consent}", guarded(one), methods=["GET"]),
        Route("/v1/tidegate/consents/{consent}", guarded(word), methods=["POST"]),
    ]


def agrees(value: str) -> ConsentId | None:
    """What the header `x-tidegate-consent` agrees to, when it names something. Raises BadRequest."""
    return consent_id(value.strip()) if value.strip().startswith("cns_") else None


def parse_word(body: bytes) -> bool:
    """Whether somebody agrees. Raises BadRequest."""
    try:
        return msgspec.json.decode(body, type=ConsentWord).agree
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadRequest('the body is {"agree": true} or {"agree": false}', param="agree") from error


def told(one: Asked) -> dict[str, JSON]:
    """A request that waits for a word, with all that would leave."""
    return {
        "object": "tidegate.consent",
        "id": one.id,
        "state": one.word,
        "application": one.application,
        "asked_at": rfc3339(one.asked_at),
        "expires_at": rfc3339(one.expires_at),
        "confidence": one.confidence,
        "bytes": one.size,
        "sha256": one.sha256,
        **one.told,
    }


def _shown(found: Asked | None) -> Response:
    if found is None:
        raise BadRequest(
            "this application has no such request waiting; it may have been forgotten",
            code="unknown_consent",
            param="consent",
            status=404,
            hint="send the request again",
        )
    return as_json(told(found))


def _wanted(request: Request) -> ConsentId:
    return consent_id(str(request.path_params["consent"]))
