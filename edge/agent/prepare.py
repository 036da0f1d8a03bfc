"""A model's proposal, made ready to be judged: one text per meaning, a digest, the tool's class, where its words come from. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from edge.agent.arguments import call_digest, canonical_text, check, parse, schema_of
from edge.agent.run import Call, Run
from edge.agent.taint import Exposure, Origin, Tainted, exposure, written
from edge.agent.values import Tool
from edge.ports import Request, Source
from tidegate.chat import JSON, Message, Prompt, Role, ToolCall, ToolChoice
from tidegate.chat import Tool as Offered
from tidegate.errors import BadRequest
from tidegate.ids import RequestId


def prepared(
    calls: Sequence[ToolCall], run: Run, tools: Mapping[str, Tool], *, source: Source, sure: bool
) -> tuple[tuple[Call, ...], tuple[ToolCall, ...]]:
    """The calls of one answer as they are judged, and as the conversation remembers them."""
    by = Origin.CLOUD if source is Source.CLOUD else Origin.MODEL
    origins = written(by, run.read)
    offered = {name: tools[name] for name in run.tools if name in tools}
    made = tuple(
        _call(call, f"call_{run.steps}_{at}", offered, origins, run.read, sure=sure)
        for at, call in enumerate(calls)
    )
    told = tuple(ToolCall(one.id, one.tool, one.arguments) for one in made)
    return made, told


def _call(
    call: ToolCall,
    ref: str,
    tools: Mapping[str, Tool],
    origins: frozenset[Origin],
    read: Iterable[Tainted[str]],
    *,
    sure: bool,
) -> Call:
    tool = tools.get(call.name)
    made = Call(ref, call.name[:128], "{}", "", origins, sure=sure)
    if tool is None:
        return replace(made, digest=call_digest(made.tool, {}), fault="there is no such tool")
    made = replace(made, effect=tool.effect, outward=tool.outward, repeatable=tool.safe_to_repeat)
    try:
        arguments = parse(call.arguments)
    except BadRequest as error:
        return replace(made, digest=call_digest(tool.name, {}), fault=error.message)
    made = replace(
        made,
        arguments=canonical_text(arguments),
        digest=call_digest(tool.name, arguments),
        exposure=_exposure(tool, arguments, origins, read),
    )
    try:
        check(tool, arguments)
    except BadRequest as error:
        return replace(made, fault=error.message)
    return made


def _exposure(
    tool: Tool, arguments: dict[str, JSON], origins: frozenset[Origin], read: Iterable[Tainted[str]]
) -> Exposure:
    schema: JSON = schema_of(tool) if tool.vouched else None
    return exposure(arguments, origins, read, schema)


def ambient(tools: Iterable[Tool]) -> frozenset[Origin]:
    """What descriptions bring into every prompt: those of a server are text from outside until the operator pins them."""
    return frozenset({Origin.OUTSIDE}) if any(not tool.vouched for tool in tools) else frozenset()


def prompt(messages: tuple[Message, ...], tools: Iterable[Tool], max_tokens: int) -> Prompt:
    """What a model reads for the next step."""
    offered = tuple(Offered(one.name, one.description, one.parameters) for one in tools)
    return Prompt(messages, tools=offered, max_tokens=max_tokens)


def approval_request(run: Run, call: Call, tool: Tool, request_id: RequestId, deadline_s: float) -> Request:
    """What a person at the cloud tier is asked: the task in the user's words, the tool, and the very call that waits."""
    task = "\n".join(one.message.content for one in run.said if one.message.role is Role.USER)
    asked = (
        "A device's agent wants to carry out the call below, which cannot be undone. Approve it by releasing exactly this call; "
        f"decline it otherwise.\nTask: {task}\nCall: {call.tool} {call.arguments}"
    )
    proposal = ToolCall(call.id, call.tool, call.arguments)
    messages = (
        Message(Role.USER, asked),
        Message(Role.ASSISTANT, "", tool_calls=(proposal,)),
        Message(Role.TOOL, "not carried out: it waits for approval", tool_call_id=call.id),
    )
    offered = (Offered(tool.name, tool.description, tool.parameters),)
    return Request(
        prompt=Prompt(messages, tools=offered, tool_choice=ToolChoice.REQUIRED, forced_tool=tool.name),
        request_id=request_id,
        conversation=run.conversation,
        trace=run.trace,
        application=run.application,
        deadline_s=deadline_s,
        keep_local=run.keep_local,
        ask_review=True,
        consented=run.consented,
    )
