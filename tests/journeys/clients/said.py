"""What every client is made to say: one tool, one sentence, one schema."""

from __future__ import annotations

from typing import Any

MODEL = "tidegate-local"
SAY = "turn on the light in the kitchen"
CALLED = {"room": "kitchen", "state": "on"}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"room": {"type": "string"}, "state": {"type": "string", "enum": ["on", "off"]}},
    "required": ["room", "state"],
}
FUNCTION: dict[str, Any] = {
    "name": "SwitchLight",
    "description": "Turns a light on or off",
    "parameters": SCHEMA,
}
TOOL: dict[str, Any] = {"type": "function", "function": FUNCTION}
CLOSED: dict[str, Any] = {
    "type": "object",
    "properties": {"room": {"type": "string", "enum": ["kitchen", "hall"]}, "on": {"type": "boolean"}},
    "required": ["room", "on"],
    "additionalProperties": False,
}


def why(package: str) -> str:
    """Why a client is not tested here."""
    return f"{package} is not installed here: scripts/test --clients has it"
