"""Years of birth beside a word that says so: `born in 1985`, `Jahrgang 1962`, `"birth_year": 1990`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.spans import Label, Span

_BEFORE = re.compile(
    r"(?:\bborn(?: in| on)?|\bb\.|\bbirth[ _-]?year|\byear[ _-]of[ _-]birth|\byob|\bjahrgang|\bgeburtsjahr|\bgeboren(?: im jahr| in| im)?|\bgeb\."
    r"|\bnée?\(?e?\)? en|\bannée de naissance|\bgeboortejaar|\bnacid[oa] en|\bnat[oa] nel|\baño de nacimiento|\bdob|\bclass of)"
    r"[\"']?(?: is|:|=)?\s?[\"']?$"
)
_WORDS = (
    "born", "b.", "birth", "yob", "jahrgang", "geburtsjahr", "geb", "née", "né", "naissance", "geboorte", "nacid", "nato", "nata",
    "nacimiento", "dob", "class of",
)  # fmt: skip


def find(document: Document) -> Iterator[Span]:
    for start, end in document.numbers:
        if (
            end - start == 4
            and document.text[start : start + 2] in ("18", "19", "20")
            and _of_a_person(document, start, end)
        ):
            yield hit("birth", start, end, Label.DATE_TIME, 0.8)


def _of_a_person(document: Document, start: int, end: int) -> bool:
    return _BEFORE.search(document.before(start, 32)) is not None and document.free(start, end)


BIRTH = Pattern("birth", (Label.DATE_TIME,), find, digits=True, words=_WORDS)
