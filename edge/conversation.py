"""Which conversation a request belongs to, and which earlier question a late answer belongs to. Pure, keyed digests.

An application may name its conversation (header `x-tidegate-conversation`); the name itself never leaves, only its keyed
digest. Otherwise a conversation is known by its application and its first user message. Two conversations may begin
alike, so a late answer is shown in a conversation known that way only when the question it answers stands in it.
"""

from __future__ import annotations

from collections.abc import Iterator

from edge.device_key import DeviceKey
from tidegate.chat import Message, Prompt, Role
from tidegate.ids import ConversationId, RequestId


def identify(key: DeviceKey, application: str, named: str, prompt: Prompt) -> ConversationId:
    """The same id for every turn of a conversation, unguessable from outside."""
    first = next((m.content for m in prompt.messages if m.role is Role.USER), "")
    mac = key.mac("conversation", application, "named" if named else "first", named or first)
    return ConversationId("conv_" + mac[:16].hex())


def repeatable_id(key: DeviceKey, application: str, idempotency_key: str, index: int) -> RequestId:
    """The request id for an application's Idempotency-Key: a retry meets its first try in the spool."""
    return RequestId("req_" + key.mac("request", application, idempotency_key, str(index))[:16].hex())


def asked(key: DeviceKey, application: str, prompt: Prompt) -> bytes:
    """What the application has asked: the user's turns up to the last one."""
    macs = list(questions(key, application, prompt))
    return macs[-1] if macs else key.mac("asked", application)


def questions(key: DeviceKey, application: str, prompt: Prompt) -> Iterator[bytes]:
    """One keyed digest per user turn, each over the user turns so far."""
    seen: list[str] = []
    for message in prompt.messages:
        if message.role is Role.USER:
            seen.append(message.content)
            yield key.mac("asked", application, *seen)


def body(key: DeviceKey, application: str, prompt: Prompt) -> bytes:
    """A keyed digest of everything a model would read: a repeat with other content is another request."""
    parts = [part for message in prompt.messages for part in _parts(message)]
    for tool in prompt.tools:
        parts += [tool.name, tool.description, tool.parameters]
    parts += [prompt.tool_choice, prompt.forced_tool, prompt.response_schema, str(prompt.max_tokens)]
    return key.mac("body", application, *parts)


def _parts(message: Message) -> Iterator[str]:
    yield from (message.role, message.content, message.tool_call_id, str(len(message.tool_calls)))
    for call in message.tool_calls:
        yield from (call.id, call.name, call.arguments)
