"""The sealed file: a header in clear, then pieces of 1 MiB under AES-256-GCM. Whoever lacks the passphrase learns its size.

    magic "TGBACKUP" | length of the header | header (JSON) | piece | piece | ... | last piece

The key comes from the passphrase by scrypt (RFC 7914; cost as OWASP's password storage sheet has it: N 2^15, r 8, p 3,
32 MiB). Each piece's nonce is a random prefix, the piece's number, and whether it is the last, as in STREAM (Hoang,
Reyhanitabar, Rogaway, Vizar, "Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance", 2015): pieces
that were cut off, swapped or repeated do not open. The header is the associated data of each.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterator
from typing import Annotated, BinaryIO, Literal

import msgspec

from tidegate.errors import BadRequest, Untrusted

MAGIC = b"TGBACKUP"
PIECE = 1 << 20
_TAG = 16
_PREFIX = 7
_MOST_HEADER = 4096
LEAST_PASSPHRASE = 12


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is needed to make the key again. The bounds keep a forged file from eating the machine's memory."""

    salt: str
    prefix: str
    version: Literal[1] = 1
    kdf: Literal["scrypt"] = "scrypt"
    n: Annotated[int, msgspec.Meta(ge=2**14, le=2**18)] = 2**15
    r: Annotated[int, msgspec.Meta(ge=8, le=16)] = 8
    p: Annotated[int, msgspec.Meta(ge=1, le=8)] = 3


def seal(clear: Iterator[bytes], passphrase: str, out: BinaryIO) -> None:
    """Writes the sealed file. Raises BadRequest when the passphrase is too short."""
    if len(passphrase) < LEAST_PASSPHRASE:
        raise BadRequest(
            f"a passphrase of a backup has at least {LEAST_PASSPHRASE} characters", code="short_passphrase"
        )
    header = Header(_text(secrets.token_bytes(16)), _text(secrets.token_bytes(_PREFIX)))
    head = msgspec.json.encode(header)
    out.write(MAGIC + len(head).to_bytes(4, "big") + head)
    lock = _Lock(header, head, passphrase)
    out.writelines(
        lock.sealed(number, piece, last=last) for number, (piece, last) in enumerate(_pieces(clear))
    )


def opened(source: BinaryIO, passphrase: str) -> Iterator[bytes]:
    """What was sealed, piece by piece. Raises Untrusted: no backup, another passphrase, altered, or cut short."""
    if source.read(len(MAGIC)) != MAGIC:
        raise Untrusted("this file is no backup of a device", code="not_a_backup")
    length = int.from_bytes(source.read(4), "big")
    head = source.read(min(length, _MOST_HEADER))
    try:
        header = msgspec.json.decode(head, type=Header)
        lock = _Lock(header, head, passphrase)
    except (msgspec.MsgspecError, ValueError) as error:
        raise Untrusted(
            "this backup has a header that this release cannot read", code="backup_format"
        ) from error
    number, piece = 0, source.read(PIECE + _TAG)
    while piece:
        following = source.read(PIECE + _TAG)
        yield lock.clear(number, piece, last=not following)
        number, piece = number + 1, following
    if number == 0:
        raise cut_short()


def cut_short() -> Untrusted:
    return Untrusted(
        "the backup does not open: another passphrase, or it was altered or cut short; nothing was changed",
        code="backup_altered",
    )


class _Lock:
    """The key of one file."""

    def __init__(self, header: Header, head: bytes, passphrase: str) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

        kdf = Scrypt(salt=_bytes(header.salt), length=32, n=header.n, r=header.r, p=header.p)
        self._cipher = AESGCM(kdf.derive(passphrase.encode("utf-8", "surrogateescape")))
        self._prefix = _bytes(header.prefix)
        self._head = head
        if len(self._prefix) != _PREFIX:
            raise ValueError("a nonce prefix of another length")

    def sealed(self, number: int, piece: bytes, *, last: bool) -> bytes:
        return self._cipher.encrypt(self._nonce(number, last), piece, self._head)

    def clear(self, number: int, piece: bytes, *, last: bool) -> bytes:
        from cryptography.exceptions import InvalidTag

        try:
            return self._cipher.decrypt(self._nonce(number, last), piece, self._head)
        except InvalidTag as wrong:
            raise cut_short() from wrong

    def _nonce(self, number: int, last: bool) -> bytes:
        return self._prefix + number.to_bytes(4, "big") + bytes([last])


def _pieces(clear: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    """The same bytes in pieces of one size, the last one marked; there is always one."""
    held = bytearray()
    for some in clear:
        held += some
        while len(held) > PIECE:
            yield bytes(held[:PIECE]), False
            del held[:PIECE]
    yield bytes(held), True


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
