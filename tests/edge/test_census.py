"""Lock 5: a census of the types that may leave the device in an escalation. A free-text field beside the redacted one fails."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from types import UnionType
from typing import NewType, Union, get_args, get_origin, get_type_hints

import pytest

from edge.ports import CallRef, Escalation, PolicyVersion, RedactedPrompt
from tidegate.ids import ConversationId, RequestId, TraceId
from tidegate.privacy.redaction import Redacted
from tidegate.privacy.spans import Label

ALLOWED: Mapping[object, str] = {
    Redacted: "text that went through redact()",
    int: "a number",
    bool: "a flag",
    bytes: "the salt and the salted commitments to private values; nothing else, see BYTES",
    RequestId: "made here, or a keyed digest of the application's own key",
    ConversationId: "a keyed digest; the application's own name for it stays here",
    TraceId: "32 hex digits, checked by their parser",
    CallRef: "made by position; the application's own ids stay here",
    PolicyVersion: "the operator's own name for the policy of this device",
}
BYTES = {(RedactedPrompt, "commitment_salt"), (RedactedPrompt, "commitments")}


def leaves(kind: object, where: tuple[object, str]) -> Iterator[tuple[object, tuple[object, str]]]:
    """Every leaf type below `kind`, with the class and the field that holds it."""
    if isinstance(kind, type) and is_dataclass(kind):
        hints = get_type_hints(kind, {**vars(sys.modules[kind.__module__]), "Redacted": Redacted})
        for field in fields(kind):
            yield from leaves(hints[field.name], (kind, field.name))
    elif get_origin(kind) in (Union, UnionType) or get_origin(kind) is not None:
        for inner in get_args(kind):
            if inner is not Ellipsis and inner is not type(None):
                yield from leaves(inner, where)
    else:
        yield kind, where


def strangers(kind: object) -> list[tuple[object, tuple[object, str]]]:
    """The leaves that nobody has allowed."""
    return [
        (leaf, where)
        for leaf, where in leaves(kind, (kind, ""))
        if not (leaf in ALLOWED or (isinstance(leaf, type) and issubclass(leaf, Enum)))
        or (leaf is bytes and where not in BYTES)
    ]


def test_nothing_in_an_escalation_is_plain_text() -> None:
    assert strangers(Escalation) == []


def test_the_census_sees_every_text_that_leaves() -> None:
    where = {
        (getattr(owner, "__name__", ""), name)
        for leaf, (owner, name) in leaves(Escalation, (None, ""))
        if leaf is Redacted
    }
    assert where == {
        ("RedactedMessage", "content"),
        ("RedactedCall", "name"),
        ("RedactedCall", "arguments"),
        ("RedactedTool", "name"),
        ("RedactedTool", "description"),
        ("RedactedTool", "parameters"),
        ("RedactedPrompt", "forced_tool"),
        ("RedactedPrompt", "response_schema"),
    }  # fmt: skip


Nickname = NewType("Nickname", str)


@dataclass(frozen=True)
class WithReason:
    inner: Redacted
    reason: str


@dataclass(frozen=True)
class WithNickname:
    names: tuple[Nickname, ...]


@dataclass(frozen=True)
class WithNotes:
    notes: Mapping[Label, str] | None


@dataclass(frozen=True)
class WithBytes:
    raw: bytes


@pytest.mark.parametrize(
    ("kind", "leaf"), [(WithReason, str), (WithNickname, Nickname), (WithNotes, str), (WithBytes, bytes)]
)
def test_a_free_text_field_beside_the_redacted_one_is_found(kind: type, leaf: object) -> None:
    assert [found for found, _ in strangers(kind)] == [leaf]
