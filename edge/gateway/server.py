"""The routes of the door. Each handler is short: read, call one function, write. Errors become OpenAI's shape in one place."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from edge.gateway import agent_chat, agent_rooms, consents, conversations, feedback, live, owner, status
from edge.gateway import door as chat
from edge.gateway.agent_rooms import AgentDesk
from edge.gateway.any_body import VERSION, parse_any
from edge.gateway.dialect import Read, Shape, Spoken, openai_error, read_chat
from edge.gateway.door import Caller, Door
from edge.gateway.embeddings import MODEL as EMBEDDING
from edge.gateway.embeddings import Embeds
from edge.gateway.errors import Problem, problem, refusal
from edge.gateway.flow import together
from edge.gateway.host import is_local
from edge.gateway.keys import Keyring
from edge.gateway.limits import ImpatientWriter, read_body, while_connected
from edge.gateway.plain import as_json, flag, number, wait_of
from edge.gateway.preview import planned, previewed
from edge.gateway.render import Page, late
from edge.gateway.schema import ChatCall
from edge.health import Health
from edge.pages.front import Pages
from edge.ports import Answer, State
from edge.routing.mode import Mode
from edge.uplink.ledger import Record
from edge.uplink.ledger import told as ledger_told
from tidegate.chat import JSON
from tidegate.errors import BadRequest
from tidegate.ids import ticket as parse_ticket
from tidegate.logs import Log
from tidegate.telemetry import parse_traceparent

LONGEST_WAIT_S = 60.0

Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Parts:
    """What the routes use, chosen in edge.app."""

    door: Door
    keyring: Keyring
    health: Health
    metrics_page: Callable[[], bytes]
    ledger: Callable[[int], list[Record]]
    embeds: Embeds
    more_embeds: Mapping[str, Embeds] = field(default_factory=dict)
    reload: owner.Reload | None = None
    agent: AgentDesk | None = None
    pages: Pages | None = None


def build(parts: Parts) -> ASGIApp:
    """The door as an ASGI application."""
    rooms = _Rooms(parts)
    routes = [
        Route("/v1/chat/completions", rooms.guarded(rooms.turn(lambda: read_chat)), methods=["POST"]),
        Route("/v1/completions", rooms.guarded(rooms.turn(_completions)), methods=["POST"]),
        Route("/v1/responses", rooms.guarded(rooms.turn(_responses)), methods=["POST"]),
        Route(
            "/v1/messages",
            rooms.guarded(rooms.turn(_messages, _anthropic_error), _anthropic_error),
            methods=["POST"],
        ),
        Route("/v1/messages/count_tokens", rooms.guarded(rooms.count, _anthropic_error), methods=["POST"]),
        Route("/v1/responses/input_tokens", rooms.guarded(rooms.count_input), methods=["POST"]),
        Route("/v1/embeddings", rooms.guarded(rooms.embeddings), methods=["POST"]),
        Route("/v1/models", rooms.guarded(rooms.models), methods=["GET"]),
        Route("/v1/models/{name:path}", rooms.guarded(rooms.model), methods=["GET"]),
        Route("/v1/tidegate/plan", rooms.guarded(rooms.plan), methods=["POST"]),
        Route("/v1/tidegate/preview", rooms.guarded(rooms.preview), methods=["POST"]),
        Route("/v1/tidegate/answers", rooms.guarded(rooms.pending), methods=["GET"]),
        Route("/v1/tidegate/answers/{ticket}", rooms.guarded(rooms.answer), methods=["GET"]),
        Route("/v1/tidegate/ledger", rooms.guarded(rooms.ledger), methods=["GET"]),
        Route("/healthz", rooms.guarded(rooms.healthz), methods=["GET"]),
        Route("/readyz", rooms.guarded(rooms.readyz), methods=["GET"]),
        Route("/openapi.json", rooms.guarded(rooms.openapi), methods=["GET"]),
        Route("/metrics", rooms.guarded(rooms.metrics), methods=["GET"]),
    ]
    if parts.pages is not None:
        routes += status.routes(parts.pages, parts.door.key, rooms.application, rooms.guarded)
    if parts.door.promise is not None:
        routes += feedback.routes(parts.door.promise, rooms.application, rooms.guarded)
    if parts.door.consents is not None:
        routes += consents.routes(parts.door.consents, parts.door.key, rooms.application, rooms.guarded)
    if parts.reload is not None:
        routes += owner.routes(parts.reload, parts.door.key, rooms.guarded)
    if parts.door.memory is not None:
        routes += conversations.routes(parts.door.memory, parts.door.key, rooms.application, rooms.guarded)
    if parts.agent is not None:
        routes += agent_rooms.routes(parts.agent, rooms.application, rooms.guarded)
    app = Starlette(routes=routes, exception_handlers={HTTPException: rooms.misused})
    app.router.redirect_slashes = False
    app.router.default = rooms.nowhere if parts.pages is None else parts.pages.beside(rooms.nowhere)
    return ImpatientWriter(app, parts.door.settings.write_timeout_s)


class _Rooms:
    """The handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._door = parts.door
        self._log = Log("edge.door")

    def guarded(self, handler: Handler, shape: Shape = openai_error) -> Handler:
        """The one place where errors become responses: ours tell what happened, a defect only that it happened."""

        async def room(request: Request) -> Response:
            try:
                _require_local_host(request)
                return await handler(request)
            except Exception as error:  # noqa: BLE001  the door's outer boundary
                found = problem(error)
                if found.status == 500:
                    self._log.error("door_defect", error)
                self._parts.door.metrics.failed(found.status)
                return as_json(shape(found), found.status, found.headers)

        return room

    async def nowhere(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Any other path."""
        told = problem(BadRequest("no such path here", code="not_found", status=404))
        response = as_json(_shape_of(str(scope["path"]))(told), 404)
        await response(scope, receive, send)

    async def misused(self, request: Request, error: Exception) -> Response:
        """A known path with another method."""
        status = error.status_code if isinstance(error, HTTPException) else 500
        told = problem(BadRequest("this path takes another method", code="method_not_allowed", status=status))
        return as_json(_shape_of(request.url.path)(told), status)

    def turn(self, dialect: Callable[[], Read], shape: Shape = openai_error) -> Handler:
        """The room of an endpoint that generates: what it reads and writes is its dialect, the turn is everyone's."""

        async def room(request: Request) -> Response:
            async with AsyncExitStack() as stack:
                caller, body = await stack.enter_async_context(self._working(request))
                spoken = dialect()(body, self._door.settings.max_depth)
                keep = partial(self._keep, spoken, caller)
                if spoken.call.device_tools:
                    run = agent_chat.answered(self._door, self._parts.agent, spoken.call, caller)
                    return self._written(spoken, *await while_connected(request, run))
                begun = await live.begin(request, self._door, spoken, caller)
                if isinstance(begun, live.Begun):
                    return live.LiveResponse(self._door, begun, spoken, shape, keep, stack.pop_all())
            page, found = begun
            if await request.is_disconnected():
                return Response(status_code=499)  # nobody reads it: what came late stays to be told
            page = chat.hand_over(self._door, page)
            given = chat.headers(page, found, self._door.lessened())
            keep(page)
            if found.state is State.REFUSED:
                no = refusal(found)
                self._door.metrics.failed(no.status)
                return as_json(shape(no), no.status, {**given, **no.headers})
            return self._written(spoken, page, found)

        return room

    def _written(self, spoken: Spoken, page: Page, found: Answer) -> Response:
        """A page that is whole, in the words and the manner that were asked for."""
        given = chat.headers(page, found, self._door.lessened())
        if spoken.call.stream:
            return _stream(spoken.events(page), given)
        return as_json(spoken.whole(page), 200, given)

    def _keep(self, spoken: Spoken, caller: Caller, page: Page) -> None:
        """Remembers a page that can be asked for again by its id."""
        if page.stored and spoken.call.thread.response and self._door.memory is not None:
            told = msgspec.json.encode(spoken.whole(page))
            self._door.memory.keep_page(caller.application, page.answers[0][0], told)

    async def embeddings(self, request: Request) -> Response:
        from edge.gateway.embeddings import page, parse_embedding

        async with self._working(request) as (caller, body):
            known = {EMBEDDING: self._parts.embeds, **self._parts.more_embeds}
            widths = {name: one.width for name, one in known.items()}
            call = parse_embedding(body, max_depth=self._door.settings.max_depth, widths=widths)
            vectors = await while_connected(request, known[call.model].embed(call.texts))
        self._log.info("embedded", count=len(vectors))
        return as_json(page(call, vectors), 200, chat.headers_of_device(caller))

    async def count(self, request: Request) -> Response:
        from edge.gateway.counting import counted
        from edge.gateway.messages import read_count

        async with self._working(request) as (caller, body):
            call = read_count(body, self._door.settings.max_depth)
            return as_json({"input_tokens": await counted(self._door, call, caller)})

    async def count_input(self, request: Request) -> Response:
        from edge.gateway.counting import counted
        from edge.gateway.responses import read_count

        async with self._working(request) as (caller, body):
            call = read_count(body, self._door.settings.max_depth)
            count = await counted(self._door, call, caller)
            return as_json({"object": "response.input_tokens", "input_tokens": count})

    @asynccontextmanager
    async def _working(self, request: Request) -> AsyncIterator[tuple[Caller, bytes]]:
        """Who asks, and the body, while its work counts against the application's share and the door's bound."""
        caller = _caller(request, self.application(request))
        with self._door.shares.taken(caller.application):
            read = [await self._body(request)]
            async with self._door.gate.enter():
                yield caller, read.pop()  # a stream that nobody reads would hold it as long as it lasts

    async def plan(self, request: Request) -> Response:
        caller, call = await self._call(request)
        return as_json(await planned(self._door, call, caller))

    async def preview(self, request: Request) -> Response:
        caller, call = await self._call(request)
        return as_json(await previewed(self._door, call, caller))

    async def models(self, request: Request) -> Response:
        self.application(request)
        return as_json({"object": "list", "data": [_model(name) for name in self._models()]})

    async def model(self, request: Request) -> Response:
        self.application(request)
        name = str(request.path_params["name"])
        if name not in self._models():
            raise BadRequest(
                "there is no model of that name here", code="model_not_found", param="model", status=404
            )
        return as_json(_model(name))

    async def pending(self, request: Request) -> Response:
        application = self.application(request)
        return as_json(
            {"object": "list", "data": [late(one) for one in self._door.late.pending(application)]}
        )

    async def answer(self, request: Request) -> Response:
        application = self.application(request)
        claim_check = parse_ticket(str(request.path_params["ticket"]))
        wait_s = wait_of(request, LONGEST_WAIT_S)
        found = await while_connected(request, self._door.late.collect(claim_check, application, wait_s))
        if found is None:
            raise BadRequest(
                "this application has no such ticket", code="unknown_ticket", param="ticket", status=404
            )
        if found.state.final:
            self._door.late.claim(found.ticket)
        return as_json(late(found))

    async def ledger(self, request: Request) -> Response:
        self.application(request)
        most = int(number(request.query_params.get("limit", "50"), "limit", 1000))
        return as_json({"object": "list", "data": [ledger_told(one) for one in self._parts.ledger(most)]})

    async def openapi(self, request: Request) -> Response:
        from edge.gateway.openapi import document

        return as_json(document())

    async def healthz(self, request: Request) -> Response:
        return as_json({"status": "ok"})

    async def readyz(self, request: Request) -> Response:
        now = self._parts.health.now()
        return as_json(now.told(), 200 if now.ready else 503)

    async def metrics(self, request: Request) -> Response:
        return Response(self._parts.metrics_page(), media_type="text/plain; version=0.0.4")

    def _models(self) -> tuple[str, ...]:
        vectors = {EMBEDDING: self._parts.embeds, **self._parts.more_embeds}
        return (*self._door.models(), *(name for name, one in vectors.items() if one.present))

    def application(self, request: Request) -> str:
        """Whose key it is: as OpenAI's clients send it, or as Anthropic's do."""
        bearer, key = request.headers.get("authorization", ""), request.headers.get("x-api-key", "")
        return self._parts.keyring.application(bearer or (f"Bearer {key}" if key else ""))

    async def _body(self, request: Request) -> bytes:
        settings = self._door.settings
        return await read_body(request, settings.max_body_bytes, settings.read_timeout_s)

    async def _call(self, request: Request) -> tuple[Caller, ChatCall]:
        caller = _caller(request, self.application(request))
        with self._door.shares.taken(caller.application):
            body = await self._body(request)
            return caller, parse_any(
                body, self._door.settings.max_depth, anthropic=VERSION in request.headers
            )


def _completions() -> Read:
    from edge.gateway.completions import read

    return read


def _responses() -> Read:
    from edge.gateway.responses import read

    return read


def _messages() -> Read:
    from edge.gateway.messages import read

    return read


def _anthropic_error(found: Problem) -> dict[str, JSON]:
    from edge.gateway.messages_page import error

    return error(found)


def _shape_of(path: str) -> Shape:
    return _anthropic_error if path.startswith("/v1/messages") else openai_error


def _stream(events: Iterator[bytes], given: dict[str, str]) -> Response:
    stream = StreamingResponse(_flow(events), media_type="text/event-stream", headers=given)
    stream.headers["cache-control"] = "no-cache"
    return stream


async def _flow(events: Iterator[bytes]) -> AsyncIterator[bytes]:
    for some in together(events):
        yield some


def _caller(request: Request, application: str) -> Caller:
    given = request.headers
    return Caller(
        application=application,
        named=_short(given.get("x-tidegate-conversation", ""), "x-tidegate-conversation"),
        idempotency=_short(given.get("idempotency-key", ""), "idempotency-key"),
        keep_local=flag(given.get("x-tidegate-local-only", "")),
        wish=_mode(given.get("x-tidegate-mode", "")),
        ask_review=flag(given.get("x-tidegate-review", "")),
        consented=flag(given.get("x-tidegate-consent", "")),
        agrees=consents.agrees(given.get("x-tidegate-consent", "")),
        within_s=number(given.get("x-tidegate-deadline", "0"), "x-tidegate-deadline", 3600.0) or None,
        trace=parse_traceparent(given.get("traceparent", "")),
    )


def _mode(value: str) -> Mode | None:
    try:
        return Mode(value.strip().lower()) if value else None
    except ValueError as error:
        known = ", ".join(Mode)
        raise BadRequest(f"the header x-tidegate-mode is one of: {known}", param="x-tidegate-mode") from error


def _short(value: str, header: str) -> str:
    if len(value) > 256:
        raise BadRequest(f"the header {header} is longer than 256 characters", param=header)
    return value


def _require_local_host(request: Request) -> None:
    """A page in a browser must not reach the door through a name it controls (DNS rebinding)."""
    if not is_local(request.headers.get("host", "localhost")):
        raise BadRequest("this door serves its own machine only", code="wrong_host", param="host", status=421)


def _model(name: str) -> dict[str, JSON]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "tidegate"}
