"""What a remembered conversation is, and what of it stands before a new turn. Pure: no clock, no disk, no key.

Rule 1: memory is used only in a conversation that the application has named, so that two which begin alike never mix.
Rule 2: a client that sends the assistant's turns itself is believed; memory adds nothing to what it sent.
Rule 3: a question without an answer is left out, until the answer has come late.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NewType

from edge.ports import Source
from tidegate.chat import Message, Role
from tidegate.ids import ConversationId, RequestId, Ticket

TurnId = NewType("TurnId", str)  # that of the request which asked; empty: there is none
EVERYONE = "*"
_RESPONSE = "resp_"
_REQUEST = "req_"


@dataclass(frozen=True, slots=True)
class Thread:
    """What a request says about its place in a conversation. `store` None: as the settings say."""

    store: bool | None = None
    previous: str = field(default="", repr=False)  # the response it goes on from
    named: str = field(default="", repr=False)  # the conversation, in the application's words
    response: bool = False  # its answer can be asked for again by its id
    instructed: bool = False  # its first message is an instruction for this turn alone


@dataclass(frozen=True, slots=True)
class Turn:
    """One question and its answer, plain. `sent` is what was new in the request; `reply` None: not answered (yet)."""

    id: TurnId
    application: str
    conversation: ConversationId
    parent: TurnId
    at: float
    sent: tuple[Message, ...] = field(repr=False)
    reply: Message | None = field(default=None, repr=False)
    source: Source = Source.NOBODY
    ticket: Ticket | None = None
    named: str = field(default="", repr=False)  # what the application calls the conversation
    page: bytes = field(default=b"", repr=False)  # the response as JSON, when it can be asked for again


@dataclass(frozen=True, slots=True)
class Conversation:
    """One line of a list."""

    id: ConversationId
    application: str
    turns: int
    began: float
    last: float


@dataclass(frozen=True, slots=True)
class Keeping:
    """Who is remembered, and for how long."""

    applications: frozenset[str] = frozenset()
    keep_s: float = 30 * 86_400.0
    conversations: int = 1000  # of each application; the ones that rested longest go first
    turns: int = 500  # of each conversation; the oldest go first
    recalled: int = 20  # turns that stand before a new one

    def covers(self, application: str) -> bool:
        return application in self.applications or EVERYONE in self.applications


def turn_of(response_id: str) -> TurnId:
    """The turn behind a response's id; empty for anything that is no such id."""
    rest = response_id.removeprefix(_RESPONSE)
    return TurnId(_REQUEST + rest) if response_id.startswith(_RESPONSE) and rest else TurnId("")


def turn_id(request: RequestId) -> TurnId:
    return TurnId(str(request))


def line_to(turns: Mapping[TurnId, Turn], tip: TurnId, most: int) -> tuple[Turn, ...]:
    """The turns that led to `tip`, it included, oldest first; at most so many. A deleted one ends the line."""
    found: list[Turn] = []
    while tip in turns and len(found) < most:
        found.append(turns[tip])
        tip = turns[tip].parent
        if any(tip == one.id for one in found):
            break  # a circle that nobody could have made; the disk is not believed
    return tuple(reversed(found))


def said(turns: Sequence[Turn]) -> tuple[Message, ...]:
    """What was asked and answered in these turns, in order."""
    return tuple(message for turn in turns if turn.reply is not None for message in (*turn.sent, turn.reply))


def sends_all(sent: Sequence[Message]) -> bool:
    """Whether the client carries the conversation itself: it sends what an assistant has said."""
    return any(message.role is Role.ASSISTANT for message in sent)


def joined(history: Sequence[Message], sent: tuple[Message, ...]) -> tuple[Message, ...]:
    """What the model reads: `sent` with the history before it. The newest system turns count, and stand first.

    Without a history it is what was sent, in its order.
    """
    if not history:
        return sent
    system = tuple(message for message in sent if message.role is Role.SYSTEM)
    rest = tuple(message for message in sent if message.role is not Role.SYSTEM)
    before = history if not system else [one for one in history if one.role is not Role.SYSTEM]
    return (*system, *before, *rest)


def news(sent: tuple[Message, ...], thread: Thread, *, first: bool) -> tuple[Message, ...]:
    """What of a request is new: all of it when the conversation begins here, else what follows the assistant's last turn.

    Instructions for one turn are never part of it.
    """
    spoken = sent[1:] if thread.instructed else sent
    if first or not sends_all(spoken):
        return spoken
    last = max(at for at, message in enumerate(spoken) if message.role is Role.ASSISTANT)
    return spoken[last + 1 :]


def past(conversations: Sequence[Conversation], keeping: Keeping, now: float) -> tuple[Conversation, ...]:
    """Which conversations have had their time: rested too long, or of an application that has too many."""
    gone: list[Conversation] = []
    kept: dict[str, int] = {}
    for one in sorted(conversations, key=lambda one: -one.last):
        count = kept.get(one.application, 0)
        if one.last < now - keeping.keep_s or count >= keeping.conversations:
            gone.append(one)
        else:
            kept[one.application] = count + 1
    return tuple(gone)
