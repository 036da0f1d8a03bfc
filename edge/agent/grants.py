"""What a person has allowed beforehand: for an application, for one conversation, or once. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from edge.agent.permit import Approval
from edge.agent.run import Call
from tidegate.ids import ConversationId

NEVER = 0.0
ANY = "*"
NOWHERE = ConversationId("")


class Scope(StrEnum):
    APPLICATION = "application"
    CONVERSATION = "conversation"
    ONCE = "once"  # one call; with a digest: these exact bytes, which is an approval given beforehand


@dataclass(frozen=True, slots=True)
class Grant:
    """One grant. `tool` may be `*` (every tool, never more than a grant can give). `expires_at` 0: until revoked."""

    id: str
    scope: Scope
    application: str
    tool: str
    created_at: float
    conversation: ConversationId = NOWHERE
    digest: str = ""
    expires_at: float = NEVER
    used_at: float = NEVER
    used_by: str = ""


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, and when. `user` names the one call that a grant would be used up by."""

    application: str
    conversation: ConversationId
    now: float
    user: str


@dataclass(frozen=True, slots=True)
class Covered:
    """What grants give a call: a standing grant, an approval of its bytes, and the grant that is used up by it."""

    granted: bool = False
    approval: Approval = Approval.NONE
    uses: str = ""


def covered(call: Call, grants: Iterable[Grant], *, asking: Asking) -> Covered:
    """What these grants give this call. A standing one is preferred to one that would be used up; exact bytes to any."""
    fitting = [one for one in grants if _fits(one, call, asking)]
    exact = next((one for one in fitting if one.scope is Scope.ONCE and one.digest), None)
    if exact is not None:
        return Covered(granted=True, approval=Approval.USER, uses=exact.id)
    if any(one.scope is not Scope.ONCE for one in fitting):
        return Covered(granted=True)
    once = next(iter(fitting), None)
    return Covered(granted=True, uses=once.id) if once is not None else Covered()


def _fits(grant: Grant, call: Call, asking: Asking) -> bool:
    if grant.application not in (asking.application, ANY) or grant.tool not in (call.tool, ANY):
        return False
    if grant.expires_at and grant.expires_at <= asking.now:
        return False
    match grant.scope:
        case Scope.APPLICATION:
            return not grant.digest
        case Scope.CONVERSATION:
            return grant.conversation == asking.conversation and not grant.digest
        case Scope.ONCE:
            unused = (
                not grant.used_at or grant.used_by == asking.user
            )  # the same call again after a power cut
            return unused and grant.digest in ("", call.digest)
