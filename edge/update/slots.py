"""Generations on disk: `gen/<sha12>/` folders, and two pointer files, `current` and `previous`, replaced by rename.

`current` is the committed generation and moves at commit alone, so a machine that dies with a new model half-way in
starts on the old one. What a folder holds is what its `manifest.json` says, and is checked again before it is loaded.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from edge.update.machine import Generation
from tidegate.errors import TidegateError, Untrusted
from tidegate.fs import fsync_dir, write_durably
from tidegate.ids import ReleaseId
from tidegate.signing.manifest import FileRole, Manifest, ManifestFile, manifest_bytes, parse_manifest
from tidegate.updates import BLOCK_BYTES, Fault, refusal

_NAME = re.compile(r"[0-9a-f]{12}")
_MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Slot:
    """A generation whose files are all there."""

    folder: Path
    manifest: Manifest

    @property
    def model(self) -> Path:
        return self.folder / self.manifest.model.name

    @property
    def generation(self) -> Generation:
        return generation_of(self.manifest)

    def file(self, role: FileRole) -> Path | None:
        """The file of a role, if the generation has one."""
        return next((self.folder / f.name for f in self.manifest.files if f.role is role), None)


def generation_of(manifest: Manifest) -> Generation:
    return Generation(manifest.release, manifest.digest, manifest.model.sha256, manifest.size)


@dataclass(frozen=True, slots=True)
class Slots:
    """The folder of generations. Every method can be repeated."""

    folder: Path

    def incoming(self, manifest: Manifest) -> Path:
        """Where its files are brought in. Kept over restarts, so that a download resumes."""
        path = self.folder / "incoming" / manifest.digest[:12]
        path.mkdir(parents=True, exist_ok=True)
        return path

    def begin(self, manifest: Manifest) -> None:
        """Keeps the verified manifest beside what will be fetched."""
        write_durably(self.incoming(manifest) / _MANIFEST, manifest_bytes(manifest))

    def manifest(self, generation: Generation) -> Manifest:
        """The manifest of a generation begun or staged. Raises Untrusted when it is not the one that was verified."""
        name = generation.digest[:12]
        for parent in (self.folder / "gen", self.folder / "incoming"):
            path = parent / name / _MANIFEST
            if path.exists():
                content = path.read_bytes()
                if hashlib.sha256(content).hexdigest() == generation.digest:
                    return parse_manifest(content, generation.release)
        raise refusal(Fault.HASH_MISMATCH, "the release's manifest on this disk is not the verified one")

    def stage(self, manifest: Manifest) -> Slot:
        """Checks whole files and moves the folder into place. Raises Untrusted (`hash_mismatch`, `truncated`)."""
        place = self._place(manifest.digest[:12])
        if not place.exists():
            incoming = self.incoming(manifest)
            keep = {_MANIFEST, *(f.name for f in manifest.files)}
            for path in incoming.iterdir():
                if path.name not in keep:
                    path.unlink()
            for file in manifest.files:
                check_file(incoming / file.name, file)
                (incoming / file.name).chmod(0o444)
            fsync_dir(incoming)
            place.parent.mkdir(parents=True, exist_ok=True)
            incoming.rename(place)
            fsync_dir(place.parent)
        return self._checked(place.name, manifest.release)

    def commit(self, generation: Generation) -> None:
        """Makes a generation the one to start with, and keeps the one before. Clears all others.

        Committing the embedded model (no digest) takes the pointers away.
        """
        name = generation.digest[:12]
        current = self._pointer("current")
        if not name:
            for pointer in ("current", "previous"):
                (self.folder / pointer).unlink(missing_ok=True)
        elif current != name:
            if current is not None:
                write_durably(self.folder / "previous", current.encode())
            write_durably(self.folder / "current", name.encode())
        self.clear()

    def clear(self) -> None:
        """Removes everything but the two committed slots."""
        keep = {self._pointer("current"), self._pointer("previous")}
        for parent in (self.folder / "gen", self.folder / "incoming"):
            for path in parent.iterdir() if parent.exists() else ():
                if path.name not in keep or parent.name == "incoming":
                    shutil.rmtree(path)

    def slot(self, generation: Generation) -> Slot:
        """A staged generation, checked. Raises Untrusted."""
        slot = self._checked(generation.digest[:12], generation.release)
        if slot.manifest.digest != generation.digest:
            raise refusal(Fault.HASH_MISMATCH, "the slot holds another generation")
        return slot

    def bootable(self) -> Slot | None:
        """The committed slot to start with, checked; the one before if it is damaged; None: the embedded model."""
        for pointer in ("current", "previous"):
            name = self._pointer(pointer)
            if name is None:
                continue
            try:
                return self._checked(name, None)
            except (TidegateError, OSError):
                continue
        return None

    def _checked(self, name: str, release: ReleaseId | None) -> Slot:
        folder = self._place(name)
        content = (folder / _MANIFEST).read_bytes()
        manifest = parse_manifest(content, release or _release_in(content))
        if manifest.digest[:12] != name:
            raise refusal(Fault.HASH_MISMATCH, "the slot holds another generation")
        for file in manifest.files:
            check_file(folder / file.name, file)
        return Slot(folder, manifest)

    def _place(self, name: str) -> Path:
        return self.folder / "gen" / name

    def _pointer(self, which: str) -> str | None:
        try:
            name = (self.folder / which).read_text("ascii").strip()
        except (OSError, UnicodeDecodeError):
            return None
        return name if _NAME.fullmatch(name) else None


def check_file(path: Path, file: ManifestFile) -> None:
    """Raises Untrusted (`truncated`, `hash_mismatch`) unless the file is, whole, the one described. No links."""
    if path.is_symlink() or not path.is_file():
        raise refusal(Fault.TRUNCATED, "a file of the release is missing")
    size = path.stat().st_size
    if size != file.size:
        raise refusal(
            Fault.TRUNCATED if size < file.size else Fault.HASH_MISMATCH, "a file has the wrong size"
        )
    whole = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(8 * BLOCK_BYTES):
            whole.update(piece)
    if whole.hexdigest() != file.sha256:
        raise refusal(Fault.HASH_MISMATCH, "a file of the release is not the signed one")


def _release_in(content: bytes) -> ReleaseId:
    """Which release a manifest on our own disk says it is; its digest is compared with the folder's name later."""
    try:
        return ReleaseId(str(json.loads(content)["release"]))
    except (ValueError, KeyError, TypeError) as e:
        raise Untrusted("a manifest on this disk cannot be read", code=Fault.MALFORMED.value) from e
