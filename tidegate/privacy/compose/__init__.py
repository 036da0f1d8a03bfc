"""What only shows beside something already found: the age behind a name, the state behind a town, the lines of one address.

Runs after the merge, on spans that do not overlap. Each composer is one file with one rule; an addition that meets a span whole takes it in
(a `Loss` says so), one that would cut a span in two is dropped. Nothing is ever uncovered. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable

from tidegate.privacy.compose.address import ADDRESS
from tidegate.privacy.compose.age import AGE
from tidegate.privacy.compose.base import Composer, Scene
from tidegate.privacy.compose.job import JOB
from tidegate.privacy.compose.nrp import NRP
from tidegate.privacy.compose.phone import PHONE
from tidegate.privacy.compose.place import PLACE
from tidegate.privacy.compose.year import YEAR
from tidegate.privacy.merge import Loss, Merged
from tidegate.privacy.rules import NO_RULES, OwnRules
from tidegate.privacy.spans import Span

# In order: the address comes last and takes in what the place added.
COMPOSERS: tuple[Composer, ...] = (AGE, NRP, PHONE, JOB, YEAR, PLACE, ADDRESS)


def composed(
    merged: Merged, text: str, composers: tuple[Composer, ...] = COMPOSERS, rules: OwnRules = NO_RULES
) -> Merged:
    """`merged` with what its spans say about the words beside them. Linear in the number of spans.

    An addition that `rules` leave alone takes nothing in: an allowed address must not swallow a town that is none.
    """
    spans, losses = merged.spans, merged.losses
    for composer in composers:
        if spans and composer.wants(spans):
            spans, swallowed = _with(spans, rules.spared(composer.compose(Scene(text, spans)), text))
            losses = (*losses, *swallowed)
    return Merged(spans, losses)


def _with(spans: tuple[Span, ...], more: Iterable[Span]) -> tuple[tuple[Span, ...], tuple[Loss, ...]]:
    """The spans with others in their place. One that would cut a span, or meets an earlier addition, is left out."""
    kept: list[Span] = []
    losses: list[Loss] = []
    index = 0
    for added in sorted(more, key=lambda one: (one.start, -one.end)):
        if kept and added.start < kept[-1].end:
            continue
        while index < len(spans) and spans[index].end <= added.start:
            kept.append(spans[index])
            index += 1
        last = index
        while last < len(spans) and spans[last].start < added.end:
            last += 1
        touched = spans[index:last]
        if all(added.start <= one.start and one.end <= added.end for one in touched) and added not in touched:
            losses += (Loss(one, added) for one in touched)
            kept.append(added)
            index = last
    return (*kept, *spans[index:]), tuple(losses)
