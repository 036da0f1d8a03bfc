"""Identity on disk: the authority's folder (0700, files 0600), the token files, and the serials that are revoked.

Several processes share these folders (`tidegate fleet token` beside a running cloud), so every change is one atomic
step of the file system and readers look again each time.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tidegate.errors import BadConfig
from tidegate.fs import fsync_dir, write_durably
from tidegate.identity import authority as ca
from tidegate.identity.authority import Authority
from tidegate.identity.enrol import TokenRecord
from tidegate.identity.names import Service
from tidegate.ids import DeviceId, device_id

_TOKEN_ID = re.compile(r"[0-9a-f]{16}")


def private_folder(path: Path) -> Path:
    """The folder, made if absent, open to its owner only."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.chmod(0o700)
    return path


def save_authority(folder: Path, authority: Authority) -> None:
    """Writes `root.key` and `root.pem`. Never overwrites a root: raises BadConfig (`already_initialised`)."""
    if (folder / "root.key").exists():
        raise BadConfig(f"{folder} already holds a certificate authority", code="already_initialised")
    private_folder(folder)
    write_durably(folder / "root.key", ca.key_pem(authority.key))
    write_durably(folder / "root.pem", ca.certificate_pem(authority.certificate))


def load_authority(folder: Path) -> Authority:
    """Raises BadConfig (`no_authority`) when the folder holds none or it cannot be read."""
    try:
        key = serialization.load_pem_private_key((folder / "root.key").read_bytes(), password=None)
        certificate = x509.load_pem_x509_certificate((folder / "root.pem").read_bytes())
    except (OSError, ValueError) as e:
        raise BadConfig(
            f"{folder}: no usable certificate authority",
            code="no_authority",
            hint="run `tidegate fleet init`",
        ) from e
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise BadConfig(f"{folder}/root.key: not an elliptic curve key", code="no_authority")
    return Authority(certificate, key)


def save_service(
    folder: Path, authority: Authority, service: Service, now: float, *, hosts: tuple[str, ...] = ()
) -> None:
    """A new key and certificate for a service, as `key.pem`, `cert.pem`, `ca.pem` in its own folder."""
    private_folder(folder)
    key = ca.new_key()
    certificate = ca.issue_service(authority, service, key.public_key(), now, hosts=hosts)
    write_durably(folder / "key.pem", ca.key_pem(key))
    write_durably(folder / "cert.pem", ca.certificate_pem(certificate))
    write_durably(folder / "ca.pem", ca.certificate_pem(authority.certificate))


@dataclass(frozen=True, slots=True)
class FolderTokens:
    """A TokenStore of one file per token. Using one is a rename, which exactly one caller can win."""

    folder: Path

    def add(self, record: TokenRecord) -> None:
        private_folder(self.folder)
        body = {
            "secret_digest": record.secret_digest,
            "device": record.device,
            "expires_at": record.expires_at,
        }
        write_durably(self._open(record.token_id), json.dumps(body).encode())

    def find(self, token_id: str) -> TokenRecord | None:
        """Finds used tokens too, so that the caller can tell `used` from `unknown`."""
        if not _TOKEN_ID.fullmatch(token_id):
            return None
        for path in (self._open(token_id), self._used(token_id)):
            try:
                return _record(token_id, path.read_bytes())
            except FileNotFoundError:
                continue
        return None

    def use(self, token_id: str) -> bool:
        try:
            self._open(token_id).rename(self._used(token_id))
        except FileNotFoundError:
            return False
        fsync_dir(self.folder)
        return True

    def issued(self, record: TokenRecord, serial: int) -> None:
        body = {"device": record.device, "serial": str(serial)}
        write_durably(self.folder / f"{record.token_id}.cert", json.dumps(body).encode())

    def renewed(self, device: DeviceId, serial: int) -> None:
        """Notes a certificate that was bought with an older one (see tidegate.identity.renewal)."""
        body = {"device": device, "serial": str(serial)}
        write_durably(self.folder / f"renewed-{serial:x}.cert", json.dumps(body).encode())

    def serials(self) -> dict[DeviceId, frozenset[int]]:
        """Every certificate issued so far, by device."""
        found: dict[DeviceId, frozenset[int]] = {}
        for path in self.folder.glob("*.cert"):
            fields: dict[str, object] = json.loads(path.read_bytes())
            device = device_id(str(fields["device"]))
            found[device] = found.get(device, frozenset()) | {int(str(fields["serial"]))}
        return found

    def _open(self, token_id: str) -> Path:
        return self.folder / f"{token_id}.json"

    def _used(self, token_id: str) -> Path:
        return self.folder / f"{token_id}.used"


def _record(token_id: str, body: bytes) -> TokenRecord:
    fields: dict[str, object] = json.loads(body)
    expires = fields["expires_at"]
    if not isinstance(expires, int | float):
        raise BadConfig(f"token {token_id}: expires_at is not a number", code="bad_token_file")
    return TokenRecord(
        token_id, str(fields["secret_digest"]), device_id(str(fields["device"])), float(expires)
    )


@dataclass(slots=True)
class RevokedSerials:
    """The serials in `revoked.txt` (one decimal number a line), read again whenever the file changes."""

    path: Path
    _stamp: tuple[int, int] = field(default=(0, 0), init=False)
    _serials: frozenset[int] = field(default=frozenset(), init=False)

    def __contains__(self, serial: int) -> bool:
        return serial in self.all()

    def all(self) -> frozenset[int]:
        """Every revoked serial. A missing file means none; a damaged one raises BadConfig (fail closed)."""
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return frozenset()
        stamp = (status.st_mtime_ns, status.st_ino)
        if stamp != self._stamp:
            self._serials = _serials(self.path)
            self._stamp = stamp
        return self._serials

    def add(self, serials: frozenset[int]) -> None:
        lines = sorted(self.all() | serials)
        write_durably(self.path, "".join(f"{serial}\n" for serial in lines).encode())


def _serials(path: Path) -> frozenset[int]:
    try:
        return frozenset(int(line) for line in path.read_text("ascii").split())
    except ValueError as e:
        raise BadConfig(f"{path}: not a list of serial numbers", code="bad_revocation_list") from e
