"""What a publisher says about the licence, from the hub's card or the file's own header, and how it is told. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tidegate.engines.gguf import Header
from tidegate.models.record import Licence

_UNPRINTABLE = re.compile(r"[^\x20-\x7e\u00a0-\u024f]")
FREE = frozenset(
    {"apache-2.0", "mit", "bsd-2-clause", "bsd-3-clause", "cc0-1.0", "cc-by-4.0", "isc", "unlicense"}
)
"""Licences that allow any use, with notices kept. Others may not: read them."""


@dataclass(frozen=True, slots=True)
class Terms:
    """A licence to be accepted, and whether the publisher asked for more than that."""

    licence: Licence
    page: str = ""  # where to read about the model
    gated: bool = False

    @property
    def sentence(self) -> str:
        """One line for a person who has to decide."""
        name = self.licence.name or "not stated by the publisher"
        where = self.licence.link or self.page
        known = self.licence.name in FREE
        note = "any use, notices kept" if known else "it may limit what you may do: read it first"
        return f"licence: {name} ({note})" + (f"; see {where}" if where else "")


def plain(text: object) -> str:
    """Text of a stranger as one short printable line: nothing that steers a terminal gets through."""
    return _UNPRINTABLE.sub("", str(text).replace("\n", " "))[:200].strip() if text else ""


def from_card(card: Mapping[str, object], page: str, *, gated: bool) -> Terms:
    """Of the hub's card: `license`, or `license_name` when that says "other"."""
    named = plain(card.get("license")).lower()
    if named in {"", "other", "unknown"}:
        named = plain(card.get("license_name")).lower()
    return Terms(Licence(named, plain(card.get("license_link"))), page, gated)


def from_header(header: Header) -> Terms:
    """Of a GGUF file: `general.license`, its name and link."""
    fields = header.fields
    named = plain(fields.get("general.license")).lower()
    if named in {"", "other", "unknown"}:
        named = plain(fields.get("general.license.name")).lower()
    page = plain(fields.get("general.repo_url") or fields.get("general.url"))
    return Terms(Licence(named, plain(fields.get("general.license.link"))), page)
