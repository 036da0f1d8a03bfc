"""Who knocks: one key per application, kept as SHA-256. Keys have 256 random bits, so a slow hash would add nothing."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from typing import Protocol

from tidegate.errors import BadRequest

FIRST_APPLICATION = "default"


class KeyShelf(Protocol):
    """Where digests lie."""

    def add(self, digest: bytes, application: str, now: float) -> None: ...

    def all(self) -> Mapping[bytes, str]: ...


def make_key(shelf: KeyShelf, application: str, now: float) -> str:
    """A new key for the application; shown once, kept only as its digest."""
    key = "tg_" + secrets.token_urlsafe(32)
    shelf.add(_digest(key), application, now)
    return key


class Keyring:
    """Knows an application by its key."""

    def __init__(self, shelf: KeyShelf) -> None:
        self._shelf = shelf

    def application(self, authorization: str) -> str:
        """The application whose key this is. Raises BadRequest (401)."""
        scheme, _, key = authorization.partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            raise _stranger("an API key is needed: send it as `Authorization: Bearer KEY`", "missing_api_key")
        digest = _digest(key.strip())
        found = ""
        for known, application in self._shelf.all().items():
            if hmac.compare_digest(known, digest):
                found = application
        if not found:
            raise _stranger("this API key is not known here", "invalid_api_key")
        return found


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()


def _stranger(message: str, code: str) -> BadRequest:
    return BadRequest(message, code=code, status=401, hint="`tidegate edge key` makes one")
