"""POST /v1/messages, Anthropic's shape of the same turn: content blocks in, content blocks out."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

import msgspec

from edge.gateway.dialect import Spoken, refuse
from edge.gateway.messages_page import events, whole
from edge.gateway.offers import tools
from edge.gateway.reading import decoded, decoded_part, null, object_text
from edge.gateway.schema import ChatCall
from tidegate.chat import Message, Prompt, Role, Tool, ToolCall, ToolChoice
from tidegate.errors import BadRequest

_Name = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.-]{1,128}$")]


class Turn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    role: Literal["user", "assistant", "system"]
    content: str | tuple[msgspec.Raw, ...]


class OfferedTool(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: _Name
    parameters: msgspec.Raw = msgspec.field(default_factory=null, name="input_schema")
    description: str = ""
    type: str | None = None
    strict: bool | None = None
    cache_control: msgspec.Raw = msgspec.field(default_factory=null)
    defer_loading: bool | None = None
    eager_input_streaming: bool | None = None
    allowed_callers: tuple[str, ...] | None = None
    input_examples: msgspec.Raw = msgspec.field(default_factory=null)


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    type: Literal["auto", "any", "tool", "none"]
    name: str = ""
    disable_parallel_tool_use: bool | None = None


class OutputFormat(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    type: Literal["json_schema"]
    schema: msgspec.Raw


class OutputConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    effort: str | None = None
    format: OutputFormat | None = None


class CountBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """POST /v1/messages/count_tokens: what a message is asked with, but for how it is to be answered."""

    model: str
    messages: Annotated[tuple[Turn, ...], msgspec.Meta(min_length=1, max_length=2000)]
    system: str | tuple[msgspec.Raw, ...] | None = None
    tools: Annotated[tuple[msgspec.Raw, ...], msgspec.Meta(max_length=128)] | None = None
    tool_choice: Choice | None = None
    output_config: OutputConfig | None = None
    cache_control: msgspec.Raw = msgspec.field(default_factory=null)
    speed: str | None = None
    thinking: msgspec.Raw = msgspec.field(default_factory=null)
    user_profile_id: str | None = None
    workspace_id: str | None = None
    context_management: msgspec.Raw = msgspec.field(default_factory=null)
    mcp_servers: msgspec.Raw = msgspec.field(default_factory=null)


class MessagesBody(CountBody, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """POST /v1/messages. edge.gateway.compat says what becomes of each field."""

    max_tokens: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
    stop_sequences: Annotated[tuple[str, ...], msgspec.Meta(max_length=4)] | None = None
    stream: bool | None = None
    temperature: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    top_p: Annotated[float, msgspec.Meta(gt=0, le=1)] | None = None
    top_k: Annotated[int, msgspec.Meta(ge=0)] | None = None
    diagnostics: msgspec.Raw = msgspec.field(default_factory=null)
    inference_geo: str | None = None
    metadata: dict[str, str | None] | None = None
    service_tier: str | None = None
    container: msgspec.Raw = msgspec.field(default_factory=null)


_ELSEWHERE = ("context_management", "mcp_servers")
REFUSED = ("container", *_ELSEWHERE)


class Block(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A content block of any kind that is read here."""

    type: Literal["text", "tool_use", "tool_result", "thinking", "redacted_thinking"]
    text: str = ""
    id: str = ""
    name: str = ""
    input: msgspec.Raw = msgspec.field(default_factory=null)
    tool_use_id: str = ""
    content: str | tuple[msgspec.Raw, ...] | None = None
    is_error: bool | None = None
    cache_control: msgspec.Raw = msgspec.field(default_factory=null)
    caller: msgspec.Raw = msgspec.field(default_factory=null)
    citations: msgspec.Raw = msgspec.field(default_factory=null)
    data: str = ""
    signature: str = ""
    thinking: str = ""
    toolset_name: str | None = None


class _Kinded(msgspec.Struct, frozen=True):
    type: str | None = None


_decoder = msgspec.json.Decoder(MessagesBody)
_count_decoder = msgspec.json.Decoder(CountBody)
_kind_decoder = msgspec.json.Decoder(_Kinded)
_block_decoder = msgspec.json.Decoder(Block)
_tool_decoder = msgspec.json.Decoder(OfferedTool)
_KINDS = ("text", "tool_use", "tool_result", "thinking", "redacted_thinking")
_CHOICES = {
    "auto": ToolChoice.AUTO,
    "any": ToolChoice.REQUIRED,
    "tool": ToolChoice.REQUIRED,
    "none": ToolChoice.NONE,
}


def read(body: bytes, max_depth: int) -> Spoken:
    """The call in the body, and how its page is written. Raises BadRequest whose `param` names the field that is wrong."""
    found = decoded(_decoder, body, max_depth)
    refuse(found, REFUSED)
    prompt = replace(
        _prompt(found),
        max_tokens=found.max_tokens,
        temperature=found.temperature or 0.0,
        top_p=found.top_p or 1.0,
        stop=found.stop_sequences or (),
    )
    parallel = found.tool_choice is None or not found.tool_choice.disable_parallel_tool_use
    call = ChatCall(prompt=prompt, model=found.model, stream=bool(found.stream), parallel=parallel)
    return Spoken(call, whole, events, event_of_error="error")


def read_count(body: bytes, max_depth: int) -> ChatCall:
    """POST /v1/messages/count_tokens: the call whose tokens are counted. Raises BadRequest as `read` does."""
    found = decoded(_count_decoder, body, max_depth)
    refuse(found, _ELSEWHERE)
    return ChatCall(prompt=_prompt(found), model=found.model)


def _prompt(found: CountBody) -> Prompt:
    """What is asked, without how it is to be answered."""
    offered = tools(found.tools or (), _tool_decoder, kinds=(None, "custom"), schema="input_schema")
    choice, forced = _choice(found.tool_choice, offered)
    messages = [Message(Role.SYSTEM, _texts(found.system, "system"))] if found.system else []
    for at, turn in enumerate(found.messages):
        messages += _messages(turn, f"messages[{at}]")
    wanted = found.output_config.format if found.output_config is not None else None
    return Prompt(
        messages=tuple(messages),
        tools=offered,
        tool_choice=choice,
        forced_tool=forced,
        response_schema=object_text(wanted.schema, "output_config.format.schema") if wanted else "",
    )


def _messages(turn: Turn, where: str) -> list[Message]:
    """A turn's blocks as turns: tool results first, then what the user says; calls with what the assistant says."""
    role = Role(turn.role)
    if isinstance(turn.content, str):
        return [Message(role, turn.content)]
    blocks = [_block(raw, f"{where}.content[{at}]") for at, raw in enumerate(turn.content)]
    said: list[str] = []
    calls: list[ToolCall] = []
    results: list[Message] = []
    for at, block in enumerate(blocks):
        here = f"{where}.content[{at}]"
        match block.type:
            case "text":
                said.append(block.text)
            case "tool_use":
                calls.append(_call(block, role, here))
            case "tool_result":
                results.append(_result(block, role, here))
            case "thinking" | "redacted_thinking":
                pass  # another model's; ours do not reason aloud
    if said or calls or not results:
        results.append(Message(role, "\n".join(said), tool_calls=tuple(calls)))
    return results


def _call(block: Block, role: Role, where: str) -> ToolCall:
    if role is not Role.ASSISTANT:
        raise BadRequest(f"{where}: tool_use stands in assistant turns", param=f"{where}.type")
    if not block.id or not block.name:
        missing = f"{where}.{'name' if block.id else 'id'}"
        raise BadRequest(f"{missing}: missing", code="missing_parameter", param=missing)
    return ToolCall(block.id, block.name, object_text(block.input, f"{where}.input"))


def _result(block: Block, role: Role, where: str) -> Message:
    if role is not Role.USER:
        raise BadRequest(f"{where}: tool_result stands in user turns", param=f"{where}.type")
    if not block.tool_use_id:
        missing = f"{where}.tool_use_id"
        raise BadRequest(f"{missing}: missing", code="missing_parameter", param=missing)
    text = _texts(block.content or "", f"{where}.content")
    return Message(Role.TOOL, f"error: {text}" if block.is_error else text, tool_call_id=block.tool_use_id)


def _texts(content: str | tuple[msgspec.Raw, ...] | None, where: str) -> str:
    """Text, or text blocks one below the other."""
    if content is None or isinstance(content, str):
        return content or ""
    return "\n".join(_block(raw, f"{where}[{at}]", ("text",)).text for at, raw in enumerate(content))


def _block(raw: msgspec.Raw, where: str, kinds: tuple[str, ...] = _KINDS) -> Block:
    if decoded_part(_kind_decoder, raw, where).type not in kinds:
        raise BadRequest(
            f"{where}: only {', '.join(kinds)} blocks are read here",
            code="unsupported_content",
            param=f"{where}.type",
        )
    return decoded_part(_block_decoder, raw, where)


def _choice(choice: Choice | None, tools: tuple[Tool, ...]) -> tuple[ToolChoice, str]:
    if choice is None:
        return ToolChoice.AUTO, ""
    if choice.type in ("any", "tool") and not tools:
        raise BadRequest("tool_choice: a tool is required, but none is offered", param="tool_choice")
    if choice.type == "tool" and all(tool.name != choice.name for tool in tools):
        raise BadRequest("tool_choice.name: no such tool", param="tool_choice.name")
    return _CHOICES[choice.type], choice.name if choice.type == "tool" else ""
