"""SSH public keys with their comment: they name a machine and often its owner."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.spans import Label, Span

_SHAPE = re.compile(
    r"(?<![\w-])(?:ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-nistp\d{3}|sk-ssh-ed25519@openssh\.com) AAAA[A-Za-z0-9+/]{30,}={0,2}(?: [\w.-]{1,64}@[\w.-]{1,64})?"
)


def find(document: Document) -> Iterator[Span]:
    for match in _SHAPE.finditer(document.text):
        yield hit("ssh_key", *match.span(), Label.API_KEY, 0.95)


SSH_KEY = Pattern("ssh_key", (Label.API_KEY,), find, words=(" aaaa",))
