"""Redaction for one conversation and the way back: tidegate.privacy with a vault per conversation, sealed on disk.

A vault is on disk before anything redacted with it can leave, so that a late answer can be restored after a power cut.
Detectors are built on first use; when they cannot be, every redaction raises Broken and nothing leaves (fail closed).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from edge.ageing import Ageing
from edge.ports import (
    CallRef,
    RedactedCall,
    RedactedMessage,
    RedactedPrompt,
    RedactedTool,
    Request,
)
from tidegate.chat import Message, Prompt, Role, Tool
from tidegate.clock import Clock
from tidegate.errors import Broken, TidegateError, Untrusted
from tidegate.ids import ConversationId
from tidegate.logs import Log
from tidegate.privacy.actions import MASKED, Handling
from tidegate.privacy.detect import Detector, Ner
from tidegate.privacy.memory import Memory
from tidegate.privacy.redaction import Redacted, Redaction, redact, redact_json_text
from tidegate.privacy.spans import Label, Span
from tidegate.privacy.vault import Vault
from tidegate.privacy.walk import restore_json_text

_ROUNDS = 3  # a name found in a later turn may stand unnoticed in an earlier one
_OPEN_VAULTS = 64
_REMEMBERED_TEXTS = 2048

Score = Callable[[str], float]
T = TypeVar("T")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_KEY = re.compile(r'"([A-Za-z_][A-Za-z0-9_]{0,63})"\s*:')
_SCHEMA_WORDS = frozenset({"object", "string", "number", "integer", "boolean", "array", "null"})


class VaultShelf(Protocol):
    """Where sealed vaults lie."""

    def put(self, conversation: ConversationId, sealed: bytes, now: float) -> None: ...

    def get(self, conversation: ConversationId) -> bytes | None: ...


class Detectors:
    """What finds private text and attacks, loaded when first needed. A failed load is remembered, not repeated."""

    def __init__(self, build_detector: Callable[[], Detector], build_guard: Callable[[], Score]) -> None:
        self._build_detector = build_detector
        self._build_guard = build_guard
        self._detector: Detector | TidegateError | None = None
        self._guard: Score | TidegateError | None = None
        self._lock = threading.Lock()

    def detector(self) -> Detector:
        """Raises Broken."""
        with self._lock:
            if self._detector is None:
                try:
                    self._detector = remembering(self._build_detector())
                except TidegateError as error:
                    self._detector = error
            return _usable(self._detector)

    def seen(self) -> Detector | TidegateError | None:
        """As far as it has come: the detector, why there is none, or None while it is not loaded. Never waits."""
        return self._detector

    def guard(self) -> Score:
        """Raises Broken."""
        with self._lock:
            if self._guard is None:
                try:
                    self._guard = self._build_guard()
                except TidegateError as error:
                    self._guard = error
            return _usable(self._guard)


def _usable(part: T | TidegateError) -> T:
    if isinstance(part, TidegateError):
        raise Broken(part.message, code=part.code, hint=part.hint) from part
    return part


def lessened(found: Detector | TidegateError | None) -> str:
    """What redaction does without, in a word that every answer carries; empty when it is whole, or was not needed yet."""
    if isinstance(found, TidegateError):
        return "unavailable"
    return "patterns-only" if found is not None and found.ner is None else ""


def remembering(detector: Detector) -> Detector:
    """The same detector, which looks at each text once: a turn scans only what is new."""
    names = _remember(detector.ner) if detector.ner is not None else None
    return replace(detector, ner=names, memory=Memory(_REMEMBERED_TEXTS))


def sparing(detector: Detector, public: Sequence[str]) -> Detector:
    """The same detector, which does not take the operator's public words (products, the own company) for names.

    A name goes free only when it lies wholly inside a public word as it stands in the text; formats never do, and a name
    that the conversation has already hidden stays hidden everywhere.
    """
    if detector.ner is None or not public:
        return detector
    words = re.compile("|".join(rf"(?<!\w){re.escape(word)}(?!\w)" for word in public), re.IGNORECASE)
    return replace(detector, ner=_spared(detector.ner, words))


def naming(detector: Detector, tools: Sequence[Tool]) -> Detector:
    """The same detector for tool declarations: the identifiers that the application's code gives are no names of people.

    Only plain identifiers (`GetWeather`, `timeRange`) and JSON Schema's own words go free, alone or in a row; other words in
    enums and defaults are looked at as ever, formats always. A key that is a person's name goes free too: see docs/privacy.md.
    """
    names = {tool.name for tool in tools} | {name for tool in tools for name in _KEY.findall(tool.parameters)}
    free = sorted(
        (name for name in names | _SCHEMA_WORDS if _IDENTIFIER.fullmatch(name)), key=len, reverse=True
    )
    if detector.ner is None or not tools:
        return detector
    one = "(?:" + "|".join(free) + ")"
    return replace(detector, ner=_spared(detector.ner, re.compile(rf"(?<!\w){one}(?:\W{{1,8}}{one})*(?!\w)")))


def _spared(find: Ner, words: re.Pattern[str]) -> Ner:
    return _Spared(find, words)


@dataclass(frozen=True, slots=True)
class _Spared:
    """Names without those in public words. Equal when made of equal parts: so what it found is remembered over requests."""

    find: Ner
    words: re.Pattern[str]

    def free(self, text: str) -> Sequence[tuple[int, int]]:
        """Where the public words stand."""
        return [match.span() for match in self.words.finditer(text)]

    def __call__(self, text: str) -> tuple[Span, ...]:
        free = self.free(text)
        return tuple(
            span
            for span in self.find(text)
            if not any(start <= span.start and span.end <= end for start, end in free)
        )


def _remember(find: Ner) -> Ner:
    known: OrderedDict[bytes, tuple[Span, ...]] = OrderedDict()

    def found(text: str) -> tuple[Span, ...]:
        key = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        if key not in known:
            known[key] = find(text)
            if len(known) > _REMEMBERED_TEXTS:
                known.popitem(last=False)
        known.move_to_end(key)
        return known[key]

    return found


@dataclass(frozen=True, slots=True)
class _Pen:
    """One pass over one prompt: what it hid so far, by label."""

    detector: Detector
    vault: Vault
    counts: dict[Label, int]

    def text(self, text: str) -> Redacted:
        return self._counted(redact(text, self.detector, self.vault))

    def json(self, text: str) -> Redacted:
        return self._counted(redact_json_text(text, self.detector, self.vault))

    def _counted(self, done: Redaction) -> Redacted:
        for label, count in done.labels.items():
            self.counts[label] = self.counts.get(label, 0) + count
        return done.text


class PrivacyScreen:
    """`edge.ports.Screen` on tidegate.privacy and tidegate.guard. One conversation at a time; safe from worker threads."""

    def __init__(
        self,
        detectors: Detectors,
        vaults: VaultShelf,
        *,
        key: bytes,
        clock: Clock,
        ttl_s: float,
        handling: Handling = MASKED,
    ) -> None:
        self._detectors = detectors
        self._vaults = vaults
        self._key = key
        self._clock = clock
        self._ageing = Ageing(clock, Log("edge.screen"))
        self._ttl_s = ttl_s
        self._handling = handling
        self._open: OrderedDict[ConversationId, Vault] = OrderedDict()
        self._scores: OrderedDict[bytes, float] = OrderedDict()
        self._forgotten: OrderedDict[ConversationId, None] = OrderedDict()
        self._lock = threading.RLock()

    def redact(self, request: Request) -> RedactedPrompt:
        """The prompt as it may leave; its vault is on disk when this returns. Raises Broken and Exhausted."""
        detector = self._detectors.detector()
        with self._lock:
            self._forgotten.pop(request.conversation, None)
            vault = self._vault(request.conversation) or self._new(request.conversation)
            before = len(vault)
            done = _settled(request.prompt, detector, vault, _salt(self._key, request))
            if len(vault) != before:
                self._vaults.put(request.conversation, vault.seal(), self._clock.now())
            return done

    def restore(self, conversation: ConversationId, text: str) -> str:
        with self._lock:
            return (self._vault(conversation) or self._new(conversation)).restore(text)

    def restore_json(self, conversation: ConversationId, text: str) -> str:
        with self._lock:
            return restore_json_text(text, self._vault(conversation) or self._new(conversation))

    @property
    def detectors(self) -> Detectors:
        return self._detectors

    def refit(self, detectors: Detectors, handling: Handling) -> None:
        """From now on; every vault is on disk, and is opened again with the new handling."""
        with self._lock:
            self._detectors, self._handling = detectors, handling
            self._open.clear()
            self._scores.clear()

    def forget(self, conversation: ConversationId) -> None:
        """Wipes what is in memory of a conversation; its row on disk is the caller's to delete."""
        with self._lock:
            vault = self._open.pop(conversation, None)
            if vault is not None:
                vault.wipe()
            self._forgotten[conversation] = None
            if len(self._forgotten) > _REMEMBERED_TEXTS:
                self._forgotten.popitem(last=False)

    def forgot(self, conversation: ConversationId) -> bool:
        """Whether it was forgotten and has not begun again: a reply to it is nobody's, not an attack."""
        with self._lock:
            return conversation in self._forgotten

    def injection(self, request: Request) -> float:
        """The worst score among the texts that came from outside. Raises Broken."""
        return max((self._score(text) for text in _from_outside(request.prompt)), default=0.0)

    def _score(self, text: str) -> float:
        key = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        with self._lock:
            if key not in self._scores:
                self._scores[key] = self._detectors.guard()(text)
                if len(self._scores) > _REMEMBERED_TEXTS:
                    self._scores.popitem(last=False)
            return self._scores[key]

    def _vault(self, conversation: ConversationId) -> Vault | None:
        """The conversation's vault from memory or disk, if it has one that still opens."""
        now = self._ageing.now(self._ttl_s)
        vault = self._open.get(conversation)
        if vault is None:
            sealed = self._vaults.get(conversation)
            if sealed is None:
                return None
            try:
                vault = Vault.unseal(sealed, self._key, now, conversation, handling=self._handling)
            except Untrusted as error:
                if error.code != "vault_expired":
                    raise
                return None
            self._keep(conversation, vault)
        self._open.move_to_end(conversation)
        return vault if not vault.expired(now) else None

    def _new(self, conversation: ConversationId) -> Vault:
        vault = Vault.open(
            conversation, self._key, self._clock.now(), ttl_s=self._ttl_s, handling=self._handling
        )
        self._keep(conversation, vault)
        return vault

    def _keep(self, conversation: ConversationId, vault: Vault) -> None:
        self._open[conversation] = vault
        if len(self._open) > _OPEN_VAULTS:
            self._open.popitem(last=False)


def _salt(key: bytes, request: Request) -> bytes:
    """Another one for every escalation, which only this device can make, and the same whenever it is made again.

    So a preview shows the very bytes that leave, and commitments of two escalations cannot be joined.
    """
    return hmac.digest(
        key, f"tidegate commitment salt\0{request.request_id}\0{request.revision}".encode(), "sha256"
    )


def _settled(prompt: Prompt, detector: Detector, vault: Vault, salt: bytes) -> RedactedPrompt:
    """Passes until the vault learns nothing new: then every text knows every value of the conversation."""
    declared = naming(detector, prompt.tools)
    for _ in range(_ROUNDS):
        known = len(vault)
        done = _redacted(prompt, (detector, declared), vault, salt)
        if len(vault) == known:
            return done
    return _redacted(prompt, (detector, declared), vault, salt)


def _redacted(
    prompt: Prompt, detectors: tuple[Detector, Detector], vault: Vault, salt: bytes
) -> RedactedPrompt:
    """One pass; `detectors` are the one for what is said and the one for how tools are declared."""
    counts: dict[Label, int] = {}
    pen, declared = (_Pen(detector, vault, counts) for detector in detectors)
    refs = _references(prompt)
    return RedactedPrompt(
        messages=tuple(_message(message, pen, refs) for message in prompt.messages),
        tools=tuple(
            RedactedTool(declared.text(tool.name), pen.text(tool.description), declared.json(tool.parameters))
            for tool in prompt.tools
        ),
        forced_tool=declared.text(prompt.forced_tool),
        response_schema=pen.json(prompt.response_schema),
        entities=counts,
        commitment_salt=salt,
        commitments=vault.commitments(salt),
    )


def _message(message: Message, pen: _Pen, refs: Mapping[str, CallRef]) -> RedactedMessage:
    content = pen.json(message.content) if message.role is Role.TOOL else pen.text(message.content)
    return RedactedMessage(
        role=message.role,
        content=content,
        tool_calls=tuple(
            RedactedCall(refs[call.id], pen.text(call.name), pen.json(call.arguments))
            for call in message.tool_calls
        ),
        tool_call_id=refs.get(message.tool_call_id, CallRef("")),
    )


def _references(prompt: Prompt) -> dict[str, CallRef]:
    """Call ids by position: the application's own ids do not leave."""
    refs: dict[str, CallRef] = {}
    for message in prompt.messages:
        for call in message.tool_calls:
            refs.setdefault(call.id, CallRef(f"call_{len(refs)}"))
    return refs


def _from_outside(prompt: Prompt) -> Iterator[str]:
    for message in prompt.messages:
        if message.role in (Role.USER, Role.TOOL):
            yield message.content
