"""Many finders, one answer: overlaps settled by validity, specificity, score, length. Pure and deterministic.

A loser is never simply dropped: what the winner does not cover of it stays, trimmed to its letters and digits, because half a
name left standing is a leak.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from tidegate.privacy.spans import Label, Span

# How narrow a kind is: between two claims on one stretch the narrower kind is the better description.
_ORDER = (
    Label.CUSTOM, Label.TITLE, Label.ORGANIZATION, Label.LOCATION, Label.NRP, Label.PERSON, Label.AGE, Label.POSTAL_CODE, Label.DATE_TIME,
    Label.USERNAME, Label.EMPLOYEE_ID, Label.LICENSE_PLATE, Label.BANK_ACCOUNT, Label.DRIVER_LICENSE, Label.INSURANCE_NUMBER,
    Label.MEDICAL_RECORD, Label.MEDICAL_LICENSE, Label.PASSPORT, Label.PHONE_NUMBER, Label.NATIONAL_ID, Label.AU_ABN, Label.AU_TFN,
    Label.UK_NHS, Label.UK_NINO, Label.ES_NIF, Label.ES_NIE, Label.IT_FISCAL_CODE, Label.PL_PESEL, Label.SG_NRIC_FIN, Label.IN_PAN,
    Label.IN_AADHAAR, Label.FI_PERSONAL_IDENTITY_CODE, Label.KR_RRN, Label.TH_TNIN, Label.US_ITIN, Label.US_MBI, Label.DEVICE_ID,
    Label.DOMAIN_NAME, Label.BIC_CODE, Label.US_SSN, Label.COORDINATES, Label.STREET_ADDRESS, Label.IP_ADDRESS,
    Label.MAC_ADDRESS, Label.VIN, Label.IMEI, Label.CREDIT_CARD, Label.CRYPTO, Label.IBAN_CODE, Label.EMAIL_ADDRESS, Label.URL,
    Label.PASSWORD, Label.API_KEY,
)  # fmt: skip
SPECIFICITY = {label: rank for rank, label in enumerate(_ORDER)}

# A whole of these kinds swallows what lies inside it, even a checksummed part: the host of a URL, the postal code of an address.
_WHOLES = frozenset({Label.URL, Label.EMAIL_ADDRESS, Label.STREET_ADDRESS, Label.API_KEY, Label.PASSWORD})
_JOINING = frozenset("of and the for de du von und y et di da at in".split())  # between two names, nobody's
_SHORTEST_REST = 2  # letters or digits a remainder needs to be worth keeping


@dataclass(frozen=True, slots=True)
class Loss:
    """A claim that did not stand as it was, and the span that beat it."""

    span: Span
    winner: Span


@dataclass(frozen=True, slots=True)
class Merged:
    """`spans` in order, never overlapping; `losses` tells what gave way to what."""

    spans: tuple[Span, ...]
    losses: tuple[Loss, ...]


def merge(claims: Iterable[Span], text: str) -> Merged:
    """Settle all claims on `text`. Claims that touch no other stay as they are; only clusters of overlapping ones are settled."""
    kept: list[Span] = []
    losses: list[Loss] = []
    for cluster in _clusters(claims):
        if len(cluster) == 1:
            kept.append(cluster[0])
        else:
            settled, lost = _settle(cluster, text)
            kept += settled
            losses += lost
    return Merged(tuple(kept), tuple(losses))


def strongest(spans: Iterable[Span]) -> Span:
    """The span that would win against all the others."""
    return max(spans, key=_rank)


def _clusters(claims: Iterable[Span]) -> Iterator[list[Span]]:
    """Claims in order of place, those that overlap together."""
    cluster: list[Span] = []
    end = 0
    for span in sorted({c for c in claims if c.start < c.end}, key=lambda c: (c.start, c.end)):
        if cluster and span.start >= end:
            yield cluster
            cluster = []
        cluster.append(span)
        end = max(end, span.end)
    if cluster:
        yield cluster


def _settle(cluster: list[Span], text: str) -> tuple[list[Span], list[Loss]]:
    waiting = sorted(cluster, key=_rank, reverse=True)
    wholes = _Wholes(span for span in waiting if span.label in _WHOLES and span.source != "ner")
    kept: list[Span] = []
    starts: list[int] = []
    losses: list[Loss] = []
    for span in waiting:
        whole = wholes.around(span)
        if whole is not None:
            losses.append(Loss(span, whole))
            continue
        for rest in _uncovered(span, kept, starts, losses, text):
            index = bisect_left(starts, rest.start)
            starts.insert(index, rest.start)
            kept.insert(index, rest)
    return kept, losses


def _rank(span: Span) -> tuple[bool, int, float, int, int, str, str]:
    return (
        span.valid,
        SPECIFICITY[span.label],
        span.score,
        span.end - span.start,
        -span.start,
        span.label.value,
        span.source,
    )


class _Wholes:
    """The whole that reaches furthest among those that begin at or before a position: found by bisection."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self._starts: list[int] = []
        self._furthest: list[Span] = []
        for span in sorted(spans, key=lambda s: (s.start, -s.end)):
            best = self._furthest[-1] if self._furthest and self._furthest[-1].end >= span.end else span
            self._starts.append(span.start)
            self._furthest.append(best)

    def around(self, span: Span) -> Span | None:
        """A whole that strictly contains `span`, or None."""
        index = bisect_right(self._starts, span.start) - 1
        if index < 0:
            return None
        whole = self._furthest[index]
        longer = whole.end - whole.start > span.end - span.start
        return whole if longer and span.end <= whole.end else None


def _uncovered(span: Span, kept: list[Span], starts: list[int], losses: list[Loss], text: str) -> list[Span]:
    """The parts of a span that no kept span covers."""
    position = span.start
    parts: list[tuple[int, int]] = []
    index = max(0, bisect_left(starts, span.start) - 1)
    beaten = False
    while index < len(kept) and kept[index].start < span.end:
        other = kept[index]
        index += 1
        if other.end <= position:
            continue
        if not beaten:
            losses.append(Loss(span, other))
            beaten = True
        if other.start > position:
            parts.append((position, other.start))
        position = max(position, other.end)
    if not beaten:
        return [span]
    if position < span.end:
        parts.append((position, span.end))
    trimmed = (_trim(text, start, end) for start, end in parts)
    return [
        replace(span, start=start, end=end, valid=False) for start, end in trimmed if _worth(text, start, end)
    ]


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and not text[start].isalnum():
        start += 1
    while end > start and not text[end - 1].isalnum():
        end -= 1
    return start, end


def _worth(text: str, start: int, end: int) -> bool:
    rest = text[start:end]
    return sum(map(str.isalnum, rest)) >= _SHORTEST_REST and rest not in _JOINING
