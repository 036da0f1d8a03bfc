"""The publisher's side of TUF: keys, releases, and the metadata that devices believe.

Layout: `keys/` (0700, one 0600 file per key), `repository/metadata/` and `repository/targets/`. Root and targets keys
sign rarely and may live elsewhere; snapshot and timestamp keys sign online, because their metadata expires in days.
A release is never published twice under one name; files are named by their digest.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp
from tuf.api.metadata import T as Document  # one of the four roles' documents
from tuf.api.serialization.json import JSONSerializer

from tidegate.errors import BadConfig, BadRequest
from tidegate.fs import fsync_dir, require_free, write_durably
from tidegate.ids import ReleaseId
from tidegate.signing.manifest import (
    FileRole,
    Manifest,
    ManifestFile,
    Needs,
    describe_file,
    manifest_bytes,
    parse_manifest,
    target_path,
)
from tidegate.signing.trust import SIGNED_AT
from tidegate.updates import BLOCK_BYTES

ROLES = ("root", "targets", "snapshot", "timestamp")
LIFE_DAYS = {"root": 365, "targets": 90, "snapshot": 7, "timestamp": 1}
_JSON = JSONSerializer(compact=True)


@dataclass(frozen=True, slots=True)
class Threshold:
    """How many keys a role has, and how many of them must sign."""

    keys: int = 1
    needed: int = 1


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file to publish as part of a release."""

    role: FileRole
    name: str
    path: Path


def create(
    folder: Path, now: float, *, root: Threshold | None = None, targets: Threshold | None = None
) -> Repository:
    """Fresh keys and an empty, signed repository. Raises BadConfig (`already_initialised`)."""
    repository = Repository(folder)
    if (folder / "keys").exists() or repository.metadata.exists():
        raise BadConfig(f"{folder} already holds an update repository", code="already_initialised")
    (folder / "keys").mkdir(parents=True, mode=0o700)
    thresholds = {"root": root or Threshold(), "targets": targets or Threshold()}
    document = Root(expires=_expiry("root", now), consistent_snapshot=True)
    for role in ROLES:
        wanted = thresholds.get(role, Threshold())
        for number in range(wanted.keys):
            signer = _new_signer(folder / "keys" / f"{role}-{number + 1}.key")
            document.add_key(signer.public_key, role)
        document.roles[role].threshold = wanted.needed
    repository.write("root", document)
    repository.write("targets", Targets(expires=_expiry("targets", now)))
    repository.write("snapshot", _snapshot(1, 1, now))
    repository.write("timestamp", _timestamp(1, 1, now))
    return repository


@dataclass(frozen=True, slots=True)
class Repository:
    """An update repository on disk. Writers take its lock; readers need none, because `timestamp.json` changes last."""

    folder: Path

    @property
    def metadata(self) -> Path:
        return self.folder / "repository" / "metadata"

    @property
    def targets(self) -> Path:
        return self.folder / "repository" / "targets"

    def root_bytes(self) -> bytes:
        """The newest signed root: what a device gets at enrolment."""
        return Path(self._newest("root")).read_bytes()

    def releases(self) -> tuple[ReleaseId, ...]:
        """Published releases, by name."""
        names = (path for path in self._targets().targets if path.startswith("gen/"))
        return tuple(sorted(ReleaseId(path.removeprefix("gen/").removesuffix(".json")) for path in names))

    def manifest(self, release: ReleaseId) -> Manifest:
        """Raises BadRequest (`unknown_release`)."""
        if release not in self.releases():
            raise BadRequest(
                f"no release is called {release}",
                code="unknown_release",
                param="release",
                hint=_published(self.releases()),
            )
        return parse_manifest((self.targets / target_path(release)).read_bytes(), release)

    def publish(
        self, release: ReleaseId, files: Iterable[NewFile], now: float, needs: Needs | None = None
    ) -> Manifest:
        """Copies the files in, signs them, then announces them. Raises BadRequest (`release_exists`), Exhausted."""
        with self._lock():
            if release in self.releases():
                raise BadRequest(
                    f"the release {release} is already published",
                    code="release_exists",
                    hint="choose another name",
                )
            manifest = Manifest(release, tuple(self._add_blob(file) for file in files), needs or Needs())
            content = manifest_bytes(manifest)
            parse_manifest(content, release)  # never publish what a device would refuse
            write_durably(self.targets / manifest.target, content, mode=0o644)
            entries = [TargetFile(f.size, {"sha256": f.sha256}, f.blob) for f in manifest.files]
            entries.append(TargetFile.from_data(manifest.target, content, ["sha256"]))
            self._announce(entries, now)
        return manifest

    def refresh(self, now: float, *, margin: float = 0.5) -> bool:
        """Signs snapshot and timestamp anew when less than `margin` of their life is left. True when it did."""
        ends = {"snapshot": self._snapshot().expires, "timestamp": self._timestamp().expires}
        due = {r for r, end in ends.items() if end.timestamp() - now < margin * LIFE_DAYS[r] * 86400}
        if not due:
            return False
        with self._lock():
            snapshot = self._snapshot()
            if "snapshot" in due:
                snapshot = _snapshot(snapshot.version + 1, self._targets().version, now)
                self.write("snapshot", snapshot)
            self.write("timestamp", _timestamp(self._timestamp().version + 1, snapshot.version, now))
        return True

    def rotate(self, role: str, now: float) -> None:
        """Replaces a role's keys through a new root, signed by old and new root keys: recovery from a stolen key."""
        with self._lock():
            root = self._root()
            before = self.signers("root")
            for number, keyid in enumerate(list(root.roles[role].keyids)):
                root.revoke_key(keyid, role)
                path = self.folder / "keys" / f"{role}-{number + 1}.key"
                path.replace(path.with_suffix(f".retired-{root.version}"))
                root.add_key(_new_signer(path).public_key, role)
            root.version += 1
            root.expires = _expiry("root", now)
            self.write("root", root, also=before)
            self._announce([], now)

    def write(self, role: str, document: Document, *, also: Iterable[CryptoSigner] = ()) -> None:
        """Signs with every key of the role that is here (and `also` with others), and writes durably."""
        content = signed_bytes(document, [*self.signers(role), *also])
        write_durably(self._file(role, document.version), content, mode=0o644)

    def signers(self, role: str) -> list[CryptoSigner]:
        """The keys of a role found in `keys/`. Raises BadConfig (`no_signing_key`) when there are none."""
        paths = sorted((self.folder / "keys").glob(f"{role}-*.key"))
        if not paths:
            raise BadConfig(f"{self.folder}/keys: no key for the role {role}", code="no_signing_key")
        return [CryptoSigner(Ed25519PrivateKey.from_private_bytes(path.read_bytes())) for path in paths]

    def _announce(self, entries: list[TargetFile], now: float) -> None:
        targets = self._targets()
        for entry in entries:
            targets.targets[entry.path] = entry
        targets.version += 1
        targets.expires = _expiry("targets", now)
        snapshot = _snapshot(self._snapshot().version + 1, targets.version, now)
        timestamp = _timestamp(self._timestamp().version + 1, snapshot.version, now)
        self.write("targets", targets)
        self.write("snapshot", snapshot)
        self.write("timestamp", timestamp)

    def _add_blob(self, file: NewFile) -> ManifestFile:
        try:
            entry = describe_file(file.role, file.name, _blocks(file.path))
        except OSError as e:
            raise BadRequest(f"{file.path}: {e.strerror or 'cannot be read'}", code="unreadable_file") from e
        place = self.targets / entry.blob
        if place.exists():
            return entry
        place.parent.mkdir(parents=True, exist_ok=True)
        require_free(place.parent, entry.size + entry.size // 10)
        part = place.with_suffix(".part")
        shutil.copyfile(file.path, part)
        with part.open("rb") as written:
            os.fsync(written.fileno())
        if describe_file(file.role, file.name, _blocks(part)) != entry:
            raise BadRequest(
                f"{file.path} changed while it was read; nothing was published", code="file_changed"
            )
        part.replace(place)
        fsync_dir(place.parent)
        return entry

    def _file(self, role: str, version: int) -> Path:
        return self.metadata / ("timestamp.json" if role == "timestamp" else f"{version}.{role}.json")

    def _newest(self, role: str) -> str:
        if role == "timestamp":
            return str(self._file(role, 0))
        paths = self.metadata.glob(f"*.{role}.json")
        newest = max(paths, key=lambda path: int(path.name.partition(".")[0]), default=None)
        if newest is None:
            raise BadConfig(
                f"{self.folder}: no update repository", code="no_repository", hint="run `tidegate fleet init`"
            )
        return str(newest)

    def _root(self) -> Root:
        return Metadata[Root].from_file(self._newest("root")).signed

    def _targets(self) -> Targets:
        return Metadata[Targets].from_file(self._newest("targets")).signed

    def _snapshot(self) -> Snapshot:
        return Metadata[Snapshot].from_file(self._newest("snapshot")).signed

    def _timestamp(self) -> Timestamp:
        return Metadata[Timestamp].from_file(self._newest("timestamp")).signed

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        handle = os.open(self.folder / "repository.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def signed_bytes(document: Document, signers: Iterable[CryptoSigner]) -> bytes:
    """A metadata file: the document and one signature per signer."""
    metadata = Metadata(document)
    for signer in signers:
        metadata.sign(signer, append=True)
    return metadata.to_bytes(_JSON)


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            yield block


def _new_signer(path: Path) -> CryptoSigner:
    key = Ed25519PrivateKey.generate()
    write_durably(path, key.private_bytes_raw())
    return CryptoSigner(key)


def _expiry(role: str, now: float) -> datetime:
    return datetime.fromtimestamp(int(now), UTC) + timedelta(days=LIFE_DAYS[role])


def _snapshot(version: int, targets_version: int, now: float) -> Snapshot:
    return Snapshot(
        version=version, expires=_expiry("snapshot", now), meta={"targets.json": MetaFile(targets_version)}
    )


def _timestamp(version: int, snapshot_version: int, now: float) -> Timestamp:
    return Timestamp(
        version=version,
        expires=_expiry("timestamp", now),
        snapshot_meta=MetaFile(snapshot_version),
        unrecognized_fields={SIGNED_AT: int(now)},
    )


def _published(names: Iterable[str]) -> str:
    """What to do about a name that is none: choose one that is, or publish it."""
    known = sorted(names)
    if not known:
        return "none is published yet: `tidegate fleet publish MODEL --name NAME`"
    return f"published are {', '.join(known[-8:])}"
