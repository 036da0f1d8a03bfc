"""The vault of one conversation: which placeholder stands for which private value, and the way back.

Rules a reader could get wrong:
1. The same value (same label, case and spacing folded where the label allows it) keeps its placeholder for the whole
   conversation; it comes back in the form it was first seen in.
2. User text that already looks like a placeholder, of any conversation, is a value too (kind LITERAL) and comes back byte for byte.
3. A placeholder this vault never made is an incident (`ForeignPlaceholder`), never text.
4. At rest it is sealed with AES-256-GCM; conversation and expiry are authenticated, and an expired one does not open.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import struct
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from tidegate.errors import BadRequest, Broken, Untrusted
from tidegate.privacy.commitments import commit
from tidegate.privacy.placeholders import ALPHABET, LITERAL, NONCE_LENGTH, Placeholder, make
from tidegate.privacy.restore import Restorer, restore
from tidegate.privacy.spans import NATIONAL_IDS, Label

DAY_S = 86_400.0
KEY_BYTES = 32
_MAGIC = b"TGV1"
_HEADER = struct.Struct(">4sdH")
_NONCE_BYTES = 12
_SPACES = re.compile(r"\s+")
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
    """One private value. `numeric`: it stood as a bare number in JSON and goes back as one."""

    placeholder: str
    kind: str
    value: str = field(repr=False)
    numeric: bool = False


class _Sealed(msgspec.Struct, frozen=True, array_like=True):
    """What is encrypted: (placeholder, kind, value, numeric) in the order they were made."""

    nonce: str
    entries: tuple[tuple[str, str, str, bool], ...]


class Vault:
    """Private values of one conversation. Not thread-safe: one turn of a conversation at a time."""

    __slots__ = ("_by_name", "_by_value", "_counts", "_key", "_nonce", "_open", "conversation", "expires_at")

    def __init__(self, conversation: str, key: bytes, nonce: str, expires_at: float) -> None:
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

    @classmethod
    def open(cls, conversation: str, key: bytes, now: float, *, ttl_s: float = DAY_S) -> Vault:
        """A new, empty vault. The nonce is derived from key, conversation and `now`: unguessable for the other side."""
        seed = hmac.new(key, f"nonce\0{conversation}\0{now!r}".encode(), hashlib.sha256).digest()
        nonce = "".join(ALPHABET[byte % len(ALPHABET)] for byte in seed[:NONCE_LENGTH])
        return cls(conversation, key, nonce, now + ttl_s)

    def __repr__(self) -> str:
        return f"<Vault {len(self._by_name)} entries>"

    def __len__(self) -> int:
        return len(self._by_name)

    def __reduce__(self) -> str:
        raise TypeError("a vault leaves memory sealed or not at all")

    def hide(self, kind: Label | str, value: str, *, numeric: bool = False) -> str:
        """The placeholder for a value, made now or earlier. Raises Broken after `wipe`."""
        self._require_open()
        name = str(kind)
        identity = (name, same_form(name, value), numeric)
        entry = self._by_value.get(identity)
        if entry is None:
            number = self._counts[name] = self._counts.get(name, 0) + 1
            entry = Entry(make(name, number, self._nonce), name, value, numeric)
            self._keep(entry, identity)
        return entry.placeholder

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
        return tuple(self._by_name.values())

    def counts(self) -> Mapping[str, int]:
        """Distinct values per kind."""
        return dict(self._counts)

    def commitments(self, salt: bytes) -> tuple[bytes, ...]:
        """Salted commitments to the values (see tidegate.privacy.commitments), sorted so that the order tells nothing."""
        if len(salt) < 16:
            raise BadRequest("a commitment salt has at least 16 random bytes", code="bad_salt")
        made = {commit(salt, entry.value) for entry in self._by_name.values() if entry.kind != LITERAL}
        return tuple(sorted(one for one in made if one is not None))

    def expired(self, now: float) -> bool:
        return now >= self.expires_at

    def seal(self) -> bytes:
        """The vault as bytes for the disk: header in clear (conversation, expiry), contents AES-256-GCM."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._require_open()
        header = _header(self.conversation, self.expires_at)
        rows = tuple((e.placeholder, e.kind, e.value, e.numeric) for e in self._by_name.values())
        clear = msgspec.json.encode(_Sealed(self._nonce, rows))
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return header + nonce + AESGCM(_seal_key(self._key)).encrypt(nonce, clear, header)

    @classmethod
    def unseal(cls, sealed: bytes, key: bytes, now: float, conversation: str) -> Vault:
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
        vault = cls(owner, key, stored.nonce, expires_at)
        for placeholder, kind, value, numeric in stored.entries:
            vault._counts[kind] = vault._counts.get(kind, 0) + 1
            vault._keep(Entry(placeholder, kind, value, numeric), (kind, same_form(kind, value), numeric))
        return vault

    def wipe(self) -> None:
        """Forget everything, for good. Idempotent."""
        self._open = False
        self._key = b""
        self._by_name.clear()
        self._by_value.clear()
        self._counts.clear()

    def _keep(self, entry: Entry, identity: tuple[str, str, bool]) -> None:
        self._by_name[entry.placeholder] = entry
        self._by_value[identity] = entry

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
