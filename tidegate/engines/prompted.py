"""Tools for models whose chat template knows none: described in words, called and answered in Hermes's way. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace

from tidegate.chat import JSON, Message, Prompt, Role, ToolChoice
from tidegate.engines.families import CLOSE, OPEN

_HOW = (
    "You can use tools. To use one, answer with nothing but\n"
    f'{OPEN}\n{{"name": "<name of the tool>", "arguments": {{<its arguments>}}}}\n{CLOSE}\n'
    "If no tool fits, answer in words. The tools:\n"
)


def in_words(prompt: Prompt, *, system: bool) -> Prompt:
    """The prompt without tools, calls and tool turns: they are texts of turns that every template knows.

    `system`: whether the template takes a system turn; otherwise it goes before the first user turn. Turns of one role that
    follow each other become one: many templates insist that user and assistant take turns.
    """
    offered = () if prompt.tool_choice is ToolChoice.NONE else prompt.tools
    described: list[JSON] = [
        {"name": t.name, "description": t.description, "parameters": json.loads(t.parameters or "{}")}
        for t in offered
    ]
    how = [Message(Role.SYSTEM, _HOW + "\n".join(json.dumps(d, ensure_ascii=False) for d in described))]
    turns = list(_merged([*(how if offered else ()), *map(_spoken, prompt.messages)]))
    if not system and len(turns) > 1 and turns[0].role is Role.SYSTEM:
        first = replace(turns[1], role=Role.USER, content=f"{turns[0].content}\n\n{turns[1].content}")
        turns = [first, *turns[2:]]
    return replace(prompt, messages=tuple(turns), tools=())


def _spoken(message: Message) -> Message:
    """A turn as text: calls as they are written, what a tool gave back between tags."""
    if message.role is Role.TOOL:
        return Message(Role.USER, f"<tool_response>\n{message.content}\n</tool_response>")
    if not message.tool_calls:
        return message
    calls = "\n".join(
        f'{OPEN}\n{{"name": {json.dumps(c.name)}, "arguments": {c.arguments or "{}"}}}\n{CLOSE}'
        for c in message.tool_calls
    )
    return Message(message.role, f"{message.content}\n{calls}" if message.content else calls)


def _merged(messages: Iterable[Message]) -> Iterable[Message]:
    waiting: Message | None = None
    for message in messages:
        if waiting is not None and waiting.role is message.role:
            waiting = replace(waiting, content=f"{waiting.content}\n\n{message.content}")
            continue
        if waiting is not None:
            yield waiting
        waiting = message
    if waiting is not None:
        yield waiting
