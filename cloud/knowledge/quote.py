"""What stands in a passage: paragraphs and lists, each with the exact text it came from. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

_ITEM = re.compile(r"^(?:[-*]|\d+[.)])\s+")


class Shape(StrEnum):
    PROSE = "prose"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph or a list of a passage, verbatim. `lead` is the line that introduces a list ("Causes:")."""

    shape: Shape
    text: str = field(repr=False)
    lead: str = ""


def blocks(text: str) -> tuple[Block, ...]:
    """The blocks of a passage in order. A line that ends in a colon introduces the list below it."""
    found: list[Block] = []
    lead = ""
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        part = paragraph.strip()
        if not part:
            continue
        if _ITEM.match(part):
            found.append(Block(Shape.LIST, part, lead))
            lead = ""
        elif part.endswith(":") and "\n" not in part:
            lead = part.removesuffix(":")
        else:
            found.append(Block(Shape.PROSE, part))
    return tuple(found)


def squeezed(text: str) -> str:
    """White space made single, for comparing texts that were wrapped differently."""
    return " ".join(text.split())
