"""Crypto currency addresses: Base58Check (Bitcoin, Litecoin, Dogecoin, Tron), Bech32 (BIP 173, BIP 350), Ethereum, Monero by shape."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.spans import Label, Span

_BASE58 = re.compile(r"[13LMDT][1-9A-HJ-NP-Za-km-z]{25,34}")
_BECH32 = re.compile(r"(?:bc1|tb1|ltc1)[02-9ac-hj-np-z]{11,71}")
_ETHEREUM = re.compile(r"0x[0-9a-fA-F]{40}")
_MONERO = re.compile(r"[48][0-9AB][1-9A-HJ-NP-Za-km-z]{93}")
_SHORTEST = 17
_SYMBOLS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def find(document: Document) -> Iterator[Span]:
    text = document.text
    for start, end in document.tokens:
        if end - start < _SHORTEST or not document.free(start, end):
            continue
        for shape, check in ((_BASE58, base58check), (_BECH32, bech32)):
            if shape.fullmatch(text, start, end) and check(text[start:end]):
                yield hit("crypto", start, end, Label.CRYPTO, 0.99, valid=True)
        for shape in (_ETHEREUM, _MONERO):
            if shape.fullmatch(text, start, end):
                yield hit("crypto", start, end, Label.CRYPTO, 0.9)


def base58check(address: str, size: int = 25) -> bool:
    """`size` bytes whose last four are the double SHA-256 of the rest."""
    number = 0
    for character in address:
        number = number * 58 + _SYMBOLS.index(character)
    if number.bit_length() > size * 8:
        return False
    raw = number.to_bytes(size, "big")
    return hashlib.sha256(hashlib.sha256(raw[:-4]).digest()).digest()[:4] == raw[-4:]


def bech32(address: str) -> bool:
    """BIP 173 checksum 1 or BIP 350 checksum 0x2bc830a3."""
    prefix, _, body = address.rpartition("1")
    values = (
        [ord(c) >> 5 for c in prefix]
        + [0]
        + [ord(c) & 31 for c in prefix]
        + [_CHARSET.index(c) for c in body]
    )
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for index, generator in enumerate(_GENERATORS):
            check ^= generator if (top >> index) & 1 else 0
    return check in (1, 0x2BC830A3)


CRYPTO = Pattern(
    "crypto",
    (Label.CRYPTO,),
    find,
    digits=True,
    shape=r"(?:^|[^a-z0-9_])(?:[1348lmdt][a-z0-9]{25}|(?:bc1|tb1|ltc1)[a-z0-9]{13}|0x[0-9a-f]{40})",
)
