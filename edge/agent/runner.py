"""Runs the agent's table: every state is saved before its effect is carried out, and every effect brings the next event.

One task per run. A run that waits costs a row on disk and a sleeping task; after a power cut it goes on where it was.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import assert_never

from edge.agent import acting, asking, waiting
from edge.agent.machine import (
    Ask,
    AwaitPerson,
    AwaitTicket,
    Cancelled,
    Carry,
    Deed,
    Failed,
    Happening,
    Judge,
    Rest,
    resume,
    step,
    tell,
)
from edge.agent.ports import Verdict
from edge.agent.prepare import ambient
from edge.agent.run import Event, Limits, Phase, Run, RunState, Said, Step, Stop
from edge.agent.workshop import Workshop
from tidegate.errors import BadRequest, Exhausted, TidegateError
from tidegate.failpoint import failpoint
from tidegate.ids import ConversationId, TraceId, new_trace_id
from tidegate.logs import Log

OWNER = ""  # who reads and decides as the device's owner has every application's runs


@dataclass(frozen=True, slots=True)
class Order:
    """What an application asks of an agent. `tools` None: every tool of the device."""

    application: str
    conversation: ConversationId
    said: tuple[Said, ...] = field(repr=False)
    limits: Limits
    tools: tuple[str, ...] | None = None
    keep_local: bool = False
    consented: bool = False
    max_tokens: int = 256
    trace: TraceId | None = None


@dataclass(slots=True)
class _Active:
    """A run that is at work or waits."""

    run: Run
    moved: asyncio.Event = field(default_factory=asyncio.Event)
    poked: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None
    cancelled: bool = False


class Agents:
    """All runs of this device."""

    def __init__(self, workshop: Workshop, *, most_active: int = 32) -> None:
        self._shop = workshop
        self._most = most_active
        self._active: dict[str, _Active] = {}
        self._log = Log("edge.agent")

    def refit(self, change: Callable[[Workshop], Workshop], *, most_active: int) -> None:
        """From the next step of each run on; what waits already waits as long as it was told."""
        self._shop, self._most = change(self._shop), most_active

    async def start(self, order: Order) -> Run:
        """A new run, on disk and on its way. Raises BadRequest for a tool that is not here, Exhausted when too many run."""
        if len(self._active) >= self._most:
            raise Exhausted(
                f"{self._most} runs of the agent are at work or waiting", code="queue_full", status=429
            )
        tools = await self._shop.toolbox.tools()
        names = tuple(tools) if order.tools is None else order.tools
        unknown = next((name for name in names if name not in tools), None)
        if unknown is not None:
            raise BadRequest(
                "tools: there is no such tool on this device", code="unknown_tool", param="tools", status=404
            )
        run = Run(
            id="run_" + secrets.token_hex(12),
            application=order.application,
            conversation=order.conversation,
            trace=order.trace or new_trace_id(),
            created_at=self._shop.clock.now(),
            limits=order.limits,
            tools=names,
            said=order.said,
            ambient=ambient(tools[name] for name in names),
            keep_local=order.keep_local,
            consented=order.consented,
            max_tokens=order.max_tokens,
        )
        run = tell(run, self._shop.clock.now(), Step.STARTED, note=f"{len(names)} tools")
        self._spawn(run, Ask())
        failpoint("edge.agent.started")
        return run

    def wake(self) -> int:
        """Takes up every run that was at work or waiting when this device went down. Returns how many."""
        woken = 0
        for sealed in self._shop.runs.live():
            try:
                run, deed = resume(self._shop.seal.open(sealed), self._shop.clock.now())
            except TidegateError as error:
                self._log.error("agent_run_unreadable", error)
                continue
            self._spawn(run, deed)
            woken += 1
        return woken

    def get(self, run: str, application: str) -> Run:
        """The run as it stands. Raises BadRequest (404) when this application has none of that id; the owner has no name."""
        active = self._active.get(run)
        found = active.run if active is not None else self._stored(run)
        if found is None or application not in (OWNER, found.application):
            raise BadRequest("this application has no such run", code="unknown_run", param="run", status=404)
        return found

    def latest(self, application: str, most: int = 50) -> list[Run]:
        """The newest runs of an application (of all, for the owner: an empty name), newest first."""
        found: list[Run] = []
        for sealed in self._shop.runs.latest(application, most):
            with contextlib.suppress(TidegateError):
                found.append(self._shop.seal.open(sealed))
        return found

    def decide(self, run: str, application: str, digest: str, *, approved: bool) -> Run:
        """The user's word on the call that waits. Raises BadRequest: nothing waits (409), or it is about other bytes (409)."""
        found = self.get(run, application)
        verdict = verdict_on(found, digest, approved=approved, now=self._shop.clock.now())
        self._shop.verdicts.put(verdict)
        active = self._active.get(run)
        if active is not None:
            active.poked.set()
        return found

    async def heard(self, run: str, application: str, within_s: float = 2.0) -> Run:
        """The run after it has moved once more: what came of a word that was just given."""
        active = self._active.get(run)
        if active is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(active.moved.wait(), within_s)
        return self.get(run, application)

    async def cancel(self, run: str, application: str) -> Run:
        """Stops the run; a tool that is being carried out is ended. A run that is over stays as it is."""
        self.get(run, application)
        active = self._active.get(run)
        if active is not None and active.task is not None:
            active.cancelled = True
            active.task.cancel()
            await asyncio.gather(active.task, return_exceptions=True)
        return self.get(run, application)

    async def follow(self, run: str, application: str, since: int = 0) -> AsyncIterator[Event]:
        """Every event from `since` on, as they come; ends with the run. Raises as `get`."""
        while True:
            active = self._active.get(run)
            moved = active.moved if active is not None else None
            found = self.get(run, application)
            for event in found.events[since:]:
                yield event
            since = max(since, len(found.events))
            if found.state.final or moved is None:
                return
            await moved.wait()

    async def settled(self, run: str, application: str, wait_s: float) -> Run:
        """The run once it is over or waits for somebody, or as it stands after `wait_s` seconds."""
        until = self._shop.clock.mono() + wait_s
        while True:
            active = self._active.get(run)
            found = self.get(run, application)
            left = until - self._shop.clock.mono()
            if active is None or found.state is not RunState.RUNNING or left <= 0:
                return found
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(active.moved.wait(), left)

    def waiting(self) -> int:
        """How many runs are at work or wait."""
        return len(self._active)

    async def close(self) -> None:
        """Ends all tasks; what is on disk goes on with the next start."""
        tasks = [one.task for one in self._active.values() if one.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _stored(self, run: str) -> Run | None:
        sealed = self._shop.runs.get(run)
        return self._shop.seal.open(sealed) if sealed is not None else None

    def _spawn(self, run: Run, deed: Deed) -> None:
        active = _Active(run)
        self._save(active, run)
        self._active[run.id] = active
        active.task = asyncio.create_task(self._drive(active, deed))

    def _save(self, active: _Active, run: Run) -> None:
        """On disk when it returns."""
        before = active.run
        self._shop.runs.put(self._shop.seal.close(run, self._shop.clock.now()))
        active.run = run
        self._withdraw(before, run)
        active.moved.set()
        active.moved = asyncio.Event()

    def _withdraw(self, before: Run, after: Run) -> None:
        """Tells the cloud that a question is settled without it: the user was first, or nobody waits any more.

        After the run is on disk: a power cut in between leaves a question at the cloud that expires there, and no word twice.
        """
        if before.approving and before.ticket is not None and after.ticket != before.ticket:
            try:
                self._shop.late.withdraw(before.ticket)
            except TidegateError as error:
                self._log.error("question_not_withdrawn", error)

    async def _drive(self, active: _Active, deed: Deed) -> None:
        try:
            while not isinstance(deed, Rest):
                happened = await self._happening(active, deed)
                run, deed = step(active.run, happened, self._shop.clock.now())
                if isinstance(deed, Carry):
                    failpoint("edge.agent.intent.before")
                self._save(active, run)
                self._tell_log(run)
        except asyncio.CancelledError:
            if not active.cancelled:
                raise
            self._cancelled(active)
        except TidegateError as error:
            self._log.error("agent_run_failed", error)
            self._give_up(active, error.code)
        except Exception as error:  # noqa: BLE001  a defect ends one run, not the daemon
            self._log.error("agent_defect", error)
            self._give_up(active, "defect")
        finally:
            self._active.pop(active.run.id, None)
            active.moved.set()

    async def _happening(self, active: _Active, deed: Deed) -> Happening:
        """Carries out one effect and says what came of it."""
        run = active.run
        match deed:
            case Ask():
                found = await asking.ask(run, self._shop)
                failpoint("edge.agent.answered")
                return found
            case Judge():
                return acting.judge(run, self._shop)
            case Carry():
                failpoint("edge.agent.intent.after")
                done = await acting.carry(run, self._shop)
                failpoint("edge.agent.acted")
                return done
            case AwaitPerson():
                return await waiting.person(run, self._shop, active.poked)
            case AwaitTicket():
                return await waiting.ticket(run, self._shop, active.poked)
            case Rest():
                return Failed(Stop.FAULT, "nothing to do")
            case other:
                assert_never(other)

    def _cancelled(self, active: _Active) -> None:
        run = active.run
        if run.calls and run.calls[0].phase is Phase.EXECUTING:
            run = tell(
                run,
                self._shop.clock.now(),
                Step.INTERRUPTED,
                run.calls[0],
                note="ended while it was carried out; whether it took effect is not known",
            )
        done, _ = step(run, Cancelled(), self._shop.clock.now())
        self._save(active, done)

    def _give_up(self, active: _Active, note: str) -> None:
        """The run ends as it can; a full disk leaves it as it was last saved."""
        run, _ = step(active.run, Failed(Stop.FAULT, note), self._shop.clock.now())
        with contextlib.suppress(TidegateError):
            self._save(active, run)

    def _tell_log(self, run: Run) -> None:
        last = run.events[-1] if run.events else None
        if last is not None:
            self._log.info(
                "agent_step",
                conversation=run.conversation,
                trace=run.trace,
                step=str(last.step),
                state=str(run.state),
                reason=last.reason or None,
                decision=last.decision or None,
            )


def verdict_on(run: Run, digest: str, *, approved: bool, now: float) -> Verdict:
    """A verdict on the call that waits. Raises BadRequest (409) when none does, or when the digest is another's."""
    call = run.calls[0] if run.calls else None
    if call is None or run.state not in (RunState.WAITING_PERSON, RunState.WAITING_TICKET):
        raise BadRequest("nothing of this run waits for approval", code="nothing_waits", status=409)
    if run.state is RunState.WAITING_TICKET and not run.approving:
        raise BadRequest("this run waits for an answer, not for approval", code="nothing_waits", status=409)
    if call.digest != digest:
        raise BadRequest(
            "the approval is about another call or other arguments; nothing was approved",
            code="digest_mismatch",
            param="digest",
            status=409,
        )
    return Verdict("vrd_" + secrets.token_hex(12), run.id, call.question, digest, approved, "user", now)
