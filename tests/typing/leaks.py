"""Lines that must not type-check. Each is a way private text could leave; each carries the error that stops it.

`warn_unused_ignores` fails the build the day one of them becomes legal; tests/typing/test_leaks.py proves that each still errs.
Nothing here is ever run.
"""

from __future__ import annotations

import dataclasses

from edge.ports import Escalation, RedactedCall, RedactedMessage, RedactedPrompt, RedactedTool, Request
from tidegate.chat import Role
from tidegate.privacy.detect import Detector
from tidegate.privacy.redaction import EMPTY, Redacted, Redaction, redact
from tidegate.privacy.vault import Vault


def forging(raw: str) -> None:
    """Only redact() makes Redacted."""
    Redacted(raw)  # type: ignore[call-arg]
    Redacted(raw, object())  # type: ignore[arg-type]
    Redacted(raw, None)  # type: ignore[arg-type]
    forged: Redacted = raw  # type: ignore[assignment]
    Redaction(raw, {}, ())  # type: ignore[arg-type]
    print(forged)


class Widened(Redacted):  # type: ignore[misc]
    """A subclass could carry anything."""


def mixing(redacted: Redacted, raw: str) -> None:
    """Plain and redacted text do not join."""
    redacted + raw  # type: ignore[operator]
    raw + redacted  # type: ignore[operator]
    parts = [redacted, redacted]
    "".join(parts)  # type: ignore[arg-type]
    redacted.text = raw  # type: ignore[misc]
    redacted._text = raw  # type: ignore[attr-defined]
    len(redacted)  # type: ignore[arg-type]
    redacted[0]  # type: ignore[index]


def messages(raw: str) -> None:
    """A message, a call, a tool: each text leaf is Redacted."""
    RedactedMessage(Role.USER, raw)  # type: ignore[arg-type]
    RedactedMessage(Role.USER, f"{EMPTY}")  # type: ignore[arg-type]
    RedactedMessage(Role.USER, EMPTY, tool_call_id=raw)  # type: ignore[arg-type]
    RedactedCall(raw, EMPTY, EMPTY)  # type: ignore[arg-type]
    RedactedTool(raw, EMPTY, EMPTY)  # type: ignore[arg-type]
    RedactedTool(EMPTY, raw, EMPTY)  # type: ignore[arg-type]
    RedactedTool(EMPTY, EMPTY, raw)  # type: ignore[arg-type]


def prompts(raw: str, prompt: RedactedPrompt) -> None:
    """A prompt."""
    RedactedPrompt((raw,), (), EMPTY, EMPTY, {})  # type: ignore[arg-type]
    RedactedPrompt((), (raw,), EMPTY, EMPTY, {})  # type: ignore[arg-type]
    RedactedPrompt((), (), raw, EMPTY, {})  # type: ignore[arg-type]
    RedactedPrompt((), (), EMPTY, raw, {})  # type: ignore[arg-type]
    RedactedPrompt((), (), EMPTY, EMPTY, {raw: 1})  # type: ignore[dict-item]
    dataclasses.replace(prompt, response_schema=raw)  # type: ignore[arg-type]


def escalations(escalation: Escalation, request: Request, raw: str) -> None:
    """An escalation: no plain prompt, no free-text reason, no ids of the application's own."""
    dataclasses.replace(escalation, prompt=request.prompt)  # type: ignore[arg-type]
    dataclasses.replace(escalation, why=raw)  # type: ignore[arg-type]
    dataclasses.replace(escalation, conversation=raw)  # type: ignore[arg-type]
    dataclasses.replace(escalation, policy_version=raw)  # type: ignore[arg-type]


def arguments(raw: str, detector: Detector, vault: Vault) -> None:
    """redact() takes plain text once and gives a Redaction, not text."""
    redact(EMPTY, detector, vault)  # type: ignore[arg-type]
    leaving: Redacted = redact(raw, detector, vault)  # type: ignore[assignment]
    text: str = redact(raw, detector, vault).text  # type: ignore[assignment]
    print(leaving, text)
