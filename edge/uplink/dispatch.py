"""The courier: takes an escalation into the spool, carries it to the cloud, checks what comes back, tells who waits.

One task per entry does all of its sending, whether a client waits or not, so that nothing is sent by two hands at once.
Order of one delivery: spool, ledger, wire, proof, spool. A failure at any point leaves an entry that is tried again with
the same key and the same bytes.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import assert_never

from edge import conversation
from edge.ageing import Ageing
from edge.device_key import DeviceKey
from edge.ports import Delivery, Escalation, Held, Queued, Request
from edge.routing.link import Health
from edge.routing.retry import AT_ONCE
from edge.routing.world import LinkSignal
from edge.uplink import codec
from edge.uplink.carry import Carrier
from edge.uplink.spool import DeathCause, Entry, Expired, Restarted, Shelf, SpoolState, Unpaid, Withdrawn
from tidegate.clock import Clock
from tidegate.errors import BadRequest, TidegateError, Unreachable, Untrusted
from tidegate.failpoint import failpoint
from tidegate.ids import RequestId, Ticket, new_ticket
from tidegate.logs import Log

COLLECT_S = 25.0  # the cloud's own bound on a long poll
_ROUND_S = 0.5
_AT_ONCE = 64  # entries looked at in one round
_UNPAID_S = 900.0  # how long what nobody waits for waits for money until it is looked at again


class Courier:
    """`edge.ports.Dispatch`. `run` is its background half: retries, long polls, expiry."""

    def __init__(
        self,
        carrier: Carrier,
        shelf: Shelf,
        key: DeviceKey,
        clock: Clock,
        *,
        expiry_s: float,
        at_once: int,
        metered: Callable[[], bool] = lambda: False,
    ) -> None:
        self._carrier = carrier
        self._shelf = shelf
        self._key = key
        self._clock = clock
        self._expiry_s = expiry_s
        self._metered = metered
        self._at_once = at_once
        self._log = Log("edge.uplink")
        self._ageing = Ageing(clock, self._log)
        self._tasks: dict[Ticket, asyncio.Task[None]] = {}
        self._asking: set[Ticket] = (
            set()
        )  # of these, those that ask for a held answer: a long wait, hardly a byte
        self._slots = asyncio.Semaphore(at_once)
        self._polls = asyncio.Semaphore(max(2, at_once // 2))
        self._moved = asyncio.Event()
        self._nudge = asyncio.Event()
        self._unpaid: set[RequestId] = set()
        self._stopping = False

    @property
    def present(self) -> bool:
        return True

    @property
    def link_up(self) -> bool:
        """Whether the cloud can be asked now, be it one request at a time."""
        return self.link(0.0).open

    def link(self, left_s: float) -> LinkSignal:
        """The way to the cloud for a request with so much time left. From any thread."""
        return self._carrier.reach.signal(self._clock.mono(), left_s)

    @property
    def barred(self) -> bool:
        """Whether one side refuses the other's identity."""
        return self._carrier.reach.barred

    async def send(self, escalation: Escalation, request: Request) -> Delivery:
        failpoint("edge.dispatch.start")
        began = self._clock.mono()
        entry = self._taken(escalation, request)
        due = began + request.deadline_s if request.due is None else request.due
        first = True
        while True:
            moved = self._moved
            entry = self._shelf.get(entry.ticket) or entry
            if self._begins(entry, first=first):
                self._start(entry)
                first = False
            left = due - self._clock.mono()
            if not self._awaited(entry, request, due - began) or left <= 0 or self._stopping:
                return outcome(entry)
            await _within(left, moved)

    def leave(self, escalation: Escalation, request: Request, *, priority: int) -> None:
        """Takes it into the spool for later: nobody waits for it, and below 0 it goes behind everything else. Raises Exhausted."""
        self._taken(escalation, request, priority=priority)

    def withdraw(self, ticket: Ticket) -> None:
        """Nobody here needs it any more: it does not leave, or the cloud is told as soon as the link allows. Raises Exhausted."""
        entry = self._shelf.get(ticket)
        if entry is None or not entry.live:
            return
        entry = self._carrier.saved(entry, Withdrawn(codec.taken_back()))
        polling = self._tasks.get(ticket)
        if polling is not None and entry.state is SpoolState.HELD:
            polling.cancel()  # it would wait for an answer first
        self._log.info("question_withdrawn", ticket=ticket, state=entry.state)
        self._notify()
        self._nudge.set()

    def unpaid(self, request_id: RequestId) -> bool:
        """Whether it waits because a budget for the cloud is spent."""
        return request_id in self._unpaid

    def moved(self) -> asyncio.Event:
        """Take it, look at the spool, then wait for it: it is set when any entry has changed since it was taken."""
        return self._moved

    async def run(self) -> None:
        """Until `stop`: starts what is due, probes a link that is down, gives up what has expired."""
        while not self._stopping:
            try:
                await self._round()
            except TidegateError as error:
                self._log.error("spool_round_failed", error)
            self._nudge.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._nudge.wait(), _ROUND_S)

    async def stop(self) -> None:
        """Ends the background half; who waits gets a ticket. What was not finished stays in the spool."""
        self._stopping = True
        self._nudge.set()
        self._notify()
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._carrier.close()

    def _begins(self, entry: Entry, *, first: bool) -> bool:
        """Whether somebody who waits may have it sent now: on the first try, and where the table says "again, at once"."""
        at_once = 0 < entry.attempts <= AT_ONCE and entry.next_at <= self._clock.now()
        return entry.state is SpoolState.QUEUED and (first or at_once) and self._may(entry)

    def _awaited(self, entry: Entry, request: Request, whole_s: float) -> bool:
        """Whether there is something to wait for: it is under way, or next over a link that takes one at a time; and the
        cloud is expected within the whole time of the request, or there is no other answer."""
        if entry.state is SpoolState.HELD:
            return False
        reach, now = self._carrier.reach, self._clock.mono()
        next_one = (
            entry.state is SpoolState.QUEUED
            and entry.attempts == 0
            and reach.busy()
            and reach.admits(entry.why, len(entry.payload))
        )
        if entry.ticket not in self._tasks and not next_one:
            return False
        return reach.worth_waiting(whole_s, now, has_answer=request.fallback) > 0

    def _may(self, entry: Entry) -> bool:
        """Whether the link lets this entry out now. Polls for held ones may take long: never over a link that flaps."""
        reach = self._carrier.reach
        if entry.withdrawn and entry.state is SpoolState.QUEUED:
            return False  # it came back unsent, and nobody needs it
        steady = entry.state is not SpoolState.HELD or reach.health in (Health.UP, Health.METERED)
        return steady and reach.up(self._clock.mono()) and reach.admits(entry.why, len(entry.payload))

    def _taken(self, escalation: Escalation, request: Request, *, priority: int = 0) -> Entry:
        """The entry of this request, written now or by its first try. Raises BadRequest when the key is reused."""
        mac = conversation.body(self._key, request.application, request.told)
        known = self._shelf.find(escalation.request_id, escalation.revision)
        if known is not None:
            if known.body_mac != mac:
                raise BadRequest(
                    "this Idempotency-Key was used for another request",
                    code="idempotency_conflict",
                    param="idempotency-key",
                    status=422,
                )
            return known
        now = self._clock.now()
        entry = _fresh(
            escalation, request, key=self._key, mac=mac, now=now, life_s=self._expiry_s, priority=priority
        )
        failpoint("edge.spool.put.before")
        self._shelf.put(entry)
        failpoint("edge.spool.put.after")
        return entry

    async def _round(self) -> None:
        self._carrier.reach.costs(self._clock.mono(), self._metered())
        if self._carrier.reach.probe_due(self._clock.mono()) and await self._carrier.probe():
            self._shelf.hasten(self._clock.now())
        now = self._clock.now()
        aged = self._ageing.now(self._expiry_s)  # a clock that jumps ahead expires nothing
        for entry in self._shelf.due(now, _AT_ONCE, aged):
            if entry.ticket in self._tasks:
                continue
            if entry.expires_at <= aged:
                self._carrier.saved(entry, Expired())
                self._notify()
                continue
            if entry.state is SpoolState.SENT:  # nobody is sending it: a power cut, or a disk that was full
                entry = self._carrier.saved(entry, Restarted())  # noqa: PLW2901
            if entry.withdrawn and entry.state is SpoolState.QUEUED:
                self.withdraw(entry.ticket)
                continue
            if self._may(entry) and (entry.priority >= 0 or self._spared(entry)):
                self._start(entry)

    def _spared(self, entry: Entry) -> bool:
        """Whether what nobody waits for may go now: there is room for it, and money, looked at when it leaves."""
        if not self._spare():
            return False
        if entry.state is SpoolState.QUEUED and not self._carrier.affords(entry):
            self._unpaid.add(entry.request_id)
            self._carrier.saved(entry, Unpaid(_UNPAID_S))
            self._notify()
            return False
        self._unpaid.clear()  # there is money again: the others are looked at when their time comes
        return True

    def _spare(self) -> bool:
        """Whether there is room for what nobody waits for: a good, free link, and half of the places empty."""
        sending = len(self._tasks) - len(self._asking)  # cases that wait for people take no room from audits
        return self._carrier.reach.health is Health.UP and 2 * sending < self._at_once + 1

    def _start(self, entry: Entry) -> None:
        if entry.ticket not in self._tasks and not self._stopping:
            trial = self._carrier.reach.begin()
            work = self._guarded(entry.ticket, self._carried(entry), trial=trial)
            self._tasks[entry.ticket] = asyncio.create_task(work)
            if entry.state is SpoolState.HELD:
                self._asking.add(entry.ticket)

    async def _carried(self, entry: Entry) -> None:
        held = entry.state is SpoolState.HELD
        async with self._polls if held else self._slots:
            entry = self._shelf.get(entry.ticket) or entry
            if self._carrier.reach.link.closed:
                return  # what was under way beside it has shown that: nothing more goes out
            if entry.state is SpoolState.HELD:
                await self._carrier.collect(entry, COLLECT_S if len(self._tasks) <= self._at_once else 1.0)
            elif entry.state is SpoolState.QUEUED:
                await self._carrier.deliver(entry)

    async def _guarded(self, ticket: Ticket, work: Awaitable[None], *, trial: bool) -> None:
        try:
            await work
        except TidegateError as error:  # a full disk, for example: the entry is tried again
            self._log.error("delivery_failed", error, ticket=ticket)
        except Exception as defect:  # noqa: BLE001  boundary of a background task: one entry must not stop the others
            self._log.error("delivery_defect", defect, ticket=ticket)
        finally:
            self._tasks.pop(ticket, None)
            self._asking.discard(ticket)
            if trial:
                self._carrier.reach.abandon()  # in case it was cancelled, or ended without a word from the cloud
            self._notify()

    def _notify(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()


def _fresh(
    escalation: Escalation,
    request: Request,
    *,
    key: DeviceKey,
    mac: bytes,
    now: float,
    life_s: float,
    priority: int,
) -> Entry:
    """The entry of a request that the spool does not know yet. Pure but for its random ticket."""
    return Entry(
        ticket=new_ticket(),
        request_id=escalation.request_id,
        revision=escalation.revision,
        conversation=escalation.conversation,
        application=request.application,
        trace=escalation.trace,
        why=escalation.why,
        payload=codec.encode(escalation),
        body_mac=mac,
        asked_mac=conversation.asked(key, request.application, request.told),
        created_at=now,
        expires_at=now + life_s,
        deadline_s=request.deadline_s,
        priority=priority,
    )


async def _within(seconds: float, event: asyncio.Event) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), max(seconds, 0.0))


def outcome(entry: Entry) -> Delivery:
    """What the entry is worth to whoever asked. Raises Untrusted or Unreachable for one that died."""
    match entry.state:
        case SpoolState.QUEUED | SpoolState.SENT:
            return Queued(entry.ticket)
        case SpoolState.HELD:
            return Held(entry.ticket, entry.hold) if entry.hold is not None else Queued(entry.ticket)
        case SpoolState.DEAD:
            if entry.cause is DeathCause.UNTRUSTED:
                raise Untrusted(
                    "the cloud's answer failed its proof and was not used", code="reply_untrusted"
                )
            raise Unreachable("nobody answered this request within its life", code="expired")
        case SpoolState.DONE:
            reply = codec.decode(entry.reply)
            if isinstance(reply, codec.CloudHeld):
                raise Untrusted("a finished request holds an unfinished reply", code="spool_inconsistent")
            return reply
        case other:
            assert_never(other)
