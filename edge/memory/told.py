"""Conversations as JSON, for the door, the command and an export. Pure."""

from __future__ import annotations

from edge.memory.rules import Conversation, Turn
from tidegate.chat import JSON, Message
from tidegate.clock import rfc3339


def line(one: Conversation) -> dict[str, JSON]:
    """One line of a list."""
    return {
        "object": "tidegate.conversation",
        "id": one.id,
        "application": one.application,
        "turns": one.turns,
        "began": rfc3339(one.began),
        "last": rfc3339(one.last),
    }


def whole(turns: tuple[Turn, ...]) -> dict[str, JSON]:
    """A conversation with everything that was said. `turns`: at least one, oldest first."""
    first = turns[0]
    return {
        "object": "tidegate.conversation",
        "id": first.conversation,
        "application": first.application,
        "name": next((turn.named for turn in turns if turn.named), None),
        "began": rfc3339(first.at),
        "last": rfc3339(turns[-1].at),
        "turns": [_turn(turn) for turn in turns],
    }


def _turn(turn: Turn) -> JSON:
    return {
        "request": turn.id,
        "at": rfc3339(turn.at),
        "after": turn.parent or None,
        "source": turn.source,
        "ticket": turn.ticket,
        "sent": [_message(message) for message in turn.sent],
        "reply": _message(turn.reply) if turn.reply is not None else None,
    }


def _message(message: Message) -> dict[str, JSON]:
    """As OpenAI's chat has it."""
    said: dict[str, JSON] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        said["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.tool_calls
        ]
    if message.tool_call_id:
        said["tool_call_id"] = message.tool_call_id
    return said
