"""Requests that may leave only when somebody agrees: what each would send, who was asked, what they said.

Bounded, and forgotten after minutes: what is shown here is redacted, but it is still somebody's question. On disk it is sealed
(`edge.kept_consents`), so that a question and the word about it outlive a restart of the daemon and no longer than themselves.
Consent is to one exact request of one application (a keyed digest of all a model would read), redacted under the rules in force
when it was asked; another text, or other rules, need another.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol

from edge import conversation
from edge.device_key import DeviceKey
from edge.facts import look
from edge.ports import Escalation, House, Request
from edge.routing.plan import Why
from edge.shown import shown
from edge.turn import escalation
from tidegate.chat import JSON
from tidegate.clock import Clock
from tidegate.failpoint import failpoint
from tidegate.ids import ConsentId, new_consent_id

LIFE_S = 600.0
MOST = 64


class Word(StrEnum):
    """What has been said about a request so far."""

    WAITING = "waiting"
    AGREED = "agreed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that waits for a word. Moments in seconds since 1970. `leaves` is what would leave, and all of it."""

    id: ConsentId
    application: str
    leaves: str = field(repr=False)  # as JSON
    size: int  # bytes on the wire
    sha256: str
    confidence: float | None  # P(right) of the draft that was not good enough; None: there was none
    asked_at: float
    expires_at: float
    word: Word = Word.WAITING
    rules: str = ""  # names what was redacted, and how, when it was asked

    @property
    def told(self) -> dict[str, JSON]:
        """What would leave, in words: see `edge.shown`."""
        found: dict[str, JSON] = json.loads(self.leaves)
        return found


class Shelf(Protocol):
    """Where requests that wait lie while the daemon is down. Never raises: what cannot be kept lives in memory alone."""

    def load(self, now: float) -> list[tuple[bytes, Asked]]:
        """What has not expired, oldest first."""
        ...

    def put(self, mac: bytes, one: Asked) -> None: ...

    def drop(self, mac: bytes) -> None: ...


class Nowhere:
    """Nothing outlives the daemon."""

    def load(self, now: float) -> list[tuple[bytes, Asked]]:
        return []

    def put(self, mac: bytes, one: Asked) -> None:
        return None

    def drop(self, mac: bytes) -> None:
        return None


NOWHERE = Nowhere()


class Consents:
    """The desk. Use from one event loop. `rules` names the redaction in force."""

    def __init__(
        self,
        clock: Clock,
        key: DeviceKey,
        encode: Callable[[Escalation], bytes] | None,
        *,
        life_s: float = LIFE_S,
        most: int = MOST,
        shelf: Shelf = NOWHERE,
        rules: Callable[[], str] = lambda: "",
    ) -> None:
        self._clock = clock
        self._key = key
        self._encode = encode
        self._life_s = life_s
        self._most = most
        self._shelf = shelf
        self._rules = rules
        self._asked: OrderedDict[bytes, Asked] = OrderedDict(shelf.load(clock.now()))  # by request
        self._moved = asyncio.Event()

    async def ask(self, request: Request, house: House, confidence: float | None) -> ConsentId | None:
        """Where somebody may agree to this request; the same place for a repeat. None when it cannot leave at all."""
        redacted, _ = await look(request, house)
        if redacted is None:
            return None
        mac = self._mac(request)
        known = self._live().get(mac)
        rules = self._rules()
        if known is not None and known.word is not Word.REFUSED and known.rules == rules:
            return known.id
        raw = b"" if self._encode is None else self._encode(escalation(request, redacted, Why.UNSURE, house))
        now = self._clock.now()
        made = Asked(
            id=new_consent_id(),
            application=request.application,
            leaves=json.dumps(shown(redacted), ensure_ascii=False),
            size=len(raw),
            sha256=hashlib.sha256(raw).hexdigest(),
            confidence=confidence,
            asked_at=now,
            expires_at=now + self._life_s,
            rules=rules,
        )
        self._keep(mac, made)
        self._asked.move_to_end(mac)
        while len(self._asked) > self._most:
            self._shelf.drop(self._asked.popitem(last=False)[0])
        failpoint("edge.consent.asked")
        self._tell()
        return made.id

    def agreed(self, request: Request) -> bool:
        """Whether somebody has agreed to exactly this request."""
        known = self._live().get(self._mac(request))
        return known is not None and known.word is Word.AGREED and known.rules == self._rules()

    def decide(self, consent: ConsentId, *, agree: bool, application: str | None) -> Asked | None:
        """Takes the word of an application about its own request; of the owner (None) about any. None: no such request.

        The first word counts.
        """
        found = self.find(consent, application)
        if found is None or found[1].word is not Word.WAITING:
            return found[1] if found is not None else None
        decided = replace(found[1], word=Word.AGREED if agree else Word.REFUSED)
        self._keep(found[0], decided)
        failpoint("edge.consent.word")
        self._tell()
        return decided

    def find(self, consent: ConsentId, application: str | None) -> tuple[bytes, Asked] | None:
        """The request of that id, where this application (None: the owner) may see it."""
        for mac, one in self._live().items():
            if one.id == consent and application in (None, one.application):
                return mac, one
        return None

    def waiting(self, application: str | None = None) -> tuple[Asked, ...]:
        """What waits for a word, oldest first."""
        return tuple(
            one
            for one in self._live().values()
            if one.word is Word.WAITING and application in (None, one.application)
        )

    async def word(self, consent: ConsentId, application: str | None, wait_s: float) -> Asked | None:
        """Waits up to `wait_s` seconds for a word about it."""
        until = self._clock.mono() + wait_s
        while True:
            moved = self._moved
            found = self.find(consent, application)
            left = until - self._clock.mono()
            if found is None or found[1].word is not Word.WAITING or left <= 0:
                return found[1] if found is not None else None
            try:
                async with asyncio.timeout(left):
                    await moved.wait()
            except TimeoutError:
                continue

    def _live(self) -> OrderedDict[bytes, Asked]:
        now = self._clock.now()
        for mac in [mac for mac, one in self._asked.items() if one.expires_at <= now]:
            del self._asked[mac]
            self._shelf.drop(mac)
        return self._asked

    def _keep(self, mac: bytes, one: Asked) -> None:
        self._asked[mac] = one
        self._shelf.put(mac, one)

    def _mac(self, request: Request) -> bytes:
        return conversation.body(self._key, request.application, request.told)

    def _tell(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()
