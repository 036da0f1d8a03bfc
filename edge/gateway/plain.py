"""What every room of the door does with small things: flags and numbers of headers and queries, answers of plain JSON."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from tidegate.chat import JSON
from tidegate.errors import BadRequest


def flag(value: str) -> bool:
    """`1`, `true` and `yes` mean yes; anything else means no."""
    return value.strip().lower() in {"1", "true", "yes"}


def number(value: str, param: str, most: float) -> float:
    """From 0 to `most`. Raises BadRequest naming `param`."""
    try:
        found = float(value)
    except ValueError as error:
        raise BadRequest(f"{param}: not a number", param=param) from error
    if not 0 <= found <= most:
        raise BadRequest(f"{param}: between 0 and {most:g}", param=param)
    return found


def wait_of(request: Request, most: float) -> float:
    """The seconds that a client asks to wait for news. Raises BadRequest."""
    return number(request.query_params.get("wait", "0"), "wait", most)


def as_json(body: dict[str, JSON], status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(body), status, headers, media_type="application/json")
