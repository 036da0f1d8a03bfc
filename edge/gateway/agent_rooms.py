"""The agent at the door: start a run, follow it, approve or deny what waits, cancel it, see its tools and grants."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Annotated, assert_never

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from edge import conversation
from edge.agent import views
from edge.agent.grants import Grant, Scope
from edge.agent.ports import GrantShelf, Toolbox
from edge.agent.run import Limits, Run, Said
from edge.agent.runner import OWNER, Agents, Order
from edge.agent.taint import Origin
from edge.device_key import DeviceKey
from edge.gateway.dialect import event
from edge.gateway.limits import read_body, while_connected
from edge.gateway.plain import as_json, flag, number, wait_of
from edge.gateway.reading import decoded
from edge.gateway.schema import parse_chat
from edge.owner import is_owner
from tidegate.chat import Message, Prompt, Role
from tidegate.clock import Clock
from tidegate.errors import BadRequest
from tidegate.ids import RequestId, new_request_id

Handler = Callable[[Request], Awaitable[Response]]
_BODY_S = 10.0
_WORD_BYTES = 4096
_LONGEST_WAIT_S = 600.0
_Places = Annotated[tuple[Annotated[int, msgspec.Meta(ge=0)], ...], msgspec.Meta(max_length=2000)]


class RunLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Less than the settings allow; more is not given."""

    steps: Annotated[int, msgspec.Meta(ge=1)] | None = None
    seconds: Annotated[float, msgspec.Meta(gt=0)] | None = None
    tokens: Annotated[int, msgspec.Meta(ge=1)] | None = None
    escalations: Annotated[int, msgspec.Meta(ge=0)] | None = None


class RunBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """POST /v1/tidegate/agent/runs. `outside`: places of messages whose text somebody else wrote."""

    messages: msgspec.Raw
    tools: Annotated[tuple[str, ...], msgspec.Meta(max_length=128)] | None = None
    outside: _Places = ()
    max_tokens: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 256
    limits: RunLimits = RunLimits()
    stream: bool = False
    wait: Annotated[float, msgspec.Meta(ge=0, le=_LONGEST_WAIT_S)] = 0.0


class ApproveBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """POST .../approve: the user's word on exactly the call of this digest. `remember`: the tool is granted beyond it."""

    digest: str
    approve: bool
    remember: Scope | None = None


@dataclass(frozen=True, slots=True)
class AgentDesk:
    """Everything these rooms use, chosen in edge.agent.wire."""

    agents: Agents
    toolbox: Toolbox
    grants: GrantShelf
    limits: Limits
    clock: Clock
    key: DeviceKey = field(repr=False)
    door_approves: bool = True
    max_body: int = 1_048_576
    max_depth: int = 64

    async def close(self) -> None:
        """Ends runs and tools; what is on disk goes on with the next start."""
        await self.agents.close()
        await self.toolbox.close()


_run_decoder = msgspec.json.Decoder(RunBody)
_approve_decoder = msgspec.json.Decoder(ApproveBody)


def routes(
    desk: AgentDesk, application: Callable[[Request], str], guarded: Callable[[Handler], Handler]
) -> list[Route]:
    """`application` names whose key a request carries, and raises BadRequest (401) for a stranger's."""
    rooms = _Rooms(desk, application)
    start = "/v1/tidegate/agent/"
    return [
        Route(start + "runs", guarded(rooms.start), methods=["POST"]),
        Route(start + "runs", guarded(rooms.listed), methods=["GET"]),
        Route(start + "runs/{run}", guarded(rooms.one), methods=["GET"]),
        Route(start + "runs/{run}/events", guarded(rooms.events), methods=["GET"]),
        Route(start + "runs/{run}/approve", guarded(rooms.approve), methods=["POST"]),
        Route(start + "runs/{run}/cancel", guarded(rooms.cancel), methods=["POST"]),
        Route(start + "tools", guarded(rooms.tools), methods=["GET"]),
        Route(start + "grants", guarded(rooms.granted), methods=["GET"]),
    ]


class _Rooms:
    """The handlers."""

    def __init__(self, desk: AgentDesk, application: Callable[[Request], str]) -> None:
        self._desk = desk
        self._application = application

    async def start(self, request: Request) -> Response:
        who = self._application(request)
        body = decoded(_run_decoder, await self._body(request), self._desk.max_depth)
        run = await self._desk.agents.start(order(self._desk, body, who, request))
        if body.stream:
            return self._stream(run.id, who, 0)
        if body.wait:
            run = await while_connected(request, self._desk.agents.settled(run.id, who, body.wait))
        return as_json(views.run(run))

    async def listed(self, request: Request) -> Response:
        found = self._desk.agents.latest(self._whose(request))
        return as_json({"object": "list", "data": [views.summary(one) for one in found]})

    async def one(self, request: Request) -> Response:
        who, wait = self._whose(request), wait_of(request, _LONGEST_WAIT_S)
        name = _wanted(request)
        self._desk.agents.get(name, who)
        return as_json(views.run(await while_connected(request, self._desk.agents.settled(name, who, wait))))

    async def events(self, request: Request) -> Response:
        who, name = self._whose(request), _wanted(request)
        self._desk.agents.get(name, who)
        return self._stream(name, who, int(number(request.query_params.get("since", "0"), "since", 1e6)))

    async def approve(self, request: Request) -> Response:
        who, name = self._whose(request), _wanted(request)
        body = decoded(_approve_decoder, await read_body(request, _WORD_BYTES, _BODY_S), 8)
        if who != OWNER and not self._desk.door_approves:
            raise BadRequest(
                "this device takes approvals from its owner only: `tidegate agent approve`",
                code="owner_only",
                status=403,
            )
        run = self._desk.agents.decide(name, who, body.digest, approved=body.approve)
        if body.approve and body.remember not in (None, Scope.ONCE):
            self._desk.grants.add(remembered(run, body, self._desk.clock.now()))
        return as_json(views.summary(await self._desk.agents.heard(name, who)))

    async def cancel(self, request: Request) -> Response:
        return as_json(views.run(await self._desk.agents.cancel(_wanted(request), self._whose(request))))

    async def tools(self, request: Request) -> Response:
        self._whose(request)
        return as_json({"object": "list", "data": views.tools(await self._desk.toolbox.tools())})

    async def granted(self, request: Request) -> Response:
        found = self._desk.grants.all(self._whose(request))
        return as_json({"object": "list", "data": views.grants(found)})

    def _whose(self, request: Request) -> str:
        """The application; nobody in particular for the owner, who may see and decide all."""
        owner = is_owner(self._desk.key, request.headers.get("authorization", ""))
        return OWNER if owner else self._application(request)

    async def _body(self, request: Request) -> bytes:
        return await read_body(request, self._desk.max_body, _BODY_S)

    def _stream(self, name: str, who: str, since: int) -> Response:
        async def flow() -> AsyncIterator[bytes]:
            async for one in self._desk.agents.follow(name, who, since):
                yield event("agent.step", views.event(one))
            yield event("agent.run", views.run(self._desk.agents.get(name, who)))

        headers = {"cache-control": "no-cache", "x-tidegate-run": name}
        return StreamingResponse(flow(), media_type="text/event-stream", headers=headers)


def order(desk: AgentDesk, body: RunBody, application: str, request: Request) -> Order:
    """What the body asks for, in values. Raises BadRequest."""
    call = parse_chat(
        b'{"model":"tidegate","messages":' + bytes(body.messages) + b"}", max_depth=desk.max_depth
    )
    messages = call.prompt.messages
    if any(place >= len(messages) for place in body.outside):
        raise BadRequest("outside: there is no such message", param="outside")
    headers = request.headers
    return Order(
        application=application,
        conversation=conversation.identify(
            desk.key, application, headers.get("x-tidegate-conversation", "")[:256], Prompt(messages)
        ),
        said=said(messages, frozenset(body.outside)),
        limits=within(desk.limits, body.limits),
        tools=body.tools,
        keep_local=flag(headers.get("x-tidegate-local-only", "")),
        consented=flag(headers.get("x-tidegate-consent", "")),
        max_tokens=body.max_tokens,
    )


def said(messages: tuple[Message, ...], outside: frozenset[int] = frozenset()) -> tuple[Said, ...]:
    """The messages with who wrote them: what a tool said before is from outside, and so is what a model wrote after it."""
    found: list[Said] = []
    read: frozenset[Origin] = frozenset()
    for place, message in enumerate(messages):
        match message.role:
            case Role.SYSTEM:
                origins = frozenset({Origin.OPERATOR})
            case Role.USER:
                origins = frozenset({Origin.PERSON})
            case Role.TOOL:
                origins = frozenset({Origin.OUTSIDE})
            case Role.ASSISTANT:
                origins = frozenset({Origin.MODEL}) | read
            case other:
                assert_never(other)
        if place in outside:
            origins |= {Origin.OUTSIDE}
        read |= origins
        found.append(Said(message, origins))
    return tuple(found)


def within(most: Limits, asked: RunLimits) -> Limits:
    """The settings' limits, or less where less was asked for."""
    return replace(
        most,
        steps=min(most.steps, asked.steps or most.steps),
        seconds=min(most.seconds, asked.seconds or most.seconds),
        tokens=min(most.tokens, asked.tokens or most.tokens),
        escalations=most.escalations
        if asked.escalations is None
        else min(most.escalations, asked.escalations),
    )


def remembered(run: Run, body: ApproveBody, now: float) -> Grant:
    """The grant that goes beyond this one call. For what cannot be undone it gives nothing: the table sees to that."""
    return Grant(
        id=grant_id(new_request_id()),
        scope=body.remember or Scope.ONCE,
        application=run.application,
        tool=run.calls[0].tool,
        created_at=now,
        conversation=run.conversation,
    )


def grant_id(made: RequestId) -> str:
    return "grt_" + made.removeprefix("req_")


def _wanted(request: Request) -> str:
    return str(request.path_params["run"])
