"""What is kept about a model beside its files, and what a bundle says about its content. Values and parsing; pure."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated

import msgspec

from tidegate.errors import Untrusted
from tidegate.models.names import ModelName, file_name, new_name

RECORD = "model.json"
MOST_FILES = 32
MOST_BYTES = 1 << 42  # of one file: 4 TiB

Size = Annotated[int, msgspec.Meta(ge=1, le=MOST_BYTES)]
Text = Annotated[str, msgspec.Meta(max_length=500)]
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Kind(StrEnum):
    """What a model does here, and thereby which loader takes it."""

    CHAT = "chat"  # GGUF, the model that answers
    SENTRY = "sentry"  # ONNX: private words and injection
    EMBEDDER = "embedder"  # ONNX: sentences to vectors


class Licence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the publisher says. `name` is an SPDX id where there is one, lower case; empty: nothing was said."""

    name: Text = ""
    link: Text = ""
    accepted: Text = ""  # when, RFC 3339; empty: it came with Tidegate or was never asked


class StoredFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file by name, size in bytes and SHA-256 (64 hex digits)."""

    name: str
    size: Size
    sha256: str


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One model of the store."""

    name: str
    kind: Kind
    files: tuple[StoredFile, ...]
    source: Text
    revision: Text = ""  # commit of the repository it came from
    licence: Licence = Licence()
    pulled: Text = ""  # when, RFC 3339
    architecture: Text = ""
    quantisation: Text = ""
    context: int = 0  # tokens it was trained for
    memory: int = 0  # bytes that it was estimated to need in use

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    @property
    def weights(self) -> StoredFile:
        """The file that holds the weights, the one a hash is shown of."""
        return max(self.files, key=lambda file: (file.name.endswith(".gguf"), file.size))

    @property
    def id(self) -> ModelName:
        return ModelName(self.name)


class Bundle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The manifest of a bundle."""

    tidegate_bundle: Annotated[int, msgspec.Meta(ge=1, le=1)]
    models: tuple[Record, ...]


def encode(value: Record | Bundle) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


def parse_record(content: bytes) -> Record:
    """Raises Untrusted (bad_record): not a record, or one with names or hashes that must not be followed."""
    try:
        return _checked(msgspec.json.decode(content, type=Record))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _bad("a model's record cannot be read") from error


def parse_bundle(content: bytes) -> Bundle:
    """Raises Untrusted (bad_record), like `parse_record`."""
    try:
        bundle = msgspec.json.decode(content, type=Bundle)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _bad("the bundle's manifest cannot be read by this version") from error
    if not bundle.models or len({record.name for record in bundle.models}) != len(bundle.models):
        raise _bad("the bundle's manifest names no model, or one twice")
    for record in bundle.models:
        _checked(record)
    return bundle


def is_sha256(text: str) -> bool:
    return _SHA256.fullmatch(text) is not None


def _checked(record: Record) -> Record:
    new_name(record.name)
    names = [file_name(file.name) for file in record.files]
    if (
        not 1 <= len(names) <= MOST_FILES
        or len({name.lower() for name in names}) != len(names)
        or RECORD in names
    ):
        raise _bad("a model's record names no file, too many, or one twice")
    if not all(is_sha256(file.sha256) for file in record.files):
        raise _bad("a model's record has a hash that is none")
    return record


def _bad(what: str) -> Untrusted:
    return Untrusted(what, code="bad_record", hint="get the model again from a source you trust")
