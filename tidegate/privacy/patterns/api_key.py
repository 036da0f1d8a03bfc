"""API keys and tokens by the prefixes their issuers give them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.errors import Broken
from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.spans import Label, Span

# A token is taken to its end; where something must follow an open-ended part, a look behind admits one attempt per token, so
# that `eyJeyJeyJ...` stays linear.
_PREFIXED: tuple[str, ...] = (
    r"sk-(?:[a-z]{2,10}\d{0,2}-){0,3}[A-Za-z0-9_-]{16,}",
    r"[sr]k_(?:live|test)_[A-Za-z0-9]{10,}",
    r"rk_(?:live|test)_[A-Za-z0-9]{10,}",
    r"pk_(?:live|test)_[A-Za-z0-9]{10,}",
    r"whsec_[A-Za-z0-9+/=]{16,}",
    r"gh[pousr]_[A-Za-z0-9]{20,}",
    r"github_pat_[A-Za-z0-9_]{20,}",
    r"gl(?:pat|dt|rt|ft)-[A-Za-z0-9_.-]{16,}",
    r"A(?:KIA|SIA|GPA|IDA|ROA|NPA)[A-Z2-7]{12,20}(?![A-Za-z0-9])",
    r"AIza[A-Za-z0-9_-]{30,}",
    r"ya29\.[A-Za-z0-9_-]{20,}",
    r"GOCSPX-[A-Za-z0-9_-]{20,}",
    r"xo(?:x[abeoprs]|xe\.xox[bp])-[A-Za-z0-9-]{10,}",
    r"xapp-\d-[A-Za-z0-9-]{10,}",
    r"hooks\.slack\.com/services/[A-Za-z0-9/]{20,}",
    r"(?<![A-Za-z0-9_.-])SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
    r"npm_[A-Za-z0-9]{30,}",
    r"pypi-[A-Za-z0-9_-]{30,}",
    r"do[opr]_v1_[a-f0-9]{40,}",
    r"hf_[A-Za-z0-9]{25,}",
    r"key-[a-f0-9]{32}(?![A-Za-z0-9])",
    r"(?:AC|SK)[a-f0-9]{32}(?![A-Za-z0-9])",
    r"shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32}",
    r"sq0(?:atp|csp|idp)-[A-Za-z0-9_-]{20,}",
    r"EAA[A-Za-z0-9]{30,}",
    r"hv[sb]\.[A-Za-z0-9_-]{20,}",
    r"dp\.(?:pt|st|ct|sa)\.[A-Za-z0-9._-]{30,}",
    r"lin_api_[A-Za-z0-9]{30,}",
    r"NRAK-[A-Z0-9]{20,}",
    r"AGE-SECRET-KEY-1[A-Z0-9]{50,}",
    r"bot\d{8,10}:[A-Za-z0-9_-]{33,}",
    r"\d{8,10}:AA[A-Za-z0-9_-]{31,}",
    r"sk-ant-[A-Za-z0-9_-]{20,}",
    r"gsk_[A-Za-z0-9]{30,}",
    r"r8_[A-Za-z0-9]{30,}",
    r"pplx-[A-Za-z0-9]{30,}",
    r"xai-[A-Za-z0-9]{40,}",
    r"tskey-[a-z]{3,10}-[A-Za-z0-9-]{16,}",
    r"ntn_[A-Za-z0-9]{30,}",
    r"figd_[A-Za-z0-9_-]{20,}",
    r"sntrys_[A-Za-z0-9+/=_-]{30,}",
    r"glsa_[A-Za-z0-9]{20,}_[a-f0-9]{8}",
    r"dckr_pat_[A-Za-z0-9_-]{20,}",
    r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{40,}",
    r"AccountKey=[A-Za-z0-9+/=]{40,}",
    r"dapi[a-f0-9]{32}(?:-\d)?(?![A-Za-z0-9])",
    r"(?<![A-Za-z0-9_-])[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40}",
    r"(?<=[?&])sig=[A-Za-z0-9%+/=_-]{40,}",
    r"[a-f0-9]{32}-us\d{1,2}(?![A-Za-z0-9])",
    r"PMAK-[a-f0-9]{24}-[a-f0-9]{34}",
    r"pat[A-Za-z0-9]{14}\.[a-f0-9]{60,}",
    r"ATATT3[A-Za-z0-9_=-]{60,}",
    r"ATBB[A-Za-z0-9]{28,}",
    r"gl(?:oas|cbt|imt|ptt|agent|soat)-[A-Za-z0-9_.-]{16,}",
    r"glc_[A-Za-z0-9+/=]{32,}",
    r"pul-[a-f0-9]{40}",
    r"rubygems_[a-f0-9]{40,}",
    r"sbp_[a-f0-9]{40}",
    r"sb_(?:secret|publishable)_[A-Za-z0-9_-]{20,}",
    r"secret_[A-Za-z0-9]{43}(?![A-Za-z0-9])",
    r"CFPAT-[A-Za-z0-9_-]{40,}",
    r"dt0[a-z]\d\d\.[A-Z0-9]{24}\.[A-Z0-9]{60,}",
    r"EZ[AT]K[A-Za-z0-9]{50,}",
    r"AKCp[A-Za-z0-9]{60,}",
    r"nfp_[A-Za-z0-9]{30,}",
    r"rnd_[A-Za-z0-9]{28,}",
    r"pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.-]{28,}",
    r"xkeysib-[a-f0-9]{60,}",
    r"lsv2_(?:pt|sk)_[a-f0-9]{30,}",
    r"ph[cx]_[A-Za-z0-9]{40,}",
    r"access-(?:sandbox|development|production)-[a-f0-9-]{36}",
    r"pcsk_[A-Za-z0-9_]{30,}",
    r"ops_eyJ[A-Za-z0-9_-]{60,}",
    r"dckr_oat_[A-Za-z0-9_-]{20,}",
    r"pat-[a-z]{2}\d-[a-f0-9-]{36}",
    r"shippo_(?:live|test)_[a-f0-9]{30,}",
    r"aio_[A-Za-z0-9]{26,}",
    r"LTAI[A-Za-z0-9]{16,24}(?![A-Za-z0-9])",
    r"AKID[A-Za-z0-9]{30,}",
    r"CCIPAT_[A-Za-z0-9_]{40,}",
    r"[ps]k\.eyJ[A-Za-z0-9_-]{30,}\.[A-Za-z0-9_-]{16,}",
    r"fm2_[A-Za-z0-9+/=_-]{60,}",
    r"tvly-[A-Za-z0-9-]{20,}",
    r"discord(?:app)?\.com/api/webhooks/\d{17,20}/[A-Za-z0-9_-]{50,}",
)
# The letters a shape begins with, small classes and choices among them: what the prefilter looks for. It counts nothing.
_BEGINNING = re.compile(r"(?:[a-z0-9_:/=-]|\\\.|\[[a-z]{1,9}\](?!\{)|\(\?:[a-z|\\.\[\]]{0,99}\)|\\d-)+")
_OTHER_GATES = {
    "(?:ac|sk)[a-f0-9]{32}": "(?:ac|sk)[a-f0-9][a-f0-9][a-f0-9][a-f0-9]",
    "bot\\d{8,10}:": r"bot\d",
    "\\d{8,10}:aa": r"\d:aa",
    "[a-za-z0-9]{14}\\.atlasv1": r"\.atlasv1\.",
    "(?<![a-za-z0-9_-])[mno]": r"[mno][a-z0-9_-]+\.[a-z0-9_-]+\.[a-z0-9_-]",
    "(?<=[?&])sig=": r"[?&]sig=",
    "[a-f0-9]{32}-us": r"[a-f0-9]-us\d",
    "pat[a-za-z0-9]{14}\\.": r"pat[a-z0-9]+\.[a-f0-9][a-f0-9][a-f0-9]",
    "(?<![a-za-z0-9_.-])sg\\.": r"sg\.",
}


def gate(shape: str) -> str:
    """An RE2 expression that occurs in the lower-case text wherever `shape` matches the text itself."""
    lower = shape.lower()
    for beginning, needed in _OTHER_GATES.items():
        if lower.startswith(beginning):
            return needed
    match = _BEGINNING.match(lower)
    if match is None:
        raise Broken(f"no prefilter for {shape}", code="prefilter_missing")
    return match[0]


_GATES = tuple(gate(shape) for shape in _PREFIXED)
_SHAPES = tuple((gate(shape), re.compile(shape)) for shape in _PREFIXED)


def find(document: Document) -> Iterator[Span]:
    text = document.text
    for needed, shape in _SHAPES:
        for match in shape.finditer(text) if document.has_shape(needed) else ():
            start, end = match.span()
            if not (start and (text[start - 1].isalnum() or text[start - 1] == "_")):
                yield hit("api_key", start, _stripped(text, start, end), Label.API_KEY, 0.95)


def _stripped(text: str, start: int, end: int) -> int:
    while end > start and text[end - 1] in ".-_":
        end -= 1
    return end


API_KEY = Pattern("api_key", (Label.API_KEY,), find, shape="|".join(_GATES), shapes=_GATES)
