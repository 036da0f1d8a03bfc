"""Requests that wait for consent, sealed on disk for the minutes that they wait: `edge.consents.Shelf`."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from edge import sealing
from edge.config import EdgeConfig
from edge.consents import Asked
from edge.store.consents import ConsentStore
from tidegate.errors import TidegateError
from tidegate.logs import Log

PURPOSE = "consents"  # of the key: see edge.device_key
_MAGIC = b"TGC1"
_LOG = Log("edge.consents")


@dataclass(frozen=True, slots=True)
class KeptConsents:
    """`key` is 32 bytes for this purpose alone. What does not open is thrown away: it is asked again."""

    store: ConsentStore
    key: bytes = field(repr=False)

    def load(self, now: float) -> list[tuple[bytes, Asked]]:
        try:
            self.store.forget(now)
            found = self.store.all()
        except TidegateError as error:
            _LOG.error("consents_unreadable", error)
            return []
        return [
            (bytes.fromhex(mac), one) for mac, raw in found if (one := self._opened(mac, raw)) is not None
        ]

    def put(self, mac: bytes, one: Asked) -> None:
        sealed = sealing.close(_MAGIC, self.key, mac, msgspec.json.encode(one))
        try:
            self.store.put(mac.hex(), one.expires_at, sealed)
        except TidegateError as error:  # a full disk: it is good until the daemon ends
            _LOG.error("consent_not_kept", error)

    def drop(self, mac: bytes) -> None:
        try:
            self.store.drop(mac.hex())
        except TidegateError as error:  # it expires by itself
            _LOG.error("consent_not_dropped", error)

    def _opened(self, mac: str, raw: bytes) -> Asked | None:
        try:
            return msgspec.json.decode(sealing.unclose(_MAGIC, self.key, bytes.fromhex(mac), raw), type=Asked)
        except (ValueError, msgspec.MsgspecError):
            self.drop(bytes.fromhex(mac))
            return None


def rules_of(config: EdgeConfig) -> str:
    """Names what is redacted, and how: under other rules something else would leave, and needs another word."""
    import hashlib

    told = msgspec.json.encode((config.privacy, config.policy), enc_hook=str, order="deterministic")
    return hashlib.sha256(told).hexdigest()[:16]
