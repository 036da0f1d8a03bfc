"""The one secret a device makes for itself; everything else it needs is derived from it, one key per purpose."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from tidegate.errors import Broken
from tidegate.fs import write_durably

_SIZE = 32


@dataclass(frozen=True, slots=True)
class DeviceKey:
    """Never leaves the state folder. Losing it makes vaults and conversation ids unreadable, which is its point."""

    root: bytes = field(repr=False)

    def derive(self, purpose: str) -> bytes:
        """32 bytes for one purpose (HMAC-SHA-256 of its name)."""
        return hmac.digest(self.root, b"tidegate " + purpose.encode(), "sha256")

    def mac(self, purpose: str, *parts: str) -> bytes:
        """A keyed digest of texts; each is measured, so that no two lists of parts look alike."""
        message = b"".join(len(raw).to_bytes(8, "big") + raw for raw in (part.encode() for part in parts))
        return hmac.digest(self.derive(purpose), message, "sha256")


def load_or_make(state: Path) -> DeviceKey:
    """The key of this state folder, made on first use (mode 0600). Raises Broken when the file is damaged, or gone."""
    if (state / ".restore" / "commit.json").exists():
        raise Broken(
            "a restore of this state folder was interrupted; nothing is lost",
            code="restore_unfinished",
            hint="`tidegate edge run` finishes it, and so does restoring again",
        )
    file = state / "device.key"
    if not file.exists() and (state / "durable.db").exists():
        raise Broken(
            "device.key is missing in a state folder that was made with one; nothing was changed",
            code="device_key_missing",
            hint="restore it from a backup: without it what is sealed there (vaults, memory, the ledger's end) cannot be read; "
            "or move the folder away to begin anew",
        )
    if not file.exists():
        write_durably(file, secrets.token_bytes(_SIZE), mode=0o600)
    root = file.read_bytes()
    if len(root) != _SIZE:
        raise Broken(
            "device.key in the state folder is damaged",
            code="device_key_broken",
            hint="restore it from a backup",
        )
    return DeviceKey(root)
