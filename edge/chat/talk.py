"""One conversation with the door: questions out, answers in as they come, and what the device says about each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import httpx
import msgspec

from tidegate.chat import JSON
from tidegate.clock import Clock
from tidegate.errors import BadRequest, Broken, TidegateError, Unreachable

TIMEOUT = httpx.Timeout(120.0, connect=5.0)
_LEDGER_LINES = 40
_T = TypeVar("_T", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Wish:
    """What the person wants of the next answers."""

    local_only: bool = False
    review: bool = False


@dataclass(frozen=True, slots=True)
class Left:
    """What left the device for one answer; `entities`: private values that were replaced."""

    sends: int = 0
    bytes: int = 0
    entities: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Told:
    """An answer, and where it is from. Closed words, numbers, and the text itself."""

    text: str = field(repr=False)
    source: str
    state: str
    why: str
    confidence: float | None
    ticket: str
    seconds: float
    left: Left


@dataclass(frozen=True, slots=True)
class Asks:
    """The request would leave, and somebody must agree first. `turns`: what would leave, redacted, by role."""

    consent: str
    size: int
    turns: tuple[tuple[str, str], ...] = field(repr=False)
    entities: Mapping[str, int] = field(default_factory=dict)


Reply = Told | Asks


class _Delta(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    delta: _Delta = msgspec.field(default_factory=_Delta)


class _About(msgspec.Struct):
    """The `tidegate` object of a completion."""

    source: str = ""
    state: str = ""
    why: str = ""
    confidence: float | None = None
    ticket: str | None = None


class _Chunk(msgspec.Struct):
    choices: tuple[_Choice, ...] = ()
    tidegate: _About | None = None


class _Record(msgspec.Struct):
    """A line of the ledger."""

    kind: str
    request: str
    bytes: int
    entities: dict[str, int] = {}


class _Ledger(msgspec.Struct):
    data: tuple[_Record, ...]


class _Turn(msgspec.Struct):
    role: str
    content: str


class _Consent(msgspec.Struct):
    bytes: int
    messages: tuple[_Turn, ...]
    entities: dict[str, int] = {}


class _Preview(msgspec.Struct):
    decision: str
    why: str
    messages: tuple[_Turn, ...] = ()
    entities: dict[str, int] = {}


class _Told(msgspec.Struct):
    message: str
    code: str = "refused"


class _Wrong(msgspec.Struct):
    error: _Told


class _Ticket(msgspec.Struct):
    ticket: str
    state: str
    message: str = ""


class _Tickets(msgspec.Struct):
    data: tuple[_Ticket, ...]


@dataclass
class Talk:
    """A conversation. `named` is this conversation's name at the door; `client` knows the door's address and the key."""

    client: httpx.Client
    clock: Clock
    named: str
    turns: list[dict[str, JSON]] = field(default_factory=list, repr=False)

    def ask(self, text: str, wish: Wish, piece: Callable[[str], None], consent: str = "") -> Reply:
        """Asks; `piece` gets the answer as it comes. What failed or waits for a word is no part of the conversation.

        Raises what the door said (BadRequest), Unreachable when it is not there.
        """
        asked: dict[str, JSON] = {"role": "user", "content": text}
        body: dict[str, JSON] = {"model": "tidegate", "stream": True, "messages": [*self.turns, asked]}
        began = self.clock.mono()
        headers = self._headers(wish, consent)
        with (
            _reached(),
            self.client.stream("POST", "chat/completions", json=body, headers=headers) as got,
        ):
            if got.status_code == 409 and got.headers.get("x-tidegate-consent"):
                return self._asks(got.headers["x-tidegate-consent"])
            if got.status_code != 200:
                got.read()
                raise said(got)
            parts, about = [], _About()
            for chunk in _chunks(got.iter_lines()):
                about = chunk.tidegate or about
                for choice in chunk.choices:
                    if choice.delta.content:
                        parts.append(choice.delta.content)
                        piece(choice.delta.content)
        answer = "".join(parts)
        self.turns += [asked, {"role": "assistant", "content": answer}]
        request = got.headers.get("x-request-id", "")
        return Told(
            text=answer,
            source=about.source,
            state=about.state,
            why=about.why,
            confidence=about.confidence,
            ticket=about.ticket or "",
            seconds=self.clock.mono() - began,
            left=self._left(request),
        )

    def refuse(self, consent: str) -> None:
        """The person does not agree."""
        with _reached():
            self.client.post(f"tidegate/consents/{consent}", json={"agree": False})

    def preview(self, text: str, wish: Wish) -> tuple[str, str, Asks]:
        """Decision, reason, and what would leave, without asking. Raises as `ask`."""
        body: dict[str, JSON] = {
            "model": "tidegate",
            "messages": [*self.turns, {"role": "user", "content": text}],
        }
        found = self._read("tidegate/preview", _Preview, body, self._headers(wish, ""))
        shown = tuple((one.role, one.content) for one in found.messages)
        return found.decision, found.why, Asks("", 0, shown, found.entities)

    def tickets(self) -> tuple[tuple[str, str, str], ...]:
        """What this application still waits for: ticket, state, and a sentence."""
        found = self._read("tidegate/answers", _Tickets)
        return tuple((one.ticket, one.state, one.message) for one in found.data)

    def _asks(self, consent: str) -> Asks:
        found = self._read(f"tidegate/consents/{consent}", _Consent)
        shown = tuple((one.role, one.content) for one in found.messages)
        return Asks(consent, found.bytes, shown, found.entities)

    def _left(self, request: str) -> Left:
        """What the ledger has about this request; nothing where it cannot be read."""
        try:
            found = self._read(f"tidegate/ledger?limit={_LEDGER_LINES}", _Ledger)
        except TidegateError:
            return Left()
        sent = [one for one in found.data if one.kind == "sent" and one.request == request]
        return Left(len(sent), sum(one.bytes for one in sent), sent[0].entities if sent else {})

    def _headers(self, wish: Wish, consent: str) -> dict[str, str]:
        given = {"x-tidegate-conversation": self.named}
        if wish.local_only:
            given["x-tidegate-mode"] = "local-only"
        if wish.review:
            given["x-tidegate-review"] = "true"
        if consent:
            given["x-tidegate-consent"] = consent
        return given

    def _read(
        self,
        path: str,
        kind: type[_T],
        body: dict[str, JSON] | None = None,
        headers: dict[str, str] | None = None,
    ) -> _T:
        with _reached():
            got = self.client.request("GET" if body is None else "POST", path, json=body, headers=headers)
        if got.status_code != 200:
            raise said(got)
        try:
            return msgspec.json.decode(got.content, type=kind)
        except msgspec.DecodeError as error:
            raise _foreign() from error


def said(got: httpx.Response) -> TidegateError:
    """What the door answered, as an error of ours."""
    try:
        told = msgspec.json.decode(got.content, type=_Wrong).error
    except msgspec.DecodeError:
        return _foreign()
    return BadRequest(told.message, code=told.code, status=got.status_code)


def _chunks(lines: Iterator[str]) -> Iterator[_Chunk]:
    """The events of a stream; raises what one of them says went wrong."""
    for line in lines:
        data = line.removeprefix("data:").strip()
        if not line.startswith("data:") or data == "[DONE]":
            continue
        try:
            wrong = msgspec.json.decode(data, type=_Failed).error
            if wrong is not None:
                raise BadRequest(wrong.message, code=wrong.code, status=500)
            yield msgspec.json.decode(data, type=_Chunk)
        except msgspec.DecodeError as error:
            raise _foreign() from error


class _Failed(msgspec.Struct):
    """A stream that broke says so in an event."""

    error: _Told | None = None


@contextmanager
def _reached() -> Iterator[None]:
    try:
        yield
    except httpx.HTTPError as error:
        raise Unreachable(
            "the daemon went away",
            code="no_daemon",
            hint="look at its log, or start it again with `tidegate edge run`",
        ) from error


def _foreign() -> Broken:
    return Broken(
        "what answers there is not this release of Tidegate",
        code="foreign_answer",
        hint="run the daemon and this command from one installation",
    )
