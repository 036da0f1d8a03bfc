"""Regular expressions that cannot run away: RE2 (package google-re2), whose time is linear in the text for every expression.

The only module that imports `re2`, and not before an expression is needed: an idle daemon does not pay for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from tidegate.errors import BadConfig, Broken

if TYPE_CHECKING:
    from types import ModuleType

_MEMORY = 16 * 1024 * 1024  # bytes an automaton may grow to; it begins with kilobytes
_LONGEST_EXPRESSION = 2000
_META = frozenset("\\.+*?()|[]{}^$-/#&~'\"<> ")


def escape(word: str) -> str:
    """An expression that matches `word` and nothing else."""
    return "".join(f"\\{c}" if c in "\\.+*?()|[]{}^$" else c for c in word)


class ManyExpressions:
    """Says which of many expressions occur in a text, in one pass."""

    __slots__ = ("_set",)

    def __init__(self, expressions: Sequence[str]) -> None:
        re2 = _engine()
        self._set = re2.Set.SearchSet(_options(re2))
        self._set.Add("")  # always found: a result without it means that the automaton gave up
        for expression in expressions:
            self._set.Add(expression)
        self._set.Compile()

    def found(self, text: bytes) -> tuple[int, ...] | None:
        """Indexes of the expressions that occur in UTF-8; None when the automaton ran out of memory."""
        hits: list[int] = self._set.Match(text)
        return tuple([hit - 1 for hit in hits if hit]) if 0 in hits else None


class Expression:
    """One expression of an operator. Raises BadConfig when it is too long, no RE2 expression, or matches nothing at all."""

    __slots__ = ("_compiled",)

    def __init__(self, expression: str) -> None:
        re2 = _engine()
        if len(expression) > _LONGEST_EXPRESSION:
            raise BadConfig(f"a pattern is longer than {_LONGEST_EXPRESSION} characters", code="bad_pattern")
        try:
            self._compiled = re2.compile(expression, _options(re2))
        except re2.error as wrong:
            raise BadConfig(
                "a pattern is no RE2 expression",
                code="bad_pattern",
                hint="RE2 has no look-around and no back-references: github.com/google/re2/wiki/Syntax",
            ) from wrong
        if self._compiled.match("") is not None:
            raise BadConfig("a pattern matches the empty text, so it would hide nothing", code="bad_pattern")

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Where it matches, in code points, leftmost first, never overlapping, never empty."""
        whole = text.encode("utf-8", "replace").decode()  # RE2 reads UTF-8: a lone surrogate becomes `?`
        for match in self._compiled.finditer(whole):
            start, end = match.span()
            if start < end:
                yield start, end


def _engine() -> ModuleType:
    try:
        import re2
    except ImportError as missing:
        raise Broken(
            "the expression engine is not installed", code="re2_missing", hint="run scripts/setup"
        ) from missing
    engine: ModuleType = re2
    return engine


def _options(re2: ModuleType) -> object:
    options = re2.Options()
    options.max_mem = _MEMORY
    options.log_errors = False
    return options
