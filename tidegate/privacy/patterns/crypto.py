"""Crypto currency addresses: Base58Check (Bitcoin, Litecoin, Dogecoin, Tron), Bech32 (BIP 173, BIP 350), Ethereum, Monero by shape."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.spans import Label, Span

_BASE58 = re.compile(r"[13LMDT][1-9A-HJ-NP-Za-km-z]{25,34}")
_CHAINS = (
    "bc",
    "tb",
    "ltc",
    "addr",
    "stake",
    "cosmos",
    "osmo",
    "juno",
    "terra",
    "inj",
    "kava",
    "celestia",
    "thor",
    "bnb",
    "erd",
    "dgb",
    "lnbc",
)
_BECH32 = re.compile(
    rf"(?:{'|'.join(_CHAINS)})1[02-9ac-hj-np-z]{{11,110}}|(?:BC|LTC)1[02-9AC-HJ-NP-Z]{{11,110}}"
)
_RIPPLE = re.compile(r"r[1-9A-HJ-NP-Za-km-z]{24,34}")
_SOLANA = re.compile(r"[1-9A-HJ-NP-Za-km-z]{43,44}")
_SOLANA_NAMES = ("solana", "phantom", "spl", "sol address", "sol wallet")
_CASH = re.compile(r"bitcoincash:[qp][02-9ac-hj-np-z]{41}(?!\w)")
_ETHEREUM = re.compile(r"0x[0-9a-fA-F]{40}")
_MONERO = re.compile(r"[48][0-9AB][1-9A-HJ-NP-Za-km-z]{93}")
_SHORTEST = 17
_NEARBY = 40
_SYMBOLS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
# The same 58 symbols in the order of the XRP ledger.
_RIPPLE_SYMBOLS = "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz"
_TO_BITCOIN = str.maketrans(_RIPPLE_SYMBOLS, _SYMBOLS)
_CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def find(document: Document) -> Iterator[Span]:
    text = document.text
    for start, end in document.tokens:
        if end - start < _SHORTEST or not document.free(start, end):
            continue
        for shape, check in ((_BASE58, base58check), (_BECH32, bech32), (_RIPPLE, ripple)):
            if shape.fullmatch(text, start, end) and check(text[start:end]):
                yield hit("crypto", start, end, Label.CRYPTO, 0.99, valid=True)
        for shape in (_ETHEREUM, _MONERO):
            if shape.fullmatch(text, start, end):
                yield hit("crypto", start, end, Label.CRYPTO, 0.9)
        if _SOLANA.fullmatch(text, start, end) and document.near(_SOLANA_NAMES, start - _NEARBY, start):
            yield hit("crypto", start, end, Label.CRYPTO, 0.8)
    if document.has_word("bitcoincash:"):
        for match in _CASH.finditer(text):
            yield hit("crypto", *match.span(), Label.CRYPTO, 0.9)


def base58check(address: str, size: int = 25) -> bool:
    """`size` bytes whose last four are the double SHA-256 of the rest."""
    number = 0
    for character in address:
        number = number * 58 + _SYMBOLS.index(character)
    if number.bit_length() > size * 8:
        return False
    raw = number.to_bytes(size, "big")
    return hashlib.sha256(hashlib.sha256(raw[:-4]).digest()).digest()[:4] == raw[-4:]


def ripple(address: str) -> bool:
    """Base58Check in the alphabet of the XRP ledger."""
    return base58check(address.translate(_TO_BITCOIN))


def bech32(address: str) -> bool:
    """BIP 173 checksum 1 or BIP 350 checksum 0x2bc830a3."""
    prefix, _, body = address.lower().rpartition("1")
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
    shape=rf"(?:^|[^a-z0-9_])(?:[1348lmdtr][a-z0-9]{{24}}|(?:{'|'.join(_CHAINS)})1[a-z0-9]{{13}}|0x[0-9a-f]{{40}})|solana|phantom|spl|sol [aw]|bitcoincash:",
    lexicon=("bitcoincash:", *_SOLANA_NAMES),
)
