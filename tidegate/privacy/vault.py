"""The vault of one conversation: which placeholder stands for which private value, and the way back.

Rules a reader could get wrong:
1. The same value (same label, case and spacing folded where the label allows it) keeps its placeholder for the whole
   conversation; it comes back in the form it was first seen in.
2. User text that already looks like a placeholder, of any conversation, is a value too (kind LITERAL) and comes back byte for byte.
3. A placeholder this vault never made is an incident (`ForeignPlaceholder`), never text.
4. Where the operator asks for it, a value becomes a pseudonym, which comes back like a placeholder, or something more general,
   which does not come back (see tidegate.privacy.actions).
5. At rest it is sealed with AES-256-GCM; conversation and expiry are authenticated, and an expired one does not open.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import struct
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import assert_never

import msgspec

from tidegate.errors import BadRequest, Broken, Untrusted
from tidegate.privacy.actions import MASKED, Action, Handling
from tidegate.privacy.commitments import commit
from tidegate.privacy.generalise import generalise
from tidegate.privacy.known import Known
from tidegate.privacy.placeholders import ALPHABET, LITERAL, NONCE_LENGTH, Placeholder, make
from tidegate.privacy.pseudonyms import parts, pseudonym
from tidegate.privacy.restore import Restorer, StandIns, restore
from tidegate.privacy.spans import NATIONAL_IDS, Label, Span

DAY_S = 86_400.0
KEY_BYTES = 32
_MAGIC = b"TGV1"
_HEADER = struct.Struct(">4sdH")
_NONCE_BYTES = 12
_SPACES = re.compile(r"\s+")
_WORD = re.compile(r"[^\W_]+")
_COMPACT = frozenset(
    {
        Label.CREDIT_CARD,
        Label.IBAN_CODE,
        Label.PHONE_NUMBER,
        Label.MAC_ADDRESS,
        Label.BIC_CODE,
    }
    | NATIONAL_IDS
)
_EXACT = frozenset({Label.API_KEY, Label.PASSWORD, Label.CRYPTO, Label.URL})


class ForeignPlaceholder(Untrusted):
    """A text holds a placeholder that this conversation never made: forged, altered, or of another conversation."""

    def __init__(self) -> None:
        super().__init__(
            "a reply held a placeholder that this conversation never made; nothing was restored",
            code="foreign_placeholder",
            hint='see the incident in "tidegate edge status"',
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """One private value, and what stands for it: a placeholder, a pseudonym or something more general (`form`).

    `numeric`: it stood as a bare number in JSON and goes back as one.
    """

    placeholder: str
    kind: str
    value: str = field(repr=False)
    numeric: bool = False
    form: Action = Action.MASK


class _Sealed(msgspec.Struct, frozen=True, array_like=True):
    """What is encrypted: (placeholder, kind, value, numeric) in the order they were made."""

    nonce: str
    entries: tuple[tuple[str, str, str, bool], ...]
    forms: tuple[Action, ...] = ()  # of each entry; absent: placeholders


class Vault:
    """Private values of one conversation. Not thread-safe: one turn of a conversation at a time."""

    __slots__ = (
        "_by_name", "_by_value", "_counts", "_handling", "_key", "_known", "_nonce", "_open", "_parts", "_seen", "_stand_ins", "conversation", "expires_at",
    )  # fmt: skip

    def __init__(
        self, conversation: str, key: bytes, nonce: str, expires_at: float, handling: Handling = MASKED
    ) -> None:
        if len(key) != KEY_BYTES:
            raise Broken(
                "the vault key is not 32 bytes", code="bad_vault_key", hint='run "tidegate edge doctor"'
            )
        self.conversation = conversation
        self.expires_at = expires_at
        self._key = key
        self._nonce = nonce
        self._open = True
        self._by_name: dict[str, Entry] = {}
        self._by_value: dict[tuple[str, str, bool], Entry] = {}
        self._counts: dict[str, int] = {}
        self._known = Known()
        self._handling = handling
        self._parts: dict[str, str] = {}  # pseudonyms, whole and by their words, and what they stand for
        self._stand_ins: StandIns | None = None
        self._seen: set[str] = (
            set()
        )  # words of the conversation, so that no pseudonym is one of them; never sealed

    @classmethod
    def open(
        cls, conversation: str, key: bytes, now: float, *, ttl_s: float = DAY_S, handling: Handling = MASKED
    ) -> Vault:
        """A new, empty vault. The nonce is derived from key, conversation and `now`: unguessable for the other side."""
        seed = hmac.new(key, f"nonce\0{conversation}\0{now!r}".encode(), hashlib.sha256).digest()
        nonce = "".join(ALPHABET[byte % len(ALPHABET)] for byte in seed[:NONCE_LENGTH])
        return cls(conversation, key, nonce, now + ttl_s, handling)

    def __repr__(self) -> str:
        return f"<Vault {len(self._by_value)} entries>"

    def __len__(self) -> int:
        return len(self._by_value)

    def __reduce__(self) -> str:
        raise TypeError("a vault leaves memory sealed or not at all")

    def hide(self, kind: Label | str, value: str, *, numeric: bool = False) -> str:
        """What stands for a value, made now or earlier: a placeholder unless its kind is handled otherwise. Raises Broken after `wipe`."""
        self._require_open()
        name = str(kind)
        identity = (name, same_form(name, value), numeric)
        entry = self._by_value.get(identity)
        if entry is None:
            entry = (None if numeric else self._otherwise(name, value)) or self._placeholder(
                name, value, numeric
            )
            self._keep(entry, identity)
        return entry.placeholder

    def note(self, text: str) -> None:
        """What the conversation says: its words will not be used as pseudonyms."""
        if self._handling.having(Action.PSEUDONYMISE):
            self._seen.update(_WORD.findall(text))

    @property
    def stand_ins(self) -> StandIns:
        """The pseudonyms in use, ready to be looked for."""
        if self._stand_ins is None:
            self._stand_ins = StandIns.of(self._parts)
        return self._stand_ins

    def _placeholder(self, name: str, value: str, numeric: bool) -> Entry:
        number = self._counts[name] = self._counts.get(name, 0) + 1
        return Entry(make(name, number, self._nonce), name, value, numeric)

    def _otherwise(self, name: str, value: str) -> Entry | None:
        """An entry of another form, where the kind asks for one and the value has one."""
        action = self._handling.of(name)
        if action is Action.PSEUDONYMISE:
            made = pseudonym(name, value, self._seed(), self._taken)
        elif action is Action.GENERALISE:
            made = generalise(name, value)
        else:
            return None
        return None if made is None else Entry(made, name, value, form=action)

    def _seed(self) -> bytes:
        return hmac.digest(self._key, f"pseudonyms\0{self.conversation}\0{self._nonce}".encode(), "sha256")

    def _taken(self, fake: str, real: str) -> bool:
        """Whether a pseudonym stands for something else already, or the conversation has said it on its own."""
        known = self._parts.get(fake)
        first = fake.split(maxsplit=1)[0]
        return (known is not None and known.casefold() != real.casefold()) or first in self._seen

    def exact(self, name: str) -> str | None:
        """The value behind a placeholder in canonical form; None when this conversation has no such one."""
        entry = self._by_name.get(name)
        return None if entry is None else entry.value

    def lookup(self, found: Placeholder) -> str:
        """The value behind a placeholder. Raises ForeignPlaceholder."""
        return self.entry(found).value

    def entry(self, found: Placeholder) -> Entry:
        """The entry behind a placeholder, bent forms included. Raises ForeignPlaceholder, and Broken after `wipe`."""
        self._require_open()
        entry = self._by_name.get(found.name)
        if entry is None:
            raise ForeignPlaceholder
        return entry

    def restore(self, text: str) -> str:
        """`text` with every placeholder replaced by its value. Raises ForeignPlaceholder; then nothing is restored."""
        return restore(text, self)

    def restorer(self) -> Restorer:
        """The same for a stream: `feed(chunk) -> str`, `close() -> str`; identical for every chunking."""
        return Restorer(self)

    def known_placeholders(self) -> frozenset[str]:
        """Every placeholder this conversation has made, in canonical form."""
        return frozenset(self._by_name)

    def values(self) -> tuple[Entry, ...]:
        """Every entry, oldest first. Private: for the redactor only."""
        return tuple(self._by_value.values())

    def repeats(self, text: str) -> Iterator[Span]:
        """Where values of this conversation stand in `text` again."""
        return self._known.repeats(text)

    def counts(self) -> Mapping[str, int]:
        """Distinct values per kind."""
        return dict(self._counts)

    def commitments(self, salt: bytes) -> tuple[bytes, ...]:
        """Salted commitments to the values (see tidegate.privacy.commitments), sorted so that the order tells nothing."""
        if len(salt) < 16:
            raise BadRequest("a commitment salt has at least 16 random bytes", code="bad_salt")
        made = {commit(salt, entry.value) for entry in self._by_value.values() if entry.kind != LITERAL}
        return tuple(sorted(one for one in made if one is not None))

    def expired(self, now: float) -> bool:
        return now >= self.expires_at

    def seal(self) -> bytes:
        """The vault as bytes for the disk: header in clear (conversation, expiry), contents AES-256-GCM."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._require_open()
        header = _header(self.conversation, self.expires_at)
        entries = self.values()
        rows = tuple((e.placeholder, e.kind, e.value, e.numeric) for e in entries)
        clear = msgspec.json.encode(_Sealed(self._nonce, rows, tuple(e.form for e in entries)))
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return header + nonce + AESGCM(_seal_key(self._key)).encrypt(nonce, clear, header)

    @classmethod
    def unseal(
        cls, sealed: bytes, key: bytes, now: float, conversation: str, *, handling: Handling = MASKED
    ) -> Vault:
        """The vault again. Raises Untrusted: wrong key, altered, cut, of another conversation, or past its expiry."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        header, expires_at, owner = _parse_header(sealed)
        if owner != conversation:
            raise Untrusted("a sealed vault belongs to another conversation", code="vault_mismatch")
        body = sealed[len(header) :]
        try:
            clear = AESGCM(_seal_key(key)).decrypt(body[:_NONCE_BYTES], body[_NONCE_BYTES:], header)
        except (InvalidTag, ValueError) as wrong:
            raise Untrusted(
                "a sealed vault does not open: altered, or another key", code="vault_altered"
            ) from wrong
        if now >= expires_at:
            raise Untrusted("a sealed vault is past its expiry; its values are gone", code="vault_expired")
        stored = msgspec.json.decode(clear, type=_Sealed)
        vault = cls(owner, key, stored.nonce, expires_at, handling)
        forms = stored.forms or (Action.MASK,) * len(stored.entries)
        for (placeholder, kind, value, numeric), form in zip(stored.entries, forms, strict=True):
            if form is Action.MASK:
                vault._counts[kind] = vault._counts.get(kind, 0) + 1
            vault._keep(
                Entry(placeholder, kind, value, numeric, form), (kind, same_form(kind, value), numeric)
            )
        return vault

    def wipe(self) -> None:
        """Forget everything, for good. Idempotent."""
        self._open = False
        self._key = b""
        self._by_name.clear()
        self._by_value.clear()
        self._counts.clear()
        self._known.clear()
        self._parts.clear()
        self._seen.clear()
        self._stand_ins = None

    def _keep(self, entry: Entry, identity: tuple[str, str, bool]) -> None:
        self._by_value[identity] = entry
        self._known.add(entry.kind, entry.value)
        match entry.form:
            case Action.PSEUDONYMISE:
                self._parts.update(parts(entry.kind, entry.placeholder, entry.value))
                self._stand_ins = None
            case Action.GENERALISE:
                pass  # never put back: a year in an answer is a year
            case Action.MASK | Action.BLOCK | Action.ALLOW:
                self._by_name[entry.placeholder] = entry
            case other:
                assert_never(other)

    def _require_open(self) -> None:
        if not self._open:
            raise Broken("the vault of this conversation has been wiped", code="vault_wiped")


def same_form(kind: str, value: str) -> str:
    """What makes two values of a kind the same: exact for secrets, letters and digits for numbers, folded for words."""
    if kind == LITERAL or kind in _EXACT:
        return value
    folded = unicodedata.normalize("NFC", value).casefold()
    if kind in _COMPACT:
        return "".join(c for c in folded if c.isalnum() or c == "+") or folded
    return _SPACES.sub(" ", folded).strip() or value


def _seal_key(key: bytes) -> bytes:
    return hmac.new(key, b"tidegate vault seal v1", hashlib.sha256).digest()


def _header(conversation: str, expires_at: float) -> bytes:
    name = conversation.encode()
    return _HEADER.pack(_MAGIC, expires_at, len(name)) + name


def _parse_header(sealed: bytes) -> tuple[bytes, float, str]:
    if len(sealed) < _HEADER.size or not sealed.startswith(_MAGIC):
        raise Untrusted("not a sealed vault", code="vault_altered")
    _, expires_at, length = _HEADER.unpack_from(sealed)
    header = sealed[: _HEADER.size + length]
    if not isinstance(expires_at, float) or len(sealed) < len(header) + _NONCE_BYTES:
        raise Untrusted("a sealed vault is cut short", code="vault_altered")
    return header, expires_at, header[_HEADER.size :].decode(errors="replace")
