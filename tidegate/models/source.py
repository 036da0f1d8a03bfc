"""Where a model may come from, as typed on the command line. Pure but for one look at whether a path is a folder."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import assert_never
from urllib.parse import unquote, urlsplit

from tidegate.errors import BadRequest
from tidegate.models.names import file_name

_PART = r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}"
_HUB = re.compile(
    rf"hf:(?P<repo>{_PART}/{_PART})(?:@(?P<revision>[A-Za-z0-9][A-Za-z0-9._/-]*))?(?::(?P<file>.+))?"
)
_BUNDLE_ENDINGS = (".tar", ".tar.gz", ".tgz", ".zip")


@dataclass(frozen=True, slots=True)
class OnHub:
    """`hf:OWNER/NAME[@REVISION][:FILE]`."""

    repo: str
    revision: str = "main"
    file: str = ""


@dataclass(frozen=True, slots=True)
class OnWeb:
    """One file behind an https address (http on this machine alone)."""

    url: str
    file: str


@dataclass(frozen=True, slots=True)
class OnDisk:
    """A GGUF file of this machine."""

    path: Path


@dataclass(frozen=True, slots=True)
class InFolder:
    """A folder of this machine with the files of one model: an ONNX model with its settings."""

    path: Path


@dataclass(frozen=True, slots=True)
class InBundle:
    """An archive or folder made by `tidegate models bundle`."""

    path: Path


Source = OnHub | OnWeb | OnDisk | InFolder | InBundle


def parse_source(text: str, *, is_folder: bool, has_manifest: bool) -> Source:
    """Raises BadRequest (bad_source) with the forms that are understood.

    `is_folder` and `has_manifest` say what lies at `text` when it is a path.
    """
    if text.startswith("hf:"):
        return _on_hub(text)
    if "://" in text:
        return _on_web(text)
    path = Path(text).expanduser()
    if is_folder:
        return InBundle(path) if has_manifest else InFolder(path)
    if text.lower().endswith(_BUNDLE_ENDINGS):
        return InBundle(path)
    if text.lower().endswith(".gguf"):
        return OnDisk(path)
    raise _not_understood()


def described(source: Source) -> str:
    """As it is kept in the record: no query of an address (it may hold a secret), no folder of this machine."""
    match source:
        case OnHub(repo, _, _):
            return f"hf:{repo}"
        case OnWeb(url, _):
            parts = urlsplit(url)
            return f"{parts.scheme}://{parts.hostname}{parts.path}"
        case OnDisk(path) | InFolder(path):
            return f"file:{path.name}"
        case InBundle(path):
            return f"bundle:{path.name}"
        case other:
            assert_never(other)


def is_here(host: str | None) -> bool:
    """Whether a host name is this machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return False


def _on_hub(text: str) -> OnHub:
    found = _HUB.fullmatch(text)
    if found is None or ".." in text:
        raise _not_understood()
    return OnHub(found["repo"], found["revision"] or "main", found["file"] or "")


def _on_web(text: str) -> OnWeb:
    parts = urlsplit(text)
    if parts.scheme == "http" and not is_here(parts.hostname):
        raise BadRequest(
            "an address without TLS is used on this machine alone",
            code="not_https",
            hint="use its https:// form",
        )
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise _not_understood()
    if parts.username or parts.password:
        raise BadRequest(
            "an address must not hold a password",
            code="bad_source",
            hint="use a server that asks for none, or a bundle",
        )
    name = file_name(unquote(parts.path.rpartition("/")[2]))
    if not name.lower().endswith(".gguf"):
        raise BadRequest(
            "the address does not end in .gguf",
            code="bad_source",
            hint="name the file itself, not a page about it",
        )
    return OnWeb(text, name)


def _not_understood() -> BadRequest:
    return BadRequest(
        "this is no place that a model can come from",
        code="bad_source",
        param="source",
        hint="use hf:OWNER/NAME[@REVISION][:FILE.gguf], https://.../FILE.gguf, FILE.gguf, a folder with an ONNX model, or a "
        "bundle (.tar, .tar.gz, .zip, folder)",
    )
