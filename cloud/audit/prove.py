"""The proof behind `tidegate cloud audit verify`: the chain, the signed head outside the database, and every receipt."""

from __future__ import annotations

from cloud.audit.checkpoint import Checkpoint
from cloud.audit.ed25519 import Ed25519Notary
from cloud.audit.log import Damage, Head, verify
from cloud.config import CloudConfig
from cloud.state import StateFolder
from cloud.store.audit import SqlAuditLog
from cloud.store.db import open_database, sqlite_url
from tidegate.signing.receipts import load_signing_key


def prove(settings: CloudConfig) -> Head | Damage:
    """The intact head, or the first damage. Raises Untrusted for a forged head file, BadConfig without a key."""
    folder = StateFolder(settings.state)
    notary = Ed25519Notary(load_signing_key(folder.receipt_key))
    log = SqlAuditLog(open_database(settings.store.url or sqlite_url(folder.database)))
    signed = Checkpoint(folder.audit_head, notary).read()
    anchors = [*log.receipt_heads(), *([signed] if signed is not None else [])]
    return verify(log.entries(), anchors=anchors)
