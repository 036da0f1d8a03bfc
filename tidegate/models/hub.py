"""The Hugging Face hub, through its own library: what a repository holds, under which terms, and where each file is.

The library is imported when somebody asks for the hub, never by a daemon. Bytes then come through `download.py`, so
that room, resuming and hashes are the same for every source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from tidegate.errors import BadConfig, BadRequest, Broken, TidegateError, Unreachable
from tidegate.models.download import Wanted
from tidegate.models.licence import Terms, from_card, plain
from tidegate.models.memory import mebibytes
from tidegate.models.names import file_name
from tidegate.models.record import is_sha256
from tidegate.models.source import OnHub, is_here

if TYPE_CHECKING:
    from huggingface_hub import ModelInfo

PUBLIC = "https://huggingface.co"
VARIABLE = "HF_ENDPOINT"
_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a repository, as the hub describes it."""

    path: str
    size: int | None
    sha256: str = ""
    blob: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """A repository at one commit."""

    repo: str
    commit: str
    terms: Terms
    files: tuple[Entry, ...]
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    architecture: str = ""  # of its GGUF files, where the hub has looked


def endpoint(environ: Mapping[str, str]) -> str:
    """The hub's address: HF_ENDPOINT, else the public one. Raises BadConfig when it has no TLS."""
    found = (environ.get(VARIABLE) or PUBLIC).rstrip("/")
    parts = urlsplit(found)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_here(parts.hostname)):
        raise BadConfig(
            f"{VARIABLE}: the hub's address does not begin with https://",
            code="not_https",
            hint="correct it, or unset it for the public hub",
        )
    return found


def look(source: OnHub, address: str) -> Listing:
    """Asks the hub about a repository. Raises BadRequest (hub_unknown_repo, hub_unknown_revision, hub_gated), Unreachable
    (hub_unreachable), BadConfig (hub_offline) and Broken (not_installed, bad_answer)."""
    try:
        from huggingface_hub import HfApi, get_token
    except ImportError as error:
        raise Broken(
            "the hub's library is not installed here",
            code="not_installed",
            hint="pip install 'tidegate[hub]'; https addresses, files and bundles work without it",
        ) from error
    try:
        api = HfApi(endpoint=address, library_name="tidegate")
        info = api.model_info(source.repo, revision=source.revision, files_metadata=True, timeout=30.0)
        token = get_token()
    except Exception as error:
        raise _translated(error, source, address) from error
    return listing(info, source, address, (("authorization", f"Bearer {token}"),) if token else ())


def listing(
    info: ModelInfo, source: OnHub, address: str, headers: tuple[tuple[str, str], ...] = ()
) -> Listing:
    """The library's answer as ours. Raises Broken (bad_answer) when there is no commit to hold on to."""
    if not info.sha:
        raise Broken("the hub names no commit for this model", code="bad_answer", hint="try another revision")
    card = {name: getattr(info.card_data, name, None) for name in ("license", "license_name", "license_link")}
    files = tuple(
        Entry(
            sibling.rfilename,
            sibling.lfs.size if sibling.lfs is not None else sibling.size,
            sibling.lfs.sha256 if sibling.lfs is not None and is_sha256(sibling.lfs.sha256) else "",
            sibling.blob_id or "" if sibling.lfs is None else "",
        )
        for sibling in info.siblings or ()
    )
    terms = from_card(card, f"{address}/{source.repo}", gated=bool(info.gated))
    return Listing(
        source.repo, plain(info.sha), terms, files, headers, plain((info.gguf or {}).get("architecture"))
    )


def pick(found: Listing, asked: str) -> Entry:
    """The one GGUF file that is meant: `asked` is a path or a pattern such as `*Q4_K_M*`. Raises BadRequest with the choice."""
    models = [entry for entry in found.files if entry.path.lower().endswith(".gguf")]
    fitting = [e for e in models if e.path == asked] or [
        e for e in models if not asked or fnmatchcase(e.path.lower(), asked.lower())
    ]
    if len(fitting) == 1:
        return fitting[0]
    if not models:
        raise BadRequest(
            f"{found.repo} holds no GGUF file",
            code="no_gguf",
            param="source",
            hint="look for a repository with GGUF files of this model",
        )
    choice = ", ".join(f"{plain(e.path)} ({mebibytes(e.size or 0)})" for e in (fitting or models)[:_SHOWN])
    several = f"{len(fitting)} files fit" if fitting else "no file fits"
    raise BadRequest(
        f"{several} in {found.repo}: {choice}",
        code="which_file",
        param="source",
        hint=f"name one: hf:{found.repo}:FILE, or a pattern such as hf:{found.repo}:*Q4_K_M*",
    )


def wanted(found: Listing, entry: Entry, address: str) -> Wanted:
    """The download of an entry, at the commit that was listed. Raises BadRequest when its name may not be written here."""
    url = f"{address}/{found.repo}/resolve/{found.commit}/{quote(entry.path)}"
    name = file_name(entry.path.rpartition("/")[2])
    return Wanted(url, name, entry.size, entry.sha256, entry.blob, found.headers)


def _translated(error: Exception, source: OnHub, address: str) -> TidegateError:
    """The library's errors as ours; their texts hold addresses and are not repeated."""
    from huggingface_hub import errors

    status = getattr(getattr(error, "response", None), "status_code", None)
    match error:
        case errors.GatedRepoError():
            return BadRequest(
                f"{source.repo} is given out on request only, and this machine has no leave (HTTP {status}); nothing was "
                "fetched",
                code="hub_gated",
                status=403,
                hint=f"accept its terms at {address}/{source.repo}, then set HF_TOKEN to a token of that account",
            )
        case errors.RepositoryNotFoundError():
            return BadRequest(
                f"the hub knows no model {source.repo}, or it is private (HTTP {status})",
                code="hub_unknown_repo",
                status=404,
                hint="check the name; for a private one set HF_TOKEN",
            )
        case errors.RevisionNotFoundError():
            return BadRequest(
                f"{source.repo} has no revision of that name",
                code="hub_unknown_revision",
                status=404,
                hint="leave it out for the newest",
            )
        case errors.HFValidationError():
            return BadRequest("this is no name that a repository can have", code="bad_source", param="source")
        case errors.OfflineModeIsEnabled():
            return BadConfig(
                "HF_HUB_OFFLINE forbids the hub on this machine",
                code="hub_offline",
                hint="unset it, or use a bundle",
            )
        case errors.HfHubHTTPError() if status is not None and status < 500 and status != 429:
            return Broken(
                f"the hub refused to answer (HTTP {status})",
                code="bad_answer",
                hint=f"check {VARIABLE} and HF_TOKEN",
            )
        case ValueError() | TypeError() | KeyError() | AttributeError():
            return Broken(
                "what answers at the hub's address does not speak its language",
                code="bad_answer",
                hint=f"check {VARIABLE}",
            )
        case _:
            said = f"HTTP {status}" if status else type(error).__name__
            return Unreachable(
                f"the hub does not answer ({said}); nothing was fetched, what serves is untouched",
                code="hub_unreachable",
                hint=f"check the network and {VARIABLE}, or bring a bundle from a machine that has it",
            )
