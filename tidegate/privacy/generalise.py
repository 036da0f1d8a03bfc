"""Less of a value: the year of a date, the band of an age, the town of an address. Pure; None when nothing less is left."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from tidegate.privacy.spans import Label

_YEAR = re.compile(r"(?<!\d)(?:1[89]|20)\d\d(?!\d)")
_NUMBER = re.compile(r"\d{1,3}")
_EUROPEAN_TOWN = re.compile(r"\b\d{4,5}(?: ?[A-Z]{2})?,? ([^\W\d_][^\d,\n]{1,40})$")
_AMERICAN_TOWN = re.compile(r"[,\n] ?([A-Z][A-Za-z .'-]{1,40}?),? [A-Z]{2},? \d{5}(?:-\d{4})?$")
_BRITISH_TOWN = re.compile(r"[,\n] ?([A-Z][A-Za-z .'-]{1,40}?),? [A-Z]{1,2}\d[A-Z0-9]? ?\d[A-Z]{2}$")
_DEGREES = re.compile(r"([-+]?\d{1,3})\.(\d)\d+")
_OLDEST_BAND = 90  # above it there are so few people that a band names them


def generalise(kind: str, value: str) -> str | None:
    """`value` with the detail left out, or None when the kind has no such form or the value no such part."""
    rule = _RULES.get(kind)
    less = rule(value.strip()) if rule is not None else None
    return less if less and less != value else None


def _year(value: str) -> str | None:
    years = _YEAR.findall(value)
    return years[-1] if years else None


def _band(value: str) -> str | None:
    found = _NUMBER.search(value)
    if found is None:
        return None
    low = int(found[0]) // 10 * 10
    band = f"{low}-{low + 9}" if low < _OLDEST_BAND else f"over {_OLDEST_BAND}"
    return value[: found.start()] + band + value[found.end() :]


def _town(value: str) -> str | None:
    for shape in (_AMERICAN_TOWN, _BRITISH_TOWN, _EUROPEAN_TOWN):
        found = shape.search(value)
        if found is not None:
            return found[1].strip()
    return None


def _area(value: str) -> str | None:
    if " " in value.strip() and value[0].isalpha():
        return value.split(maxsplit=1)[0]  # the outward half of a British or Canadian code
    digits = re.match(r"\d{4,5}", value)
    return f"{digits[0][:2]}{'*' * (len(digits[0]) - 2)}" if digits is not None else None


def _tenths(value: str) -> str | None:
    rough, count = _DEGREES.subn(r"\1.\2", value)
    return rough if count else None


def _network(value: str) -> str | None:
    octets = value.split(".")
    return ".".join((*octets[:3], "x")) if len(octets) == 4 else None


_RULES: Mapping[str, Callable[[str], str | None]] = {
    Label.DATE_TIME: _year,
    Label.AGE: _band,
    Label.STREET_ADDRESS: _town,
    Label.POSTAL_CODE: _area,
    Label.COORDINATES: _tenths,
    Label.IP_ADDRESS: _network,
}
