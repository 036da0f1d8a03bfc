"""What the door hands in after each answer: judgements written down, kept answers counted and drawn, feedback taken."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from edge.ports import Answer, Request, Source
from edge.promise.audits import Audits, learn_from
from edge.promise.judgement import Judgement
from edge.promise.keeper import Keeper
from edge.promise.verdict import Found
from edge.routing.plan import Why
from edge.store.promises import Check, Origin, PromiseStore
from tidegate.errors import BadRequest, TidegateError
from tidegate.ids import RequestId
from tidegate.logs import Log


@dataclass(frozen=True, slots=True)
class Desk:
    """`audits` is None on a device without a way out: then nothing can be checked, and the ledger says so."""

    keeper: Keeper
    store: PromiseStore
    audits: Audits | None
    log: Log = field(default_factory=lambda: Log("edge.promise"))
    _sending: set[asyncio.Task[bool]] = field(default_factory=set)

    def after(self, request: Request, found: Answer) -> None:
        """Never raises on account of the disk: the answer is worth more than its bookkeeping. The log tells."""
        if found.judged is None:
            return
        self.keeper.told(found.judged, request)
        try:
            self._counted(request, found, found.judged)
        except TidegateError as error:
            self.log.error("promise_not_counted", error, request=request.request_id)

    def _counted(self, request: Request, found: Answer, judged: Judgement) -> None:
        if self.audits is not None and judged.line is not None and found.why is Why.BUDGET_SPENT:
            self.keeper.audited(judged.line.key, stopped=True)
        if found.source is Source.DEVICE and found.why is Why.CONFIDENT:
            slip = self.keeper.kept(judged) if judged.watched else None
            if slip is not None and self.audits is not None:
                task = asyncio.get_running_loop().create_task(self.audits.send(request, judged, slip))
                self._sending.add(task)
                task.add_done_callback(self._sending.discard)
        elif self.audits is not None:
            learn_from(found, request, self.audits)

    def feedback(self, application: str, request_id: RequestId, *, right: bool) -> None:
        """What an application says about an answer it got. Kept as an outcome; it moves no threshold, since people who
        complain are no random sample. Raises BadRequest (404): this application has no such request with a local draft."""
        one = self.store.find(request_id)
        if one is None or one.application != application:
            raise BadRequest(
                "this application has no such request with a draft of this device",
                code="unknown_request",
                param="request_id",
                status=404,
            )
        check = Check(request_id, request_id, 0.0, "", one.line, one.task, one.p_right, 1.0, b"")
        self.keeper.heard(check, Found.RIGHT if right else Found.WRONG, Origin.FEEDBACK)

    async def run(self) -> None:
        """Hears verdicts until it is cancelled; then what was counted is saved."""
        try:
            if self.audits is not None:
                await self.audits.run()
            else:
                await asyncio.Event().wait()
        finally:
            self.keeper.close()
