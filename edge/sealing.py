"""What lies sealed in the state folder: AES-256-GCM under a key of one purpose, bound to its place by the associated data.

Nonces are random (96 bits): one key is good for 2^32 of them (NIST SP 800-38D, section 8.3), far beyond what a device writes.
"""

from __future__ import annotations

import secrets

_NONCE = 12


def close(magic: bytes, key: bytes, place: bytes, clear: bytes) -> bytes:
    """`clear` for the disk. `key`: 32 bytes; `place` names the row: elsewhere it does not open."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = secrets.token_bytes(_NONCE)
    return magic + nonce + AESGCM(key).encrypt(nonce, clear, magic + place)


def unclose(magic: bytes, key: bytes, place: bytes, sealed: bytes) -> bytes:
    """The clear bytes again. Raises ValueError: altered, moved, or sealed by another device."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if not sealed.startswith(magic):
        raise ValueError("not sealed for this purpose")
    nonce, body = sealed[len(magic) : len(magic) + _NONCE], sealed[len(magic) + _NONCE :]
    try:
        return AESGCM(key).decrypt(nonce, body, magic + place)
    except InvalidTag as error:
        raise ValueError("altered, moved, or sealed by another device") from error
