"""The memory as the door uses it: what stands before a new turn, and what is kept of it afterwards.

Nothing here can send. What is recalled becomes part of the prompt, and a prompt leaves only through the screen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from edge import conversation
from edge.config import Memory as Settings
from edge.device_key import DeviceKey
from edge.memory.rules import (
    Conversation,
    Keeping,
    Thread,
    Turn,
    TurnId,
    joined,
    line_to,
    news,
    past,
    said,
    sends_all,
    turn_id,
    turn_of,
)
from edge.ports import Answer, Late, LateState, Request, Source, State
from tidegate.chat import Message, Role
from tidegate.clock import Clock
from tidegate.errors import BadRequest, Exhausted
from tidegate.ids import ConversationId, RequestId
from tidegate.logs import Log

DAY_S = 86_400.0
_KEPT = (State.ANSWERED, State.DEGRADED)


class Shelf(Protocol):
    """Where turns lie. Reading raises Untrusted for a turn that was altered; an empty application means all of them."""

    def put(self, turn: Turn) -> None: ...

    def get(self, application: str, turn: TurnId) -> Turn | None: ...

    def turns(self, application: str, conversation: ConversationId) -> tuple[Turn, ...]: ...

    def conversations(self, application: str = "") -> tuple[Conversation, ...]: ...

    def drop_turn(self, application: str, turn: TurnId) -> int: ...

    def drop(self, application: str, conversation: ConversationId) -> int: ...

    def trim(self, application: str, conversation: ConversationId, most: int) -> int: ...


@dataclass(frozen=True, slots=True)
class Recalled:
    """The requests with what stands before them. `blank` None: this request is not remembered."""

    requests: tuple[Request, ...] = field(repr=False)
    named: bool  # the conversation is known for certain, so that late answers may be told in it
    blank: Turn | None = field(default=None, repr=False)  # the turn to be filled in
    previous: str = ""


def keeping_of(settings: Settings) -> Keeping:
    return Keeping(
        applications=frozenset(settings.applications),
        keep_s=settings.keep_days * DAY_S,
        conversations=settings.max_conversations,
        turns=settings.max_turns,
        recalled=settings.recalled_turns,
    )


async def recall(
    memory: Memory | None, requests: tuple[Request, ...], thread: Thread, *, named: bool
) -> Recalled:
    """`Memory.recalled`, also where there is none. Raises BadRequest."""
    if memory is not None:
        return await memory.recalled(requests, thread, named=named)
    if thread.previous or thread.named:
        raise memory_off("previous_response_id" if thread.previous else "conversation")
    return Recalled(requests, named)


@dataclass(frozen=True, slots=True)
class Memory:
    """`forget` wipes everything else that the device holds of a conversation: vault, spool and the journal's text."""

    shelf: Shelf
    late: Late
    forget: Callable[[ConversationId], None]
    keeping: Keeping
    key: DeviceKey = field(repr=False)
    clock: Clock = field(repr=False)
    log: Log = field(default_factory=lambda: Log("edge.memory"), repr=False)

    async def recalled(self, requests: tuple[Request, ...], thread: Thread, *, named: bool) -> Recalled:
        """The requests as the turn gets them. Raises BadRequest: nothing is remembered for this application, or not that."""
        first = requests[0]
        if not self.keeping.covers(first.application):
            if thread.previous or thread.named:
                raise memory_off("previous_response_id" if thread.previous else "conversation")
            return Recalled(requests, named)
        tip = self._previous(first.application, thread)
        place = tip.conversation if tip is not None else self._place(first, thread, named=named)
        if place is None or (thread.store is False and not (thread.previous or thread.named or named)):
            return Recalled(requests, named)
        turns = {one.id: one for one in self.shelf.turns(first.application, place)}
        own = turns.pop(turn_id(first.request_id), None)  # a retry sees what its first try saw
        parent = _parent(tip, own, turns)
        history = [await self._completed(one) for one in line_to(turns, parent, self.keeping.recalled)]
        given = first.prompt.messages
        before = () if sends_all(given) and not thread.previous else said(history)
        blank = Turn(
            id=turn_id(first.request_id),
            application=first.application,
            conversation=place,
            parent=parent,
            at=own.at if own is not None else self.clock.now(),
            sent=news(given, thread, first=not parent),
            named=thread.named,
        )
        return Recalled(
            tuple(
                replace(
                    one,
                    conversation=place,
                    prompt=replace(one.prompt, messages=joined(before, one.prompt.messages)),
                )
                for one in requests
            ),
            named=True,
            blank=None if thread.store is False else blank,
            previous=thread.previous,
        )

    def keep(self, found: Recalled, answer: Answer) -> bool:
        """Writes the turn down. False when it is not remembered; a full disk costs the turn, not the answer."""
        if found.blank is None or answer.state is State.REFUSED:
            return False
        has = answer.state in _KEPT and (answer.text or answer.tool_calls)
        reply = Message(Role.ASSISTANT, answer.text, answer.tool_calls) if has else None
        turn = replace(found.blank, reply=reply, source=answer.source, ticket=answer.ticket)
        return self._written(turn)

    def keep_page(self, application: str, request: RequestId, page: bytes) -> None:
        """The response as it was told, for whoever asks for it again by its id."""
        turn = self.shelf.get(application, turn_id(request))
        if turn is not None:
            self._written(replace(turn, page=page))

    def response(self, application: str, response_id: str) -> bytes:
        """A response as JSON. Raises BadRequest (404)."""
        turn = self.shelf.get(application, turn_of(response_id))
        if turn is None or not turn.page:
            raise unknown_response(404, "response_id")
        return turn.page

    def asked(self, application: str, response_id: str) -> tuple[Message, ...]:
        """What was new in the request of a response. Raises BadRequest (404)."""
        turn = self.shelf.get(application, turn_of(response_id))
        if turn is None or not turn.page:
            raise unknown_response(404, "response_id")
        return turn.sent

    def conversations(self, application: str) -> tuple[Conversation, ...]:
        return self.shelf.conversations(application)

    async def turns(self, application: str, which: ConversationId) -> tuple[Turn, ...]:
        """A conversation, oldest turn first, with what has come late. Raises BadRequest (404)."""
        found = self.shelf.turns(application, which)
        if not found:
            raise unknown_conversation()
        return tuple([await self._completed(one) for one in found])

    def delete(self, application: str, which: ConversationId) -> int:
        """Deletes a conversation and forgets its placeholders; an empty application is the owner. Raises BadRequest (404)."""
        gone = self.shelf.drop(application, which)
        if not gone:
            raise unknown_conversation()
        self.forget(which)
        self.log.info("conversation_deleted", conversation=which, count=gone)
        return gone

    def delete_response(self, application: str, response_id: str) -> None:
        """Deletes one turn; with the last one, the conversation. Raises BadRequest (404)."""
        turn = self.shelf.get(application, turn_of(response_id))
        if turn is None:
            raise unknown_response(404, "response_id")
        self.shelf.drop_turn(application, turn.id)
        if not self.shelf.turns(turn.application, turn.conversation):
            self.forget(turn.conversation)

    def tidy(self, now: float) -> int:
        """Deletes what has had its time by `now`. Returns how many conversations."""
        gone = past(self.shelf.conversations(), self.keeping, now)
        for one in gone:
            self.shelf.drop(one.application, one.id)
            self.forget(one.id)
        return len(gone)

    def _previous(self, application: str, thread: Thread) -> Turn | None:
        if not thread.previous:
            return None
        turn = self.shelf.get(application, turn_of(thread.previous))
        if turn is None:
            raise unknown_response(400, "previous_response_id")
        return turn

    def _place(self, first: Request, thread: Thread, *, named: bool) -> ConversationId | None:
        """The conversation of a request that goes on from no response; None when nobody has named one."""
        if thread.named:
            known = ConversationId(thread.named)
            if self.shelf.turns(first.application, known):
                return known
            return conversation.identify(self.key, first.application, thread.named, first.prompt)
        if named:
            return first.conversation
        if thread.response:  # a new one each time: two that begin alike are two
            begun = f"response {first.request_id}"
            return conversation.identify(self.key, first.application, begun, first.prompt)
        return None

    async def _completed(self, turn: Turn) -> Turn:
        """The turn with the answer that has come since, if one has."""
        if turn.ticket is None or turn.source is Source.CLOUD:
            return turn
        late = await self.late.collect(turn.ticket, turn.application, 0.0)
        if late is None or late.state is not LateState.ANSWERED:
            return turn
        reply = Message(Role.ASSISTANT, late.text, late.tool_calls)
        filled = replace(turn, reply=reply, source=Source.CLOUD)
        self._written(filled)
        return filled

    def _written(self, turn: Turn) -> bool:
        try:
            self.shelf.put(turn)
            self.shelf.trim(turn.application, turn.conversation, self.keeping.turns)
        except Exhausted as error:
            self.log.error("turn_not_remembered", error, conversation=turn.conversation)
            return False
        return True


def _parent(tip: Turn | None, own: Turn | None, others: dict[TurnId, Turn]) -> TurnId:
    if tip is not None:
        return tip.id
    if own is not None:
        return own.parent
    return max(others.values(), key=lambda one: one.at).id if others else TurnId("")


def memory_off(param: str) -> BadRequest:
    return BadRequest(
        "this device remembers no conversations of this application: send the whole conversation",
        code="memory_off",
        param=param,
        hint="or the owner of the device names it in memory.applications",
    )


def unknown_response(status: int, param: str) -> BadRequest:
    code = "previous_response_not_found" if status == 400 else "response_not_found"
    return BadRequest("this application has no such response here", code=code, param=param, status=status)


def unknown_conversation() -> BadRequest:
    return BadRequest(
        "this application has no such conversation here",
        code="conversation_not_found",
        param="conversation",
        status=404,
    )
