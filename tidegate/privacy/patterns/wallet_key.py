"""Private keys of crypto currencies: WIF, and extended keys (BIP 32), each with its Base58Check."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.patterns.crypto import base58check
from tidegate.privacy.spans import Label, Span

_WIF = re.compile(r"[5KLc9][1-9A-HJ-NP-Za-km-z]{50,51}")
_EXTENDED = re.compile(r"[xyztuv](?:prv|pub)[1-9A-HJ-NP-Za-km-z]{107}")


def find(document: Document) -> Iterator[Span]:
    text = document.text
    for start, end in document.tokens:
        wif, extended = _WIF.fullmatch(text, start, end), _EXTENDED.fullmatch(text, start, end)
        sizes = (37, 38) if wif else (82,) if extended else ()
        if document.free(start, end) and any(base58check(text[start:end], size) for size in sizes):
            yield hit("wallet_key", start, end, Label.API_KEY, 0.99, valid=True)


WALLET_KEY = Pattern("wallet_key", (Label.API_KEY,), find, digits=True, shape=r"[a-z0-9]{51}")
