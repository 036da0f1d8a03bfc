"""The device's side of TUF: python-tuf's client over any source of bytes, with a memory that survives power cuts.

Each refresh starts from the trusted root alone and fetches all metadata anew (a few kB) into a throw-away folder, so
python-tuf's own cache, which is not power-loss safe, decides nothing. What must be remembered is in two files written
durably: `highwater.json`, then `root.json`.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tuf.api.exceptions import (
    BadVersionNumberError,
    DownloadError,
    DownloadHTTPError,
    DownloadLengthMismatchError,
    ExpiredMetadataError,
    LengthOrHashMismatchError,
    RepositoryError,
    UnsignedMetadataError,
)
from tuf.api.metadata import Metadata, Root, Signed, Snapshot, Targets, Timestamp
from tuf.ngclient import FetcherInterface, Updater, UpdaterConfig

from tidegate.clock import Clock
from tidegate.errors import Broken, Unreachable, Untrusted
from tidegate.fs import write_durably
from tidegate.ids import ReleaseId
from tidegate.signing.manifest import Manifest, parse_manifest, target_path
from tidegate.signing.trust import SIGNED_AT, HighWater, RoleMark, Seen, mark_bytes, parse_mark, raise_mark
from tidegate.updates import BlobMissing, Blobs, Fault, refusal

MAX_MANIFEST_BYTES = 4 * 1024 * 1024
_CONFIG = UpdaterConfig(
    max_root_rotations=64,
    root_max_length=256_000,
    timestamp_max_length=16_384,
    snapshot_max_length=256_000,
    targets_max_length=2_000_000,
    prefix_targets_with_hash=False,
)
_MARK, _ROOT = "highwater.json", "root.json"


class BlobFetcher(FetcherInterface):
    """python-tuf's downloads over a Blobs. Remembers the last file, to tell an unsigned one from a badly signed one."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self.last = bytearray()

    def _fetch(self, url: str) -> Iterator[bytes]:
        self.last = bytearray()
        try:
            for piece in self._blobs.read(url.removeprefix("blobs:///")):
                self.last += piece
                yield piece
        except BlobMissing as e:
            raise DownloadHTTPError("missing", 404) from e
        except Unreachable as e:
            raise DownloadError("unreachable") from e


@dataclass(frozen=True, slots=True)
class TrustStore:
    """The device's trust in one folder. Not for two processes at once: the daemon owns its state folder."""

    folder: Path
    clock: Clock = field(repr=False)

    def bootstrap(self, root: bytes) -> None:
        """Sets the first root of trust, as it came with enrolment. A later call changes nothing."""
        if (self.folder / _ROOT).exists():
            return
        write_durably(self.folder / _MARK, mark_bytes(HighWater()))
        write_durably(self.folder / _ROOT, root)

    def mark(self) -> HighWater:
        """The durable high-water mark. Raises Broken when there is none: it is never guessed."""
        try:
            return parse_mark((self.folder / _MARK).read_bytes())
        except FileNotFoundError:
            return parse_mark(b"")

    def manifest(self, blobs: Blobs, release: ReleaseId) -> Manifest:
        """The verified manifest of a release, after bringing the metadata up to date.

        Raises Untrusted with a Fault's word as code, Unreachable (try again later) and Broken.
        """
        root, mark = self._root(), self.mark()
        fetcher = BlobFetcher(blobs)
        try:
            with tempfile.TemporaryDirectory(dir=self.folder, prefix=".refresh-") as scratch:
                return self._verified(Path(scratch), root, mark, fetcher, release)
        except (RepositoryError, DownloadError) as e:
            raise translated(e, bytes(fetcher.last)) from e

    def _root(self) -> bytes:
        try:
            return (self.folder / _ROOT).read_bytes()
        except FileNotFoundError as e:
            raise Broken(
                "this device has no root of trust for updates",
                code="no_update_root",
                hint="enrol the device again",
            ) from e

    def _verified(
        self, scratch: Path, root: bytes, mark: HighWater, fetcher: BlobFetcher, release: ReleaseId
    ) -> Manifest:
        updater = Updater(
            str(scratch),
            "blobs:///metadata/",
            str(scratch / "targets"),
            "blobs:///targets/",
            fetcher,
            _CONFIG,
            bootstrap=root,
        )
        updater.refresh()
        raised = raise_mark(mark, seen_in(scratch), self.clock.now())
        if raised != mark:
            write_durably(self.folder / _MARK, mark_bytes(raised))
        latest = (scratch / _ROOT).read_bytes()
        if latest != root:
            write_durably(self.folder / _ROOT, latest)
        return _manifest(updater, release)


def _manifest(updater: Updater, release: ReleaseId) -> Manifest:
    target = updater.get_targetinfo(target_path(release))
    if target is None:
        raise refusal(Fault.NOT_PUBLISHED, "the release is not in the signed metadata")
    if target.length > MAX_MANIFEST_BYTES:
        raise refusal(Fault.MALFORMED, "the release's manifest is larger than any real one")
    path = Path(updater.download_target(target, str(Path(updater.target_dir or "") / "manifest.json")))
    manifest = parse_manifest(path.read_bytes(), release)
    for file in manifest.files:
        signed = updater.get_targetinfo(file.blob)
        if signed is None or signed.length != file.size or signed.hashes.get("sha256") != file.sha256:
            raise refusal(Fault.HASH_MISMATCH, "the manifest names a file that the signed metadata does not")
    return manifest


def seen_in(folder: Path) -> Seen:
    """What the metadata files that python-tuf just verified in `folder` say."""
    root = Metadata[Root].from_file(str(folder / _ROOT)).signed
    timestamp = Metadata[Timestamp].from_file(str(folder / "timestamp.json")).signed
    snapshot = Metadata[Snapshot].from_file(str(folder / "snapshot.json")).signed
    targets = Metadata[Targets].from_file(str(folder / "targets.json")).signed
    signed: dict[str, Signed] = {
        "root": root,
        "timestamp": timestamp,
        "snapshot": snapshot,
        "targets": targets,
    }
    signed_at = timestamp.unrecognized_fields.get(SIGNED_AT, 0)
    return Seen(
        root_version=root.version,
        roles={name: RoleMark(_keys(root, name), s.version) for name, s in signed.items() if name != "root"},
        expires={name: s.expires.timestamp() for name, s in signed.items()},
        signed_at=signed_at if isinstance(signed_at, int) and signed_at >= 0 else 0,
    )


def _keys(root: Root, role: str) -> str:
    entry = root.roles[role]
    return hashlib.sha256(json.dumps([sorted(entry.keyids), entry.threshold]).encode()).hexdigest()


def translated(error: Exception, last: bytes) -> Untrusted | Unreachable:
    """python-tuf's errors as ours: closed words, no foreign text."""
    match error:
        case UnsignedMetadataError():
            if _signature_count(last) == 0:
                return refusal(Fault.UNSIGNED, "the update metadata is not signed")
            return refusal(Fault.BAD_SIGNATURE, "the update metadata is not signed by enough trusted keys")
        case ExpiredMetadataError():
            return refusal(Fault.EXPIRED, "the update metadata has expired")
        case BadVersionNumberError():
            return refusal(Fault.REPLAYED, "the update metadata is older than it should be")
        case LengthOrHashMismatchError() | DownloadLengthMismatchError():
            return refusal(Fault.HASH_MISMATCH, "a file is not the one the signed metadata describes")
        case RepositoryError():
            return refusal(Fault.MALFORMED, "the update metadata cannot be read")
        case _:
            return Unreachable("the update source did not deliver", code=Fault.TRANSPORT.value)


def _signature_count(content: bytes) -> int:
    try:
        signatures = json.loads(content)["signatures"]
        return sum(1 for s in signatures if s.get("sig"))
    except (ValueError, KeyError, TypeError, AttributeError):
        return 0
