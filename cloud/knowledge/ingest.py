"""Markdown documents to passages: one per heading, text verbatim. Pure, but for reading the folder."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from cloud.knowledge.index import terms_of
from tidegate.errors import BadConfig

_HEADING = re.compile(r"^(#{1,3}) +(.+?) *$", re.MULTILINE)
_TITLE = "#"
MANUALS = Path(__file__).parent / "manuals"


@dataclass(frozen=True, slots=True)
class Section:
    """One heading's text. `codes` are the codes it names, lower case, those of the heading first."""

    source: str
    title: str
    text: str = field(repr=False)
    codes: tuple[str, ...] = ()


def sections(source: str, markdown: str) -> tuple[Section, ...]:
    """The sections of one document, verbatim.

    A heading without text of its own is left out, and so is the text under the document's title: what a whole document
    is about answers no question, and its words (the product's name) would match them all.
    """
    headings = list(_HEADING.finditer(markdown))
    ends = [h.start() for h in headings[1:]] + [len(markdown)]
    found: list[Section] = []
    for heading, end in zip(headings, ends, strict=True):
        text = markdown[heading.end() : end].strip()
        if text and heading[1] != _TITLE:
            title = heading[2]
            found.append(Section(source, title, text, _codes(title, text)))
    return tuple(found)


def _codes(title: str, text: str) -> tuple[str, ...]:
    in_title = terms_of(title).codes
    return (*sorted(in_title), *sorted(terms_of(text).codes - in_title))


def read_folder(folder: Path) -> tuple[Section, ...]:
    """All `*.md` of a folder, in name order. Raises BadConfig when the folder or a file cannot be read."""
    if not folder.is_dir():
        raise BadConfig(
            f"{folder}: no such folder", hint="set knowledge.folder to a folder of Markdown files"
        )
    try:
        return tuple(
            section
            for path in sorted(folder.glob("*.md"))
            for section in sections(path.name, path.read_text(encoding="utf-8"))
        )
    except (OSError, UnicodeDecodeError) as e:
        raise BadConfig(f"{folder}: a document cannot be read", hint="documents are UTF-8 Markdown") from e


def digest_of(all_sections: Iterable[Section]) -> str:
    """SHA-256 (hex) over every section: which documents an answer was drawn from."""
    total = hashlib.sha256()
    for section in all_sections:
        for part in (section.source, section.title, section.text):
            raw = part.encode()
            total.update(len(raw).to_bytes(4, "big") + raw)
    return total.hexdigest()
