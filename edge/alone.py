"""What a daemon without an uplink is made of: nothing here can speak to another machine, and nothing else is loaded."""

from __future__ import annotations

from edge.ports import Delivery, Escalation, LateAnswer, RedactedPrompt, Request
from tidegate.errors import Broken
from tidegate.ids import ConversationId, RequestId, Ticket


class ClosedScreen:
    """Nothing is redacted because nothing can leave."""

    def redact(self, request: Request) -> RedactedPrompt:
        raise _closed()

    def restore(self, conversation: ConversationId, text: str) -> str:
        return text

    def restore_json(self, conversation: ConversationId, text: str) -> str:
        return text

    def injection(self, request: Request) -> float:
        return 0.0

    def forget(self, conversation: ConversationId) -> None:
        pass  # nothing was ever hidden


class NoDispatch:
    """There is no way out."""

    @property
    def present(self) -> bool:
        return False

    async def send(self, escalation: Escalation, request: Request) -> Delivery:
        raise _closed()


class NoLate:
    """Every answer comes at once."""

    def due(self, request: Request, *, named: bool) -> tuple[LateAnswer, ...]:
        return ()

    def claim(self, ticket: Ticket) -> bool:
        return False

    def claim_request(self, request_id: RequestId) -> bool:
        return False

    def withdraw(self, ticket: Ticket) -> None:
        return None

    async def collect(self, ticket: Ticket, application: str, wait_s: float) -> LateAnswer | None:
        return None

    def pending(self, application: str) -> tuple[LateAnswer, ...]:
        return ()


def _closed() -> Broken:
    return Broken("nothing leaves this device: it has no uplink", code="no_uplink")
