"""Who is calling: the device in the certificate, if it is believed and not revoked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tidegate.errors import TidegateError, Untrusted
from tidegate.identity.names import PeerIdentity, PeerRefusal, refused
from tidegate.identity.tls import peer_from_auth_context


class Revoked(Protocol):
    """Serial numbers that are no longer believed. Raises BadConfig when the list is damaged."""

    def __contains__(self, serial: int, /) -> bool: ...


@dataclass(frozen=True, slots=True)
class Doorkeeper:
    """Checked on every call: a revoked certificate loses its open connection's next call too."""

    revoked: Revoked

    def admit(self, context: Mapping[str, Sequence[bytes]]) -> PeerIdentity:
        """Raises Untrusted with a PeerRefusal code."""
        peer = peer_from_auth_context(context)
        if self._is_revoked(peer.serial):
            raise refused(PeerRefusal.REVOKED, "the certificate is revoked")
        return peer

    def _is_revoked(self, serial: int) -> bool:
        try:
            return serial in self.revoked
        except TidegateError as e:  # a damaged revocation list: nobody can be believed
            raise Untrusted("the revocation list cannot be read", code="revocation_unknown") from e
