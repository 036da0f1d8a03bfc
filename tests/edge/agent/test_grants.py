"""What a grant covers, and what it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge.agent.grants import Asking, Covered, Grant, Scope, covered
from edge.agent.permit import Approval
from edge.agent.run import Call
from edge.agent.taint import Origin
from tidegate.ids import ConversationId

CALL = Call("call_0_0", "send", "{}", "d1", frozenset({Origin.MODEL}))
HERE = ConversationId("conv_here")
ASKING = Asking("app", HERE, now=100.0, user="run_1 call_0_0")
GRANT = Grant("grt_1", Scope.APPLICATION, "app", "send", created_at=1.0)
ONCE = replace(GRANT, scope=Scope.ONCE)
STANDING = Covered(granted=True)


@pytest.mark.parametrize(
    ("grant", "gives"),
    [
        (GRANT, STANDING),
        (replace(GRANT, tool="*"), STANDING),
        (replace(GRANT, application="*"), STANDING),
        (replace(GRANT, tool="sender"), Covered()),
        (replace(GRANT, application="apple"), Covered()),
        (replace(GRANT, expires_at=100.0), Covered()),
        (replace(GRANT, expires_at=100.5), STANDING),
        (
            replace(GRANT, digest="d1"),
            Covered(),
        ),  # exact bytes are for one call, never for all of an application
        (replace(GRANT, scope=Scope.CONVERSATION, conversation=HERE), STANDING),
        (replace(GRANT, scope=Scope.CONVERSATION, conversation=ConversationId("conv_there")), Covered()),
        (replace(GRANT, scope=Scope.CONVERSATION), Covered()),
        (ONCE, Covered(granted=True, uses="grt_1")),
        (replace(ONCE, used_at=5.0, used_by="run_2 call_0_0"), Covered()),
        (replace(ONCE, used_at=5.0, used_by=ASKING.user), Covered(granted=True, uses="grt_1")),
        (replace(ONCE, digest="d1"), Covered(granted=True, approval=Approval.USER, uses="grt_1")),
        (replace(ONCE, digest="d2"), Covered()),
    ],
)
def test_a_grant_gives_what_it_says_and_nothing_beside(grant: Grant, gives: Covered) -> None:
    assert covered(CALL, [grant], asking=ASKING) == gives


def test_a_grant_for_one_call_is_kept_for_when_it_is_needed() -> None:
    assert covered(CALL, [ONCE, GRANT], asking=ASKING) == STANDING
    exact = replace(ONCE, id="grt_2", digest="d1")
    assert covered(CALL, [GRANT, exact], asking=ASKING).approval is Approval.USER
