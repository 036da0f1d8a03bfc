"""A generation manifest: everything that is switched together with a model, by digest. Pure.

It is a TUF target (`gen/<release>.json`), so it is authenticated before it is parsed; the files it names
(`blob/<sha256>`) are checked against it, block by block and whole, before anything parses them.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from tidegate.ids import ReleaseId, release_id
from tidegate.updates import BLOCK_BYTES, Fault, refusal

SCHEMA = 1
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_SHA = re.compile(r"[0-9a-f]{64}")
_HASHES = re.compile(r"([0-9a-f]{64})*")


class FileRole(StrEnum):
    """What a file of a generation is for. Exactly one is the MODEL."""

    MODEL = "model"
    CALIBRATION = "calibration"
    CARD = "card"


@dataclass(frozen=True, slots=True)
class ManifestFile:
    """One file. `blocks` are the SHA-256 of its BLOCK_BYTES-sized pieces: a wrong one is refused as it arrives."""

    role: FileRole
    name: str
    size: int
    sha256: str
    blocks: tuple[str, ...] = field(repr=False)

    @property
    def blob(self) -> str:
        """Its published name: what it is called here does not matter to the source."""
        return f"blob/{self.sha256}"


@dataclass(frozen=True, slots=True)
class Needs:
    """What a machine must offer. `min_ram_mb` counts the whole machine's memory, MiB."""

    arch: tuple[str, ...] = ()  # as platform.machine() says; none: any
    min_ram_mb: int = 0
    runtime: str = "llama.cpp"


@dataclass(frozen=True, slots=True)
class Manifest:
    release: ReleaseId
    files: tuple[ManifestFile, ...]
    needs: Needs = Needs()

    @property
    def model(self) -> ManifestFile:
        return next(f for f in self.files if f.role is FileRole.MODEL)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(f.size for f in self.files)

    @property
    def target(self) -> str:
        return target_path(self.release)

    @property
    def digest(self) -> str:
        """SHA-256 of the manifest's bytes, hex: names the generation."""
        return hashlib.sha256(manifest_bytes(self)).hexdigest()


@dataclass(frozen=True, slots=True)
class Machine:
    """What this machine offers."""

    arch: str
    ram_mb: int
    runtimes: tuple[str, ...] = ("llama.cpp",)


def target_path(release: ReleaseId) -> str:
    return f"gen/{release}.json"


def suits(needs: Needs, machine: Machine) -> bool:
    """Whether a generation may run here. Asked before anything is downloaded."""
    return (
        (not needs.arch or machine.arch in needs.arch)
        and machine.ram_mb >= needs.min_ram_mb
        and needs.runtime in machine.runtimes
    )


def describe_file(role: FileRole, name: str, content: Iterable[bytes]) -> ManifestFile:
    """A file's entry from its content, given in pieces of exactly BLOCK_BYTES except the last."""
    whole, blocks, size = hashlib.sha256(), [], 0
    for block in content:
        whole.update(block)
        blocks.append(hashlib.sha256(block).hexdigest())
        size += len(block)
    return ManifestFile(role, name, size, whole.hexdigest(), tuple(blocks))


def manifest_bytes(manifest: Manifest) -> bytes:
    """Canonical JSON: sorted keys, no spaces."""
    body = {
        "schema": SCHEMA,
        "release": manifest.release,
        "files": [
            {"role": f.role, "name": f.name, "size": f.size, "sha256": f.sha256, "blocks": "".join(f.blocks)}
            for f in manifest.files
        ],
        "needs": {
            "arch": list(manifest.needs.arch),
            "min_ram_mb": manifest.needs.min_ram_mb,
            "runtime": manifest.needs.runtime,
        },
    }
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()


def parse_manifest(content: bytes, release: ReleaseId) -> Manifest:
    """The manifest of `release`, from bytes whose signature was checked. Raises Untrusted (`malformed`).

    Closed: unknown keys, a second model, a name that is a path or used twice, another release's manifest are refused.
    """
    try:
        manifest = _manifest(_object(json.loads(content), {"schema", "release", "files", "needs"}))
    except (ValueError, KeyError, TypeError, RecursionError) as e:
        raise refusal(Fault.MALFORMED, "the release's manifest cannot be read") from e
    if manifest.release != release:
        raise refusal(Fault.MALFORMED, "the manifest belongs to another release")
    return manifest


def _manifest(body: dict[str, object]) -> Manifest:
    if body["schema"] != SCHEMA:
        raise ValueError("schema")
    files = tuple(_file(entry) for entry in _list(body["files"]))
    names = [f.name for f in files]
    if len(set(names)) != len(names) or [f.role for f in files].count(FileRole.MODEL) != 1:
        raise ValueError("files")
    needs = _object(body["needs"], {"arch", "min_ram_mb", "runtime"})
    arch = tuple(_text(item, _NAME) for item in _list(needs["arch"]))
    return Manifest(
        release_id(_text(body["release"], _NAME)),
        files,
        Needs(arch, _number(needs["min_ram_mb"]), _text(needs["runtime"], _NAME)),
    )


def _file(entry: object) -> ManifestFile:
    body = _object(entry, {"role", "name", "size", "sha256", "blocks"})
    size, hashes = _number(body["size"]), _text(body["blocks"], _HASHES)
    blocks = tuple(hashes[i : i + 64] for i in range(0, len(hashes), 64))
    if len(blocks) != -(-size // BLOCK_BYTES):
        raise ValueError("blocks")
    role = FileRole(_text(body["role"], _NAME))
    return ManifestFile(role, _text(body["name"], _NAME), size, _text(body["sha256"], _SHA), blocks)


def _object(value: object, keys: set[str]) -> dict[str, object]:
    if not isinstance(value, dict) or set(value) != keys:
        raise ValueError("keys")
    return {str(key): item for key, item in value.items()}


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError("not a list")
    return value


def _text(value: object, shape: re.Pattern[str]) -> str:
    if not isinstance(value, str) or not shape.fullmatch(value):
        raise ValueError("text")
    return value


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**53:
        raise ValueError("number")
    return value
