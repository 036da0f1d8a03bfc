"""Values that only their name gives away: `passport no. X1234567`, `"mrn": "00471182"`, `user=jdoe`. A helper, no detector."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tidegate.privacy.document import Document

# What may stand between a name and its value: a closing quote, "number", a colon, "is", an opening quote.
_LINK = re.compile(
    r"\.?(?:[ _-]?(?:(?:card|no|nr|nrs|num|number|numbers|nummer|numéro|numero|id|#)\b|n[°º])\.?)?(?: \([A-Za-z .-]{2,20}\))?[\"']?[*`]{0,2}\s{0,2}"
    r"(?:[:=#|>]{1,2}|=>|\bis\b|\bwas\b|\bist\b|\blautet\b|\best\b|\bes\b|\(|->)?[*`]{0,2}\s{0,2}[\"'(`]?"
)
_LONGEST_NAME = (
    24  # a value may hold the next name (`a=b;token=c`), so the search goes on a little before its end
)
_SHORT = 4  # `en_dl.utf-8` speaks of no licence
_STRICT = re.compile(
    r"(?:[\"'`]|\*\*)?\s{0,2}(?:[:=]{1,2}(?:\*\*)?|=>|\bis\b:?|\bist\b|\blautet\b|\best\b)\s{0,2}[\"'`]?"
)
_ELEMENT = re.compile(r">")  # `<password>x</password>`


def beside(
    document: Document, words: Iterable[str], value: re.Pattern[str], *, strict: bool = False
) -> Iterator[re.Match[str]]:
    """Each `value` that follows one of the lower-case `words`; `strict` asks for a colon, an equals sign or "is" between.

    Linear: one bounded look per occurrence of a word.
    """
    text, lower = document.text, document.lower
    link = _STRICT if strict else _LINK
    for word in document.having(tuple(words)):
        at = lower.find(word)
        while at >= 0:
            after = at + len(word)
            if _begins(text, at, len(word)):
                element = _ELEMENT.match(lower, after) if lower[at - 1 : at] == "<" else None
                joint = element or link.match(lower, after)
                match = value.match(text, joint.end()) if joint is not None and joint.end() > after else None
                if match is not None:
                    yield match
                    after = max(after, match.end() - _LONGEST_NAME)
            at = lower.find(word, after)


def _begins(text: str, at: int, size: int) -> bool:
    """Whether a name of `size` letters may begin here: at no letter, or at a capital behind a small one (`userPassword`)."""
    if not at:
        return True
    before = text[at - 1]
    if before.isalpha():
        return size > _SHORT and before.islower() and text[at].isupper()
    return not (before == "_" and size < _SHORT)
