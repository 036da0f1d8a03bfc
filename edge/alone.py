"""What a daemon without an uplink is made of: nothing here can speak to another machine, and nothing else is loaded."""

from __future__ import annotations

from edge.ports import Delivery, Escalation, LateAnswer, RedactedPrompt, Request
from tidegate.chat import Prompt
from tidegate.engines.port import ANYHOW, Draft, Terms
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

    async def collect(self, ticket: Ticket, application: str, wait_s: float) -> LateAnswer | None:
        return None

    def pending(self, application: str) -> tuple[LateAnswer, ...]:
        return ()


class NoModel:
    """No model on this device: everything is escalated, or refused when it may not leave."""

    name = ""

    def __init__(self, reason: str) -> None:
        self.reason = reason

    @property
    def ready(self) -> bool:
        return False

    @property
    def context_tokens(self) -> int:
        return 0

    @property
    def speaks(self) -> bool:
        return False

    def count_tokens(self, prompt: Prompt) -> int:
        return 0

    async def read_ahead(self, prompt: Prompt, application: str = "") -> None:
        """There is nobody who could read."""

    async def generate(self, prompt: Prompt, terms: Terms = ANYHOW) -> Draft:
        raise Broken(
            f"this device has no model: {self.reason}",
            code="no_local_model",
            hint="see `tidegate edge doctor`",
        )

    def confidence(self, prompt: Prompt, draft: Draft) -> float:
        return 0.0


def _closed() -> Broken:
    return Broken("nothing leaves this device: it has no uplink", code="no_uplink")
