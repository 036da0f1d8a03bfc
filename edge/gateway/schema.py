"""The door's input: OpenAI JSON, checked once and turned into values. Anything unknown, mistyped or too deep is named.

Tool and response schemas are kept as the JSON text the application sent.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

import msgspec

from edge.gateway.reading import decoded, decoded_part, null, object_text
from edge.memory.rules import Thread
from tidegate.chat import Message, Prompt, Role, Tool, ToolCall, ToolChoice
from tidegate.errors import BadRequest

_Long = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_Name = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.-]{1,128}$")]
_Penalty = Annotated[float, msgspec.Meta(ge=-2, le=2)]


class _Kinded(msgspec.Struct, frozen=True):
    type: str


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    type: str
    text: str = ""
    refusal: str = ""


class CalledFunction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    arguments: str


class Call(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    function: CalledFunction
    type: Literal["function"] = "function"
    index: int = 0  # some clients send back what a stream gave them


class Turn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | tuple[msgspec.Raw, ...] | None = None
    name: str = ""
    tool_calls: tuple[Call, ...] | None = None
    tool_call_id: str = ""
    refusal: str | None = None
    annotations: tuple[msgspec.Raw, ...] | None = None
    audio: None = None
    function_call: None = None
    reasoning_content: str | None = None


class OfferedFunction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: _Name
    description: str | None = None
    parameters: msgspec.Raw = msgspec.field(default_factory=null)
    strict: bool | None = None


class OfferedTool(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    type: Literal["function"]
    function: OfferedFunction


class NamedFunction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: _Name


class NamedTool(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    type: Literal["function"]
    function: NamedFunction


class JsonSchema(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    schema: msgspec.Raw = msgspec.field(default_factory=null)
    description: str | None = None
    strict: bool | None = None


class ResponseFormat(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchema | None = None


class StreamOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    include_usage: bool | None = None
    include_obfuscation: bool | None = None


class Extra(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is Tidegate's own in a body."""

    tools: Literal["device"] | None = None  # the daemon runs its own tools


class ChatBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """POST /v1/chat/completions. edge.gateway.compat says what becomes of each field."""

    model: str
    messages: Annotated[tuple[Turn, ...], msgspec.Meta(min_length=1, max_length=2000)]
    tools: Annotated[tuple[OfferedTool, ...], msgspec.Meta(max_length=128)] | None = None
    tool_choice: Literal["none", "auto", "required"] | NamedTool | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] | None = None
    max_completion_tokens: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] | None = None
    n: Annotated[int, msgspec.Meta(ge=1, le=8)] | None = None
    stop: str | Annotated[tuple[str, ...], msgspec.Meta(max_length=4)] | None = None
    seed: _Long | None = None
    temperature: Annotated[float, msgspec.Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, msgspec.Meta(gt=0, le=1)] | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, msgspec.Meta(ge=0, le=20)] | None = None
    frequency_penalty: _Penalty | None = None
    presence_penalty: _Penalty | None = None
    logit_bias: dict[str, float] | None = None
    metadata: dict[str, str] | None = None
    modalities: tuple[str, ...] | None = None
    prediction: msgspec.Raw = msgspec.field(default_factory=null)
    prompt_cache_key: str | None = None
    prompt_cache_options: msgspec.Raw = msgspec.field(default_factory=null)
    prompt_cache_retention: str | None = None
    reasoning_effort: str | None = None
    safety_identifier: str | None = None
    service_tier: str | None = None
    store: bool | None = None
    user: str | None = None
    verbosity: str | None = None
    audio: msgspec.Raw = msgspec.field(default_factory=null)
    function_call: msgspec.Raw = msgspec.field(default_factory=null)
    functions: msgspec.Raw = msgspec.field(default_factory=null)
    moderation: msgspec.Raw = msgspec.field(default_factory=null)
    web_search_options: msgspec.Raw = msgspec.field(default_factory=null)
    tidegate: Extra | None = None


REFUSED = ("audio", "function_call", "functions", "moderation", "web_search_options")


@dataclass(frozen=True, slots=True)
class ChatCall:
    """What an application asked for: the prompt, and how the answer should be written down."""

    prompt: Prompt = field(repr=False)
    model: str
    stream: bool = False
    include_usage: bool = False
    choices: int = 1
    logprobs: bool = False
    parallel: bool = True
    more: tuple[Prompt, ...] = field(default=(), repr=False)  # further prompts, each with its own choices
    thread: Thread = field(default_factory=Thread)
    device_tools: bool = False  # the daemon runs its own tools


_decoder = msgspec.json.Decoder(ChatBody)
_kind_decoder = msgspec.json.Decoder(_Kinded)
_part_decoder = msgspec.json.Decoder(Part)


def parse_chat(body: bytes, *, max_depth: int = 64, default_tokens: int = 256) -> ChatCall:
    """The call in the body. Raises BadRequest whose `param` names the field that is wrong."""
    found = decoded(_decoder, body, max_depth)
    for name in REFUSED:
        raw: object = getattr(found, name)
        if isinstance(raw, msgspec.Raw) and bytes(raw) != b"null":
            raise BadRequest(f"{name} is not supported here", code="unsupported_parameter", param=name)
    if found.modalities is not None and set(found.modalities) - {"text"}:
        raise BadRequest("only text is answered here", code="unsupported_parameter", param="modalities")
    choice, forced = _choice(found)
    logprobs = bool(found.logprobs)
    if found.top_logprobs and not logprobs:
        raise BadRequest("top_logprobs needs logprobs to be true", param="top_logprobs")
    prompt = Prompt(
        messages=tuple(_message(turn, at) for at, turn in enumerate(found.messages)),
        tools=_tools(found),
        tool_choice=choice,
        forced_tool=forced,
        response_schema=_schema(found.response_format),
        max_tokens=found.max_completion_tokens or found.max_tokens or default_tokens,
        temperature=found.temperature or 0.0,
        top_p=found.top_p or 1.0,
        seed=(found.seed or 0) & 0x7FFFFFFF,
        stop=(found.stop,) if isinstance(found.stop, str) else found.stop or (),
        top_logprobs=(found.top_logprobs or 0) if logprobs else 0,
    )
    return ChatCall(
        prompt=prompt,
        model=found.model,
        stream=bool(found.stream),
        include_usage=bool(found.stream_options and found.stream_options.include_usage),
        choices=found.n or 1,
        logprobs=logprobs,
        parallel=found.parallel_tool_calls is not False,
        device_tools=found.tidegate is not None and found.tidegate.tools is not None,
        thread=Thread(store=found.store),
    )


def _message(turn: Turn, at: int) -> Message:
    where = f"messages[{at}]"
    content = _content(turn, where)
    calls = turn.tool_calls or ()
    if calls and turn.role != "assistant":
        raise BadRequest(f"{where}.tool_calls: only on assistant messages", param=f"{where}.tool_calls")
    if turn.role == "tool" and not turn.tool_call_id:
        raise BadRequest(
            f"{where}.tool_call_id: missing", code="missing_parameter", param=f"{where}.tool_call_id"
        )
    if turn.content is None and not calls and turn.role != "assistant":
        raise BadRequest(f"{where}.content: missing", code="missing_parameter", param=f"{where}.content")
    return Message(
        role=Role.SYSTEM if turn.role == "developer" else Role(turn.role),
        content=content,
        tool_calls=tuple(ToolCall(c.id, c.function.name, c.function.arguments) for c in calls),
        tool_call_id=turn.tool_call_id,
        name=turn.name,
    )


def _content(turn: Turn, where: str) -> str:
    if turn.content is None:
        return turn.refusal or ""
    if isinstance(turn.content, str):
        return turn.content
    return "\n".join(_part(raw, f"{where}.content[{at}]") for at, raw in enumerate(turn.content))


def _part(raw: msgspec.Raw, where: str) -> str:
    if decoded_part(_kind_decoder, raw, where).type not in {"text", "refusal"}:
        raise BadRequest(
            f"{where}: only text is answered here", code="unsupported_content", param=f"{where}.type"
        )
    part = decoded_part(_part_decoder, raw, where)
    return part.text or part.refusal


def _tools(found: ChatBody) -> tuple[Tool, ...]:
    tools: list[Tool] = []
    for at, offered in enumerate(found.tools or ()):
        function = offered.function
        where = f"tools[{at}].function"
        if any(tool.name == function.name for tool in tools):
            raise BadRequest(f"{where}.name: offered twice", param=f"{where}.name")
        parameters = object_text(function.parameters, f"{where}.parameters")
        tools.append(Tool(function.name, function.description or "", parameters))
    return tuple(tools)


def _choice(found: ChatBody) -> tuple[ToolChoice, str]:
    choice = found.tool_choice
    if isinstance(choice, NamedTool):
        if not any(tool.function.name == choice.function.name for tool in found.tools or ()):
            raise BadRequest("tool_choice.function.name: no such tool", param="tool_choice.function.name")
        return ToolChoice.REQUIRED, choice.function.name
    if choice == "required" and not found.tools:
        raise BadRequest("tool_choice: required, but no tools are offered", param="tool_choice")
    return ToolChoice(choice or "auto"), ""


def _schema(wanted: ResponseFormat | None) -> str:
    if wanted is None or wanted.type == "text":
        return ""
    if wanted.type == "json_object":
        return '{"type":"object"}'
    if wanted.json_schema is None:
        raise BadRequest(
            "response_format.json_schema: missing",
            code="missing_parameter",
            param="response_format.json_schema",
        )
    return object_text(wanted.json_schema.schema, "response_format.json_schema.schema")
