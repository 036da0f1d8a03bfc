"""POST /v1/responses, OpenAI's newer shape of the same turn: items in, items out. What is stored is the memory's business."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Annotated, Literal

import msgspec

from edge.gateway.dialect import Spoken, refuse
from edge.gateway.door import AUTO
from edge.gateway.offers import tools
from edge.gateway.reading import decoded, decoded_part, null, object_text
from edge.gateway.responses_page import Echo, events, whole
from edge.gateway.schema import ChatCall, StreamOptions
from edge.memory.rules import Thread
from tidegate.chat import Message, Prompt, Role, Tool, ToolCall, ToolChoice
from tidegate.errors import BadRequest

_Name = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.-]{1,128}$")]
_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]


class OfferedTool(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    type: Literal["function"]
    name: _Name
    parameters: msgspec.Raw = msgspec.field(default_factory=null)
    description: str | None = None
    strict: bool | None = None
    defer_loading: bool | None = None
    allowed_callers: tuple[str, ...] | None = None
    output_schema: msgspec.Raw = msgspec.field(default_factory=null)


class NamedTool(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    type: Literal["function"]
    name: str


class NamedConversation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: _Id


class Format(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    type: Literal["text", "json_object", "json_schema"]
    name: str = ""
    schema: msgspec.Raw = msgspec.field(default_factory=null)
    description: str | None = None
    strict: bool | None = None


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: Format | None = None
    verbosity: str | None = None


class ResponseBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """POST /v1/responses. edge.gateway.compat says what becomes of each field."""

    model: str
    input: str | Annotated[tuple[msgspec.Raw, ...], msgspec.Meta(min_length=1, max_length=2000)]
    instructions: str | None = None
    tools: Annotated[tuple[msgspec.Raw, ...], msgspec.Meta(max_length=128)] | None = None
    tool_choice: Literal["none", "auto", "required"] | NamedTool | None = None
    parallel_tool_calls: bool | None = None
    text: Text | None = None
    include: tuple[str, ...] | None = None
    max_output_tokens: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] | None = None
    metadata: dict[str, str] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    temperature: Annotated[float, msgspec.Meta(ge=0, le=2)] | None = None
    top_logprobs: Annotated[int, msgspec.Meta(ge=0, le=20)] | None = None
    top_p: Annotated[float, msgspec.Meta(gt=0, le=1)] | None = None
    access_programs: msgspec.Raw = msgspec.field(default_factory=null)
    max_tool_calls: Annotated[int, msgspec.Meta(ge=1)] | None = None
    prompt_cache_key: str | None = None
    prompt_cache_options: msgspec.Raw = msgspec.field(default_factory=null)
    prompt_cache_retention: str | None = None
    reasoning: msgspec.Raw = msgspec.field(default_factory=null)
    safety_identifier: str | None = None
    service_tier: str | None = None
    store: bool | None = None
    truncation: Literal["auto", "disabled"] | None = None
    user: str | None = None
    background: bool | None = None
    background_options: msgspec.Raw = msgspec.field(default_factory=null)
    context_management: msgspec.Raw = msgspec.field(default_factory=null)
    conversation: _Id | NamedConversation | None = None
    image: msgspec.Raw = msgspec.field(default_factory=null)
    moderation: msgspec.Raw = msgspec.field(default_factory=null)
    previous_response_id: _Id | None = None
    prompt: msgspec.Raw = msgspec.field(default_factory=null)


class InputTokensBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """POST /v1/responses/input_tokens: the fields of a response that say what is read."""

    model: str | None = None
    input: str | Annotated[tuple[msgspec.Raw, ...], msgspec.Meta(min_length=1, max_length=2000)] | None = None
    instructions: str | None = None
    tools: Annotated[tuple[msgspec.Raw, ...], msgspec.Meta(max_length=128)] | None = None
    tool_choice: Literal["none", "auto", "required"] | NamedTool | None = None
    parallel_tool_calls: bool | None = None
    text: Text | None = None
    conversation: _Id | NamedConversation | None = None
    previous_response_id: _Id | None = None
    reasoning: msgspec.Raw = msgspec.field(default_factory=null)
    personality: str | None = None
    truncation: Literal["auto", "disabled"] | None = None


REFUSED = (
    "background_options",
    "context_management",
    "image",
    "moderation",
    "prompt",
)


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An item of any kind that is read here."""

    type: Literal["message", "function_call", "function_call_output", "reasoning"] = "message"
    role: Literal["user", "system", "developer", "assistant"] | None = None
    content: str | tuple[msgspec.Raw, ...] | None = None
    call_id: str = ""
    name: str = ""
    arguments: str = ""
    output: str | tuple[msgspec.Raw, ...] = ""
    id: str | None = None
    status: str | None = None
    phase: str | None = None
    caller: msgspec.Raw = msgspec.field(default_factory=null)
    namespace: str | None = None
    summary: msgspec.Raw = msgspec.field(default_factory=null)
    encrypted_content: str | None = None


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    type: Literal["input_text", "output_text", "text", "refusal"]
    text: str = ""
    refusal: str = ""
    annotations: msgspec.Raw = msgspec.field(default_factory=null)
    logprobs: msgspec.Raw = msgspec.field(default_factory=null)
    prompt_cache_breakpoint: msgspec.Raw = msgspec.field(default_factory=null)


class _Kinded(msgspec.Struct, frozen=True):
    type: str = "message"


_decoder = msgspec.json.Decoder(ResponseBody)
_count_decoder = msgspec.json.Decoder(InputTokensBody)
_item_decoder = msgspec.json.Decoder(Item)
_part_decoder = msgspec.json.Decoder(Part)
_tool_decoder = msgspec.json.Decoder(OfferedTool)
_kind_decoder = msgspec.json.Decoder(_Kinded)
_ITEMS = ("message", "function_call", "function_call_output", "reasoning")
_PARTS = ("input_text", "output_text", "text", "refusal")
_LOGPROBS = "message.output_text.logprobs"


def read(body: bytes, max_depth: int) -> Spoken:
    """The call in the body, and how its page is written. Raises BadRequest whose `param` names the field that is wrong."""
    return _spoken(decoded(_decoder, body, max_depth))


def read_count(body: bytes, max_depth: int) -> ChatCall:
    """The same for POST /v1/responses/input_tokens, whose body may leave out the model and the input. Raises BadRequest."""
    found = decoded(_count_decoder, body, max_depth)
    whole = ResponseBody(
        model=found.model or AUTO,
        input=found.input if found.input is not None else "",
        instructions=found.instructions,
        tools=found.tools,
        tool_choice=found.tool_choice,
        parallel_tool_calls=found.parallel_tool_calls,
        text=found.text,
        conversation=found.conversation,
        previous_response_id=found.previous_response_id,
    )
    return _spoken(whole).call


def _spoken(found: ResponseBody) -> Spoken:
    refuse(found, REFUSED)
    if found.background:
        raise BadRequest(
            "background: what waits here becomes a ticket by itself",
            code="unsupported_parameter",
            param="background",
        )
    logprobs = _LOGPROBS in (found.include or ())
    if found.top_logprobs and not logprobs:
        raise BadRequest(f"top_logprobs needs {_LOGPROBS} in include", param="top_logprobs")
    offered = tools(found.tools or (), _tool_decoder, kinds=(None, "function"), schema="parameters")
    choice, forced = _choice(found, offered)
    prompt = Prompt(
        messages=_messages(found),
        tools=offered,
        tool_choice=choice,
        forced_tool=forced,
        response_schema=_schema(found.text.format if found.text is not None else None),
        max_tokens=found.max_output_tokens or 256,
        temperature=found.temperature or 0.0,
        top_p=found.top_p or 1.0,
        top_logprobs=(found.top_logprobs or 0) if logprobs else 0,
    )
    call = ChatCall(
        prompt=prompt,
        model=found.model,
        stream=bool(found.stream),
        logprobs=logprobs,
        parallel=found.parallel_tool_calls is not False,
        thread=_thread(found),
    )
    echo = Echo(
        prompt=prompt,
        instructions=found.instructions,
        max_output_tokens=found.max_output_tokens,
        metadata=found.metadata or {},
        kind=found.text.format.type if found.text is not None and found.text.format is not None else "text",
        schema_name=found.text.format.name
        if found.text is not None and found.text.format is not None
        else "",
    )
    return Spoken(call, partial(whole, echo), partial(events, echo), event_of_error="error")


def _thread(found: ResponseBody) -> Thread:
    named = found.conversation.id if isinstance(found.conversation, NamedConversation) else found.conversation
    if named and found.previous_response_id:
        raise BadRequest("conversation: not together with previous_response_id", param="conversation")
    return Thread(
        store=found.store,
        previous=found.previous_response_id or "",
        named=named or "",
        response=True,
        instructed=bool(found.instructions),
    )


def _messages(found: ResponseBody) -> tuple[Message, ...]:
    messages = [Message(Role.SYSTEM, found.instructions)] if found.instructions else []
    if isinstance(found.input, str):
        return (*messages, Message(Role.USER, found.input))
    for at, raw in enumerate(found.input):
        where = f"input[{at}]"
        if decoded_part(_kind_decoder, raw, where).type not in _ITEMS:
            raise BadRequest(
                f"{where}: only {', '.join(_ITEMS)} items are read here",
                code="unsupported_content",
                param=f"{where}.type",
            )
        _add(messages, decoded_part(_item_decoder, raw, where), where)
    if not messages:
        raise BadRequest("input: nothing is asked", code="invalid_parameter", param="input")
    return tuple(messages)


def _add(messages: list[Message], item: Item, where: str) -> None:
    """One item as a turn, or as a call of the assistant turn before it."""
    match item.type:
        case "message":
            if item.role is None or item.content is None:
                raise _missing(f"{where}.{'role' if item.role is None else 'content'}")
            role = Role.SYSTEM if item.role == "developer" else Role(item.role)
            messages.append(Message(role, _texts(item.content, f"{where}.content")))
        case "function_call":
            if not item.call_id or not item.name:
                raise _missing(f"{where}.{'name' if item.call_id else 'call_id'}")
            call = ToolCall(item.call_id, item.name, item.arguments)
            if messages and messages[-1].role is Role.ASSISTANT:
                messages[-1] = replace(messages[-1], tool_calls=(*messages[-1].tool_calls, call))
            else:
                messages.append(Message(Role.ASSISTANT, "", tool_calls=(call,)))
        case "function_call_output":
            if not item.call_id:
                raise _missing(f"{where}.call_id")
            text = _texts(item.output, f"{where}.output")
            messages.append(Message(Role.TOOL, text, tool_call_id=item.call_id))
        case "reasoning":
            pass  # another model's; ours do not reason aloud


def _texts(content: str | tuple[msgspec.Raw, ...], where: str) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(_part(raw, f"{where}[{at}]") for at, raw in enumerate(content))


def _part(raw: msgspec.Raw, where: str) -> str:
    if decoded_part(_kind_decoder, raw, where).type not in _PARTS:
        raise BadRequest(
            f"{where}: only text is answered here", code="unsupported_content", param=f"{where}.type"
        )
    part = decoded_part(_part_decoder, raw, where)
    return part.text or part.refusal


def _choice(found: ResponseBody, tools: tuple[Tool, ...]) -> tuple[ToolChoice, str]:
    choice = found.tool_choice
    if isinstance(choice, NamedTool):
        if all(tool.name != choice.name for tool in tools):
            raise BadRequest("tool_choice.name: no such tool", param="tool_choice.name")
        return ToolChoice.REQUIRED, choice.name
    if choice == "required" and not tools:
        raise BadRequest("tool_choice: required, but no tools are offered", param="tool_choice")
    return ToolChoice(choice or "auto"), ""


def _schema(wanted: Format | None) -> str:
    if wanted is None or wanted.type == "text":
        return ""
    if wanted.type == "json_object":
        return '{"type":"object"}'
    if bytes(wanted.schema) == b"null":
        raise _missing("text.format.schema")
    return object_text(wanted.schema, "text.format.schema")


def _missing(where: str) -> BadRequest:
    return BadRequest(f"{where}: missing", code="missing_parameter", param=where)
