"""A conversation as values: what the door parses, engines read and answers are made of. Plain text; may be private."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

JSON = dict[str, "JSON"] | list["JSON"] | str | int | float | bool | None


class Role(StrEnum):
    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call a model proposes. `arguments` is JSON text as the model wrote it (OpenAI's shape)."""

    id: str
    name: str
    arguments: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Message:
    """One turn. `tool_calls` only on assistant turns, `tool_call_id` only on tool turns."""

    role: Role
    content: str = field(repr=False)
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool the application offers. `parameters` is a JSON Schema object as JSON text, exactly as received."""

    name: str
    description: str = field(repr=False)
    parameters: str = field(default="{}", repr=False)


class ToolChoice(StrEnum):
    AUTO = "auto"
    NONE = "none"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class Prompt:
    """Everything a model needs to answer. `forced_tool` names a function when tool_choice did."""

    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice = ToolChoice.AUTO
    forced_tool: str = ""
    response_schema: str = field(default="", repr=False)
    max_tokens: int = 256
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    stop: tuple[str, ...] = ()
    top_logprobs: int = 0

    @property
    def after_tool(self) -> bool:
        """Whether a tool has just given something back, so that what is due is an answer about it."""
        return bool(self.messages) and self.messages[-1].role is Role.TOOL

    def last_user(self) -> str:
        """The text of the last user turn, or the empty string."""
        return next((m.content for m in reversed(self.messages) if m.role is Role.USER), "")


@dataclass(frozen=True, slots=True)
class Usage:
    prompt_tokens: int = 0
    completion_tokens: int = 0
