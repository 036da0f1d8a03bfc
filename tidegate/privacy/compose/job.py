"""What somebody is by trade, where it stands as a title of theirs: between a name and an employer, on its own line of a signature.

A job in a sentence (`he works as a nurse`) is no title and stays (decision 0031).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.compose.base import Composer, Scene, added
from tidegate.privacy.spans import Label, Span

_TRADE = r"[A-Z][\w'’/&-]{2,24}(?:,? (?:of |and |for |in )?[\w'’/&()-]{2,24}){0,6}?"
_LINE = re.compile(rf" ?\r?\n[ \t]{{0,4}}({_TRADE})[ \t]*\r?\n")
_COMMAS = re.compile(rf",? \(?({_TRADE})(?:,| at| of| with| for|, at) ?$")
_VERB = re.compile(r"\b(?:is|was|are|has|have|will|had|can|says|said|and the|from|lives|who)\b")
_EMPLOYER = frozenset(
    {
        Label.ORGANIZATION,
        Label.PERSON,
        Label.STREET_ADDRESS,
        Label.PHONE_NUMBER,
        Label.EMAIL_ADDRESS,
        Label.LOCATION,
    }
)
_NEAR = 90  # characters a title may have
_GREETING = frozenset(
    "the dear hello hi best kind regards yours sincerely thanks thank please re subject attn from to ps".split()
)


def compose(scene: Scene) -> Iterator[Span]:
    for name, other in scene.neighbours():
        if (
            name.label is not Label.PERSON
            or other.label not in _EMPLOYER
            or not 4 < other.start - name.end < _NEAR
        ):
            continue
        between = scene.between(name, other)
        line = _LINE.fullmatch(between)
        title = line or (
            _COMMAS.fullmatch(between)
            if between[:1] == "," or (between[:2] == " (" and other.label is Label.ORGANIZATION)
            else None
        )
        if title is None or _VERB.search(title[1]) or title[1].split()[0].lower().rstrip(",") in _GREETING:
            continue
        yield added("job", name.end + title.start(1), name.end + title.end(1), Label.TITLE, 0.5)


JOB = Composer("job", frozenset({Label.PERSON}), compose)
