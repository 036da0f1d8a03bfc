"""The SCHEMA check: tool calls name offered tools and fit their schemas; text fits a response schema. Pure."""

from __future__ import annotations

import json

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from cloud.ports import Outcome, Passage, Proposal, Submission
from tidegate.chat import JSON, Prompt, ToolCall, ToolChoice

_DEEPEST = 32


def check(submission: Submission, proposal: Proposal, _: tuple[Passage, ...]) -> Outcome:
    """FAILED for a call nobody offered, arguments or a text that break their schema."""
    prompt = submission.prompt
    required = prompt.tool_choice is ToolChoice.REQUIRED or bool(prompt.forced_tool)
    if required and not proposal.tool_calls:
        return Outcome.FAILED
    if not proposal.tool_calls and not prompt.response_schema:
        return Outcome.NOT_APPLICABLE
    calls = all(_call_fits(call, prompt) for call in proposal.tool_calls)
    body = (
        not prompt.response_schema or bool(proposal.tool_calls) or fits(proposal.text, prompt.response_schema)
    )
    return Outcome.PASSED if calls and body else Outcome.FAILED


def _call_fits(call: ToolCall, prompt: Prompt) -> bool:
    if prompt.tool_choice is ToolChoice.NONE or (prompt.forced_tool and call.name != prompt.forced_tool):
        return False
    return any(tool.name == call.name and fits(call.arguments, tool.parameters) for tool in prompt.tools)


def fits(document: str, schema: str) -> bool:
    """Whether JSON text satisfies JSON Schema text. A broken or endlessly deep schema is satisfied by nothing."""
    try:
        instance: JSON = json.loads(document)
        rules: JSON = json.loads(schema or "{}")
        if not isinstance(rules, dict | bool) or _depth(rules) > _DEEPEST or _refers_out(rules):
            return False
        Draft202012Validator.check_schema(rules)
        return not any(True for _ in Draft202012Validator(rules).iter_errors(instance))
    except (ValueError, SchemaError, RecursionError):
        return False


def _depth(value: JSON) -> int:
    children: list[JSON] = []
    if isinstance(value, dict):
        children = list(value.values())
    elif isinstance(value, list):
        children = value
    return 1 + max((_depth(child) for child in children), default=0)


def _refers_out(value: JSON) -> bool:
    """Whether a `$ref` leaves the document: the validator would fetch it, and a schema comes from outside."""
    if isinstance(value, list):
        return any(_refers_out(child) for child in value)
    if not isinstance(value, dict):
        return False
    reference = value.get("$ref", value.get("$dynamicRef", "#"))
    return (isinstance(reference, str) and not reference.startswith("#")) or any(
        map(_refers_out, value.values())
    )
