"""What would leave of a request, in words for whoever asks. Redacted text alone; pure."""

from __future__ import annotations

from edge.ports import RedactedPrompt
from tidegate.chat import JSON


def shown(redacted: RedactedPrompt | None) -> dict[str, JSON]:
    """What would leave, in words: counts, turns and tools."""
    return {
        "entities": entities(redacted),
        "messages": _messages(redacted),
        "tools": _tools(redacted),
    }


def entities(redacted: RedactedPrompt | None) -> dict[str, JSON]:
    """How many private values were replaced, by label."""
    return {} if redacted is None else {str(label): count for label, count in redacted.entities.items()}


def _messages(redacted: RedactedPrompt | None) -> list[JSON]:
    if redacted is None:
        return []
    return [
        {
            "role": message.role,
            "content": message.content.text,
            "tool_calls": [
                {"id": call.id, "name": call.name.text, "arguments": call.arguments.text}
                for call in message.tool_calls
            ],
        }
        for message in redacted.messages
    ]


def _tools(redacted: RedactedPrompt | None) -> list[JSON]:
    if redacted is None:
        return []
    return [
        {"name": tool.name.text, "description": tool.description.text, "parameters": tool.parameters.text}
        for tool in redacted.tools
    ]
