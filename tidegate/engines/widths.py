"""How long a text gets that a template asks for: filters and methods whose arguments decide it, measured before they run.

One call is enough to fill any memory: `'a'|center(10**9)`, `text.replace('', text)`, `'%1000000000s'|format(1)`. Nothing here makes
a text; what would be longer than `MOST_CHARACTERS` raises Endless instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable, ItemsView, Iterable, KeysView, Mapping, ValuesView
from functools import wraps
from typing import Any

from jinja2.filters import FILTERS, make_attrgetter
from jinja2.nodes import EvalContext
from jinja2.sandbox import SandboxedFormatter
from jinja2.utils import pass_eval_context

MOST_CHARACTERS = 4_000_000  # of a text or a list that an operator, a filter or a method makes
MOST_PARTS = 100_000  # of what a filter cuts a list into: as many as `range` may have
MOST_INDENT = 16  # of JSON, on every line
_DIGITS = 1000  # of a rounded number
# "%0999999999d" is one operator and a gigabyte; a key that holds brackets is nobody's
_WIDE = re.compile(r"%(?:\([^()]*\))?[^a-zA-Z%(]*(?:\d{4}|\*)|%\([^()]*\(")
_WIDER = re.compile(r"%(?:\([^()]*\))?[^a-zA-Z%(]*\d{2}")
_SPEC = re.compile(r"\d{4}")
# Nobody's chat template uses them, and each multiplies texts: they are not there.
ABSENT_FILTERS = ("urlize", "xmlattr")
ABSENT_GLOBALS = ("lipsum",)
_ABSENT_METHODS = frozenset({"translate", "to_bytes"})


class Endless(ValueError):
    """The template did not come to an end within its bounds."""


def hold(size: int) -> None:
    """Raises Endless when something of that size may not be made."""
    if size > MOST_CHARACTERS:
        raise Endless("a text too long")


def length(value: object) -> int:
    """About how long the value is as a text, counted no further than the bound: lists may hold themselves many times."""
    total, left = 0, [value]
    while left and total <= MOST_CHARACTERS:
        match left.pop():
            case str() | bytes() as text:
                total += len(text)
            case list() | tuple() | set() | ItemsView() | ValuesView() | KeysView() as items:
                total += 8 + 2 * len(items)
                left += items
            case dict() as pairs:
                total += 8 + 4 * len(pairs)
                left += [*pairs, *pairs.values()]
            case int() as number:
                total += number.bit_length() // 3 + 1
            case _:
                total += 1
    return total


def percent(pattern: str, given: object) -> None:
    """Whether `pattern % given` may be made. Raises Endless."""
    if _WIDE.search(pattern):
        raise Endless("a field too wide")
    field = 1000 if _WIDER.search(pattern) else 10
    hold(len(pattern) + pattern.count("%") * (field + length(given)))


def method(owner: object, name: str, given: tuple[Any, ...], named: Mapping[str, Any]) -> tuple[Any, ...]:
    """Whether a method of a text or a number may be called: its arguments, to be given. Raises Endless."""
    if not isinstance(owner, str | bytes | int):
        return given
    if name in _ABSENT_METHODS:
        raise Endless("a method that no template needs")
    for one in (*given, *named.values()):
        if isinstance(one, int):
            hold(abs(one))
    match name, given, owner:
        case "replace", (old, new, *_), str() | bytes():
            _replaced(owner, old, new)
        case "join", (items,), str() | bytes():
            return (_joinable(owner, items),)
        case "expandtabs", _, str() | bytes():
            tab = owner.count("\t") if isinstance(owner, str) else owner.count(b"\t")
            hold(len(owner) + tab * max([*map(int, given), *map(int, named.values()), 8]))
        case _:
            return given
    return given


def _replaced(owner: Any, old: Any, new: Any) -> None:
    """`owner`, `old` and `new` are texts, or all bytes; anything else fails as it would."""
    found = owner.count(old)
    hold(len(owner) + found * len(new))


def _joinable(separator: str | bytes, items: Iterable[Any]) -> list[Any]:
    """The items in a list, if their texts and the separators fit."""
    kept: list[Any] = []
    size = 0
    for item in items:
        kept.append(item)
        size += length(item) + len(separator)
        hold(size)
    return kept


class Formatter(SandboxedFormatter):
    """`str.format` whose fields stay narrow, and together within the bound."""

    _made = 0

    def format_field(self, value: Any, format_spec: str) -> str:
        if _SPEC.search(format_spec):
            raise Endless("a field too wide")
        hold(self._made + length(value))
        text = str(super().format_field(value, format_spec))
        self._made += len(text)
        return text

    def convert_field(self, value: Any, conversion: Any) -> Any:
        hold(length(value))
        return super().convert_field(value, conversion)


def _center(text: object, width: int = 80) -> None:
    hold(max(length(text), width))


def _indent(text: str, width: int | str = 4, *_rest: object, **_named: object) -> None:
    pad = len(width) if isinstance(width, str) else width
    hold(len(text) + (len(text.splitlines()) + 2) * (pad + 1))


def _format(pattern: object, *given: object, **named: object) -> None:
    percent(str(pattern), named or given)


def _replace(
    _context: object, text: object, old: object, new: object, *_rest: object, **_named: object
) -> None:
    hold(length(text))
    _replaced(str(text), str(old), str(new))


def _wordwrap(
    _environment: object,
    text: str,
    width: int = 79,
    break_long_words: bool = True,
    wrapstring: str | None = None,
    break_on_hyphens: bool = True,
) -> None:
    del width, break_long_words, break_on_hyphens
    hold(len(text) * (1 + len(wrapstring or "\n")))


def _parts(_items: object, count: int, *_rest: object, **_named: object) -> None:
    if count > MOST_PARTS:
        raise Endless("too many parts")


def _slices(_context: object, items: object, slices: int, *_rest: object, **_named: object) -> None:
    _parts(items, slices)


def _round(_number: object, precision: int = 0, *_rest: object, **_named: object) -> None:
    if abs(precision) > _DIGITS:
        raise Endless("too many digits")


def _sum(_environment: object, _items: object, attribute: object = None, start: object = 0) -> None:
    """Lists are not summed: one list many times is a list as long as memory."""
    del attribute
    if not isinstance(start, int | float):
        raise Endless("a sum of lists")


def _one(value: object, *_rest: object, **_named: object) -> None:
    hold(length(value))


_MEASURES: Mapping[str, Callable[..., None]] = {
    "center": _center,
    "indent": _indent,
    "format": _format,
    "replace": _replace,
    "wordwrap": _wordwrap,
    "batch": _parts,
    "slice": _slices,
    "round": _round,
    "sum": _sum,
    "string": _one,
    "pprint": _one,
}


def measured(run: Callable[..., Any], measure: Callable[..., None]) -> Callable[..., Any]:
    """The filter, its arguments measured first. What jinja2 notes on a filter stays on it."""

    @wraps(run)
    def filter_(*given: Any, **named: Any) -> Any:
        measure(*given, **named)
        return run(*given, **named)

    return filter_


@pass_eval_context
def _join(context: EvalContext, value: Iterable[Any], d: str = "", attribute: str | int | None = None) -> str:
    """`join` as it was, up to the bound."""
    if attribute is not None:
        value = map(make_attrgetter(context.environment, attribute), value)
    return str(d).join(map(str, _joinable(str(d), value)))


def filters() -> dict[str, Callable[..., Any]]:
    """The filters that stand in for jinja2's."""
    return {name: measured(FILTERS[name], measure) for name, measure in _MEASURES.items()} | {"join": _join}
