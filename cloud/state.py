"""The state folder: what is where, and what a first start makes. Everything in it is open to its owner only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tidegate.identity.authority import Authority, create_authority
from tidegate.identity.folder import (
    FolderTokens,
    RevokedSerials,
    load_authority,
    private_folder,
    save_authority,
    save_service,
)
from tidegate.identity.names import Service
from tidegate.identity.tls import TlsMaterial, load_material
from tidegate.signing.receipts import SigningKey, load_signing_key, new_signing_key, save_signing_key


@dataclass(frozen=True, slots=True)
class StateFolder:
    """Paths below one folder."""

    root: Path

    @property
    def database(self) -> Path:
        return self.root / "cloud.db"

    @property
    def authority(self) -> Path:
        return self.root / "authority"

    @property
    def tls(self) -> Path:
        return self.root / "tls"

    @property
    def tokens(self) -> Path:
        return self.root / "tokens"

    @property
    def revoked(self) -> Path:
        return self.root / "revoked.txt"

    @property
    def receipt_key(self) -> Path:
        return self.root / "receipt.key"

    @property
    def audit_head(self) -> Path:
        return self.root / "audit.head"


@dataclass(frozen=True, slots=True)
class Identity:
    """What this cloud proves itself with, and what it admits devices by."""

    authority: Authority
    material: TlsMaterial
    receipt_key: SigningKey
    tokens: FolderTokens
    revoked: RevokedSerials


def prepare(folder: StateFolder, now: float, *, names: tuple[str, ...] = ()) -> Identity:
    """Reads the identity; makes what is missing (authority, certificate, receipt key). Raises BadConfig."""
    private_folder(folder.root)
    if not (folder.authority / "root.key").exists():
        save_authority(folder.authority, create_authority(now))
    authority = load_authority(folder.authority)
    if not (folder.tls / "cert.pem").exists():
        save_service(folder.tls, authority, Service.CLOUD, now, hosts=names)
    if not folder.receipt_key.exists():
        save_signing_key(folder.receipt_key, new_signing_key())
    return Identity(
        authority=authority,
        material=load_material(folder.tls),
        receipt_key=load_signing_key(folder.receipt_key),
        tokens=FolderTokens(folder.tokens),
        revoked=RevokedSerials(folder.revoked),
    )
