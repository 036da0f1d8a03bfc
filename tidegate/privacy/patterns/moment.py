"""What stands around a date and belongs to it: the weekday before, the clock time before or behind. A helper, no detector."""

from __future__ import annotations

import re

from tidegate.privacy.document import Document

WEEKDAYS = (
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "montag", "dienstag", "mittwoch", "donnerstag", "freitag",
    "samstag", "sonnabend", "sonntag", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche", "maandag", "dinsdag", "woensdag",
    "donderdag", "vrijdag", "zaterdag", "zondag", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo", "lunedì", "martedì",
    "mercoledì", "giovedì", "venerdì", "sabato", "domenica",
)  # fmt: skip
_DAY_BEFORE = re.compile(rf"\b(?:{'|'.join(WEEKDAYS)})(?:,? (?:the |den |le |el |de )?|,)$")
# Cut short they need their capital: `I sat 3 May` speaks of no Saturday.
_SHORT_BEFORE = re.compile(
    r"\b(?:Mon|Tues?|Weds?|Thu|Thurs?|Fri|Sat|Sun|Mo|Di|Mi|Do|Fr|Sa|So|Lun|Mar|Mer|Jeu|Ven|Sam|Dim)\.?(?:,? |,)$"
)
_CLOCK = (
    r"\d{1,2}(?::\d\d(?::\d\d(?:[.,]\d{1,6})?)?)?(?: ?(?:[ap]\.m\.|[ap]m\b))?(?:Z|[+-]\d\d:?\d\d)?(?: uhr\b)?"
)
_CLOCK_BEHIND = re.compile(
    rf"(?:t|,? (?:at |um |à |a las |om |alle )?)(?={_CLOCK})(?:\d{{1,2}}:\d\d|\d{{1,2}} ?[ap](?:\.m\.|m\b)|\d{{1,2}} uhr\b)",
    re.IGNORECASE,
)
_WHOLE_CLOCK = re.compile(_CLOCK, re.IGNORECASE)
_CLOCK_BEFORE = re.compile(
    r"\b\d{1,2}(?::\d\d(?::\d\d)?(?: ?[ap]\.?m\.?)?| ?[ap]\.?m\.?)(?: uhr)?,? (?:on |am |le |el |op )?(?:the )?$"
)
_WIDTH = 26


def stretched(document: Document, start: int, end: int) -> tuple[int, int]:
    """A date with its weekday and its clock time: `Monday, ` 3 May ` at 5 pm`."""
    return _begin(document, start), clock_end(document, end)


def _begin(document: Document, start: int) -> int:
    if start < 3 or document.text[start - 1] not in " ,":
        return start
    for shape in (_DAY_BEFORE, _SHORT_BEFORE, _CLOCK_BEFORE, _DAY_BEFORE, _SHORT_BEFORE):
        width = len(document.before(start, _WIDTH))
        before = (document.text if shape is _SHORT_BEFORE else document.lower)[start - width : start]
        match = shape.search(before)
        if match is not None:
            start -= len(before) - match.start()
    return start


def clock_end(document: Document, end: int) -> int:
    """Where a clock time ends that follows, or `end`."""
    behind = _CLOCK_BEHIND.match(document.lower, end)
    if behind is None:
        return end
    digits = next(at for at in range(end, behind.end()) if document.lower[at].isdigit())
    clock = _WHOLE_CLOCK.match(document.lower, digits)
    return end if clock is None else clock.end()
