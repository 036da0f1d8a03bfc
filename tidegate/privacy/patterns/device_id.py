"""What names one phone: SIM cards (ICCID with Luhn), IMSI, advertising and hardware ids beside their name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, any_of, hit, luhn
from tidegate.privacy.patterns.named import beside
from tidegate.privacy.spans import Label, Span

_ICCID = re.compile(r"89\d{16,18}F?(?!\w)")
_SIM_NAMES = ("imsi", "iccid", "sim card", "sim no", "sim_id", "sim number")
_DEVICE_NAMES = (
    "idfa", "gaid", "idfv", "advertising id", "advertising_id", "advertiser id", "android id", "android_id", "device id", "device_id",
    "deviceid", "udid", "hardware id", "hwid", "machine id", "machine_id",
)  # fmt: skip
_SIM = re.compile(r"\d{15}(?!\w)|\d{18,20}(?!\w)")
_DEVICE = re.compile(
    r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}(?!\w)|[0-9A-Fa-f]{40}(?!\w)|[0-9A-Fa-f]{32}(?!\w)"
    r"|[0-9A-Fa-f]{8}-[0-9A-Fa-f]{16}(?!\w)|(?=[A-Fa-f]{0,15}\d)[0-9A-Fa-f]{16}(?!\w)"
)


def find(document: Document) -> Iterator[Span]:
    for start, end in document.tokens:
        match = _ICCID.match(document.text, start)
        digits = document.text[start:end].rstrip("F")
        if match is not None and document.free(start, end) and luhn(digits) and len(digits) >= 19:
            yield hit("device_id", start, end, Label.DEVICE_ID, 0.8, valid=True)
    for names, shape in ((_SIM_NAMES, _SIM), (_DEVICE_NAMES, _DEVICE)):
        for match in beside(document, names, shape):
            yield hit("device_id", *match.span(), Label.DEVICE_ID, 0.85)


DEVICE_ID = Pattern(
    "device_id",
    (Label.DEVICE_ID,),
    find,
    digits=True,
    shape=rf"(?:^|[^a-z0-9_])89\d{{16}}|{any_of(*_SIM_NAMES, *_DEVICE_NAMES)}",
    lexicon=(*_SIM_NAMES, *_DEVICE_NAMES),
)
