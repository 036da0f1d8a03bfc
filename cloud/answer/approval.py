"""An agent's call that waits for a person: what is proposed is that very call, and nobody's model has a say. Pure."""

from __future__ import annotations

from cloud.ports import Proposal, Submission, WhyEscalated
from tidegate.chat import Role, ToolCall

MODEL = "device-agent"


def asks_approval(submission: Submission) -> bool:
    """Whether a device asks for a person's word on one call of its agent."""
    return submission.why is WhyEscalated.APPROVAL


def asked_call(submission: Submission) -> Proposal | None:
    """The one call a person is asked about, byte for byte as it came; None when the request does not hold exactly one."""
    if not asks_approval(submission):
        return None
    calls: list[ToolCall] = [
        call
        for message in submission.prompt.messages
        if message.role is Role.ASSISTANT
        for call in message.tool_calls
    ]
    return Proposal("", tool_calls=(calls[0],), model=MODEL) if len(calls) == 1 else None
