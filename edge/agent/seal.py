"""A run as it lies on disk: AES-256-GCM with a key derived from the device's, bound to the run's id."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

import msgspec

from edge.agent.ports import Sealed
from edge.agent.run import Run
from tidegate.errors import Broken

_MAGIC = b"TGA1"
_NONCE = 12


@dataclass(frozen=True, slots=True)
class Seal:
    """`key` is 32 bytes for this purpose alone."""

    key: bytes = field(repr=False)

    def close(self, run: Run, now: float) -> Sealed:
        """The run for the disk."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = secrets.token_bytes(_NONCE)
        body = AESGCM(self.key).encrypt(nonce, msgspec.json.encode(run), _MAGIC + run.id.encode())
        return Sealed(
            id=run.id,
            application=run.application,
            conversation=run.conversation,
            state=str(run.state),
            created_at=run.created_at,
            updated_at=now,
            sealed=_MAGIC + nonce + body,
        )

    def open(self, sealed: Sealed) -> Run:
        """The run again. Raises Broken when it was altered or belongs to another device."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        raw = sealed.sealed
        try:
            if not raw.startswith(_MAGIC):
                raise ValueError("not a sealed run")
            nonce, body = raw[len(_MAGIC) : len(_MAGIC) + _NONCE], raw[len(_MAGIC) + _NONCE :]
            clear = AESGCM(self.key).decrypt(nonce, body, _MAGIC + sealed.id.encode())
            return msgspec.json.decode(clear, type=Run)
        except (InvalidTag, ValueError, msgspec.MsgspecError) as error:
            raise Broken(
                "a run of the agent cannot be read: it was altered, or the device's key is another one",
                code="agent_run_broken",
                hint="the others are not touched; it stays as it is",
            ) from error
