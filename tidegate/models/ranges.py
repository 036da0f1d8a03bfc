"""What a server's answer to "the rest of this file, please" means. Pure: status and headers in, a decision out.

RFC 9110: a 206 must name the bytes it carries (section 14.4); a 200 carries the whole file from its first byte whatever was
asked for (14.2); a 416 means that the place asked for lies behind the end (15.5.17). `If-Range` makes the server decide
whether the rest still fits what is here (13.1.5) and takes strong validators only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tidegate.errors import BadRequest, Broken, TidegateError, Untrusted

_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})")
_NO_RANGE = re.compile(r"bytes \*/(\d{1,18})")
_RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Take:
    """Write the body at `start`; the whole file has `total` bytes."""

    start: int
    total: int


@dataclass(frozen=True, slots=True)
class Whole:
    """Nothing is missing."""


@dataclass(frozen=True, slots=True)
class Anew:
    """What is here does not fit what the server has: throw it away and ask again."""


@dataclass(frozen=True, slots=True)
class Later:
    """The server cannot answer now."""

    status: int


@dataclass(frozen=True, slots=True)
class Refused:
    """It never will."""

    error: TidegateError


Meaning = Take | Whole | Anew | Later | Refused


def asking(have: int, validator: str, *, hash_known: bool) -> dict[str, str]:
    """Headers for the rest of a file of which `have` bytes are here.

    Without a hash to check the end by, only a validator makes a resumed file safe; with one, none is needed, and the
    address behind a redirect may have another.
    """
    headers = {"Accept-Encoding": "identity"}
    if have and (hash_known or validator):
        headers["Range"] = f"bytes={have}-"
        if validator and not hash_known:
            headers["If-Range"] = validator
    return headers


def validator_of(headers: Mapping[str, str]) -> str:
    """The strong entity tag of an answer; empty when there is none."""
    tag = headers.get("etag", "")
    return tag if tag.startswith('"') and tag.endswith('"') and len(tag) > 2 else ""


def meaning(status: int, headers: Mapping[str, str], *, have: int, expected: int | None) -> Meaning:
    """`headers` with names in small letters; `expected` bytes of the whole file, None when nobody said."""
    if status in _RETRIED:
        return Later(status)
    if status == 416:
        found = _NO_RANGE.fullmatch(headers.get("content-range", ""))
        total = int(found[1]) if found else expected
        return Whole() if have and have == total and total == (expected or total) else Anew()
    if status == 206:
        found = _RANGE.fullmatch(headers.get("content-range", ""))
        if found is None or int(found[1]) != have:
            return Anew()
        return _sized(have, int(found[3]), expected)
    if status == 200:
        length = headers.get("content-length", "")
        if headers.get("content-encoding", "identity") != "identity" or not length.isdecimal():
            return Refused(_unsized())
        return _sized(0, int(length), expected)
    return Refused(_refusal(status, headers.get("x-error-code", "")))


def _sized(start: int, total: int, expected: int | None) -> Take | Refused:
    if total == 0:
        return Refused(
            Untrusted("the server sends an empty file", code="short_file", hint="nothing was kept")
        )
    if expected is not None and total != expected:
        which = "short_file" if total < expected else "wrong_size"
        return Refused(
            Untrusted(
                f"the file should have {expected} bytes and the server sends {total}; nothing of it was kept",
                code=which,
                hint="try later, or another source",
            )
        )
    return Take(start, total)


def _unsized() -> Broken:
    return Broken(
        "the server does not say how long the file is, so room for it cannot be made sure of; nothing was fetched",
        code="size_unknown",
        hint="use another server, or fetch the file yourself and pull it from the disk",
    )


def _refusal(status: int, code: str) -> TidegateError:
    if code == "GatedRepo":
        return BadRequest(
            f"this model is given out on request only, and this machine has no leave (HTTP {status}); nothing was fetched",
            code="hub_gated",
            status=403,
            hint="accept its terms on its page of the hub, then set HF_TOKEN to a token of that account",
        )
    if status in {401, 403}:
        return BadRequest(
            f"the server wants a permission that this machine does not have (HTTP {status}); nothing was fetched",
            code="not_permitted",
            status=status,
            hint="check the address; for the hub set HF_TOKEN",
        )
    if status in {404, 410}:
        return BadRequest(
            f"there is no such file on that server (HTTP {status}); nothing was fetched",
            code="no_such_file",
            status=status,
            hint="check the address",
        )
    return Broken(
        f"the server answered in a way that is no file (HTTP {status}); nothing was fetched",
        code="bad_answer",
        hint="check the address, or try another source",
    )
