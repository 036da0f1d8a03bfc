"""One address from its parts: house and street, unit, town, state, postal code and country, by comma, space, hyphen or line break.

A street (or a box, or a unit of the forces) must be among them; a town with its state alone stays two places. Reads outwards from the
parts that were found: to the left a unit and a house number, to the right whatever an address goes on with.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.compose.base import Composer, Scene, added
from tidegate.privacy.compose.places import ABBREVIATIONS, COUNTRIES, STATE_NAMES
from tidegate.privacy.patterns.street import ENDINGS, KINDS
from tidegate.privacy.spans import Label, Span

_PLACES = frozenset({Label.STREET_ADDRESS, Label.LOCATION, Label.POSTAL_CODE})
_GAP = re.compile(r"[ \t]{0,2},?[ \t]{0,2}(?:\r?\n[ \t]{0,8})?|[ ]?[-–/|·][ ]?")
_KIND = "|".join(sorted({kind.capitalize() for kind in KINDS}))
_SEPARATOR = r"(?:[ \t]{0,2},?[ \t]{0,2}\r?\n[ \t]{0,8}|,[ \t]?|[ \t])"
_UNIT_WORDS = (
    r"(?:apt|apartment|suite|ste|unit|flat|floor|fl|room|rm|bldg|building|studio|level|lot|shop|house|h\. ?no|no|block|tower|piso|puerta|appartamento|interno|scala"
    r"|appt|appartement|étage|bât|bâtiment|escalier|bus|verdieping|whg|wohnung|stiege|top|stock|etage|lejl|lgh|m|lok)"
)
_UNIT = rf"(?i:{_UNIT_WORDS})\.? ?#?[A-Za-z]?\d{{1,5}}[A-Za-z]?(?![\w])|#\d{{1,5}}[A-Za-z]?(?!\w)|\d{{1,2}}(?:st|nd|rd|th|e|er|ème|º|ª) (?:floor|étage|piso|verdieping)\b|c/o [A-Z][\w'-]{{1,20}}"
_CODE = r"\d{5}-\d{4}|\d{5}-\d{3}|\d{4}-\d{3}|\d{3} \d{2}|\d{2}-\d{3}|\d{4} ?[A-Z]{2}|\d{4,6}|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|[A-Z]\d[A-Z] ?\d[A-Z]\d"
_NAMES = "|".join(re.escape(name) for name in sorted((*STATE_NAMES, *COUNTRIES), key=len, reverse=True))
_MORE = re.compile(
    rf"{_SEPARATOR}(?:(?:{_UNIT})|(?:APO|FPO|DPO),?(?: A[AEP])?(?!\w)|(?:{'|'.join(sorted(ABBREVIATIONS))})(?![\w.])|(?:{_NAMES})(?![\w-])|\((?:[A-Z]{{2}})\))"
)
_TOWN = r"[A-ZÀ-Ž][\w'’.&-]{1,24}(?:[ -](?:& )?[A-ZÀ-Ž][\w'’.-]{1,24}){0,3}"
_MORE_CODE = re.compile(
    rf"(?:{_SEPARATOR}|[ ]?-[ ]?| & {_TOWN}[ -])(?:{_TOWN}(?:,? |,?\n|-))?(?:{_CODE})(?![\w-]|[.,]\d)"
)
_HOUSE_BEHIND = re.compile(
    r",? ?(?:n[º°o.]{1,2} ?)?\d{1,5}[A-Za-z]?(?:[-/]\d{1,4}[A-Za-z]?)?(?![\w-]|[.,]\d)"
)
# A street that nothing found: a number, capitalised words, a kind of street.
_STREET = rf"\d{{1,6}}[A-Za-z]?(?:[-/]\d{{1,5}})? (?:[A-ZÀ-Ž][\w'’.-]{{1,24}} ){{1,3}}(?:{_KIND}),?[ \n]"
_LEFT = re.compile(
    rf"(?:(?i:(?<!\w){_UNIT_WORDS})\.? ?#?[A-Za-z]?\d{{1,5}}[A-Za-z]?(?:[/-]\d{{1,5}})?,? )?(?<![\w.,/$€£#-]){_STREET}$"
    rf"|(?:(?i:(?<!\w){_UNIT_WORDS})\.? ?#?[A-Za-z]?\d{{1,5}}[A-Za-z]?(?:[/-]\d{{1,5}})?,? )?(?<![\w.,/$€£#-])(?:\d{{1,6}}[A-Za-z]?(?:[/-]\d{{1,5}})?,? )$"
    rf"|(?i:(?<!\w){_UNIT_WORDS})\.? ?#?[A-Za-z]?\d{{1,5}}[A-Za-z]?(?:[/-]\d{{1,5}})?,? $"
)
_HOUSE_NUMBER = re.compile(r"(?i)h\. ?no")
_STRONG_LEFT = re.compile(r"(?i:h\. ?no)\.? ?\d|^\d{1,5}/\d|(?i:flat|studio|level|unit|suite|apt)\.? ?\d")
_LOOK_LEFT = 70
_MOST = 8  # parts taken in on the right


def compose(scene: Scene) -> Iterator[Span]:
    for start, end in _streets(scene):
        yield added("address", start, _right(scene, end), Label.STREET_ADDRESS, 0.8)
    for group in _groups(scene):
        start, end = group[0].start, group[-1].end
        left = _LEFT.search(scene.text, _line(scene.text, start), start)
        if left is not None and not scene.uncut(left.start(), start):
            left = None
        street = any(span.label is Label.STREET_ADDRESS for span in group)
        if not street and (left is None or not _proved(scene.text, left[0], group)):
            continue
        if left is not None:
            start = left.start()
        elif group[0].label is Label.STREET_ADDRESS and not _has_digit(scene.text, group[0]):
            end = max(end, _numbered(scene, group))
        end = _right(scene, end)
        if (start, end) != (group[0].start, group[-1].end) or len(group) > 1:
            yield added("address", start, end, Label.STREET_ADDRESS, 0.8)


def _streets(scene: Scene) -> Iterator[tuple[int, int]]:
    """Names that a number makes a street of: `53589 Ferguson Branch`, `Alf-Dietz-Ring 1/7`."""
    for span in scene.of(*_NAMED):
        value = scene.text[span.start : span.end]
        if value.rsplit(" ", 1)[-1].lower() in KINDS and " " in value:
            number = _HOUSE_BEFORE.search(scene.text, _line(scene.text, span.start), span.start)
            if (
                number is not None
                and _YEAR.match(number[0]) is None
                and scene.free(number.start(), span.start - 1)
            ):
                yield number.start(), span.end
        elif "-" in value and value.lower().endswith(ENDINGS):
            house = _HOUSE_BEHIND.match(scene.text, span.end)
            if house is not None and scene.uncut(span.start, house.end()):
                yield span.start, house.end()


_NAMED = (Label.PERSON, Label.LOCATION, Label.ORGANIZATION)
_HOUSE_BEFORE = re.compile(r"(?<![\w.,/$€£#-])\d{1,6}[A-Za-z]?(?:[-/]\d{1,5})? $")
_YEAR = re.compile(r"(?:19|20)\d\d ")


def _proved(text: str, left: str, group: list[Span]) -> bool:
    """Whether what stands left of a town makes an address of it: a whole street, a house number of India, or a number before several parts."""
    if any(map(str.isupper, left.removeprefix("H.No.").strip()[1:])) and left[0].isdigit():
        return True
    if _HOUSE_NUMBER.match(left):
        return True
    several = len(group) > 1 or _MORE_CODE.match(text, group[-1].end) is not None
    return several and (_STRONG_LEFT.search(left) is not None or len(group) > 2)


def _groups(scene: Scene) -> Iterator[list[Span]]:
    """Places that stand right beside each other."""
    group: list[Span] = []
    for span in scene.spans:
        joins = bool(group) and _GAP.fullmatch(scene.text, group[-1].end, span.start) is not None
        if span.label in _PLACES and (joins or not group):
            group.append(span)
            continue
        if group:
            yield group
        group = [span] if span.label in _PLACES else []
    if group:
        yield group


def _line(text: str, position: int) -> int:
    return max(text.rfind("\n", 0, position) + 1, position - _LOOK_LEFT)


def _has_digit(text: str, span: Span) -> bool:
    return any(map(str.isdigit, text[span.start : span.end]))


def _numbered(scene: Scene, group: list[Span]) -> int:
    """Where the house number ends that stands right behind a street without one."""
    number = _HOUSE_BEHIND.match(scene.text, group[0].end)
    if number is None or len(group) > 1:
        return group[-1].end
    digits = next(at for at in range(number.start(), number.end()) if scene.text[at].isdigit())
    return number.end() if scene.free(digits, number.end()) else group[-1].end


def _right(scene: Scene, end: int) -> int:
    """Where the address ends: units, states, codes and countries taken in, and places that follow them."""
    for _ in range(_MOST):
        more = _MORE.match(scene.text, end) or _MORE_CODE.match(scene.text, end)
        following = scene.following(end)
        if (
            following is not None
            and following.label in _PLACES
            and _GAP.fullmatch(scene.text, end, following.start)
        ):
            end = following.end
        elif more is not None and (following is None or more.end() <= following.start):
            end = more.end()
        else:
            break
    return end


ADDRESS = Composer("address", _PLACES | frozenset(_NAMED), compose)
