"""What the operator adds to the detectors and takes from them: own patterns, words to hide, values and kinds to leave. Values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tidegate.errors import BadConfig
from tidegate.privacy.linear import Expression
from tidegate.privacy.spans import Label, Span

_SURE = 0.9  # the operator said so


@dataclass(frozen=True, slots=True)
class OwnPattern:
    """An expression of the operator (RE2, so it cannot run away) and the kind of what it matches."""

    name: str
    expression: Expression
    label: Label = Label.CUSTOM


@dataclass(frozen=True, slots=True)
class OwnRules:
    """`hide` are words always hidden (CUSTOM), `show` values never hidden, `allow` kinds never hidden; case does not matter."""

    patterns: tuple[OwnPattern, ...] = ()
    hide: re.Pattern[str] | None = field(default=None, repr=False)
    show: re.Pattern[str] | None = field(default=None, repr=False)
    allow: frozenset[Label] = frozenset()

    def claims(self, text: str) -> Iterator[Span]:
        """What the operator's own rules find."""
        for pattern in self.patterns:
            for start, end in pattern.expression.spans(text):
                yield Span(start, end, pattern.label, _SURE, f"own:{pattern.name}")
        if self.hide is not None:
            for match in self.hide.finditer(text):
                yield Span(*match.span(), Label.CUSTOM, _SURE, "own:hide")

    def spared(self, claims: Iterable[Span], text: str) -> Iterator[Span]:
        """The claims without those on an allowed kind, and those that lie within a value to be shown."""
        shown = [match.span() for match in self.show.finditer(text)] if self.show is not None else []
        for claim in claims:
            within = any(start <= claim.start and claim.end <= end for start, end in shown)
            if claim.label not in self.allow and not within:
                yield claim


NO_RULES = OwnRules()


def own_rules(
    *,
    patterns: Iterable[tuple[str, str, Label]] = (),
    hide: Iterable[str] = (),
    show: Iterable[str] = (),
    allow: Iterable[Label] = (),
) -> OwnRules:
    """The operator's rules, checked. Raises BadConfig naming the pattern that is none; `patterns` are (name, expression, kind)."""
    made = []
    for name, expression, label in patterns:
        try:
            made.append(OwnPattern(name, Expression(expression), label))
        except BadConfig as wrong:
            raise BadConfig(f"pattern {name!r}: {wrong.message}", code=wrong.code, hint=wrong.hint) from wrong
    return OwnRules(tuple(made), _words(hide), _words(show), frozenset(allow))


def _words(words: Iterable[str]) -> re.Pattern[str] | None:
    """Literal words joined: no expression of anybody, so nothing that could run away."""
    wanted = sorted({word.strip() for word in words if word.strip()}, key=len, reverse=True)
    if not wanted:
        return None
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, wanted))})(?!\w)", re.IGNORECASE)
