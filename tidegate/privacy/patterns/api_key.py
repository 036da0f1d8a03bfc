"""API keys and tokens by the prefixes their issuers give them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.spans import Label, Span

# (what must occur in the text at all, the shape). A token is taken to its end; where something must follow an open-ended part,
# a look behind admits one attempt per token, so that `eyJeyJeyJ...` stays linear.
_SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (literal, re.compile(shape))
    for literal, shape in (
        ("sk-", r"sk-(?:[a-z]{2,10}\d{0,2}-){0,3}[A-Za-z0-9_-]{16,}"),
        ("sk_", r"[sr]k_(?:live|test)_[A-Za-z0-9]{10,}"),
        ("rk_", r"rk_(?:live|test)_[A-Za-z0-9]{10,}"),
        ("pk_", r"pk_(?:live|test)_[A-Za-z0-9]{10,}"),
        ("whsec_", r"whsec_[A-Za-z0-9+/=]{16,}"),
        ("gh", r"gh[pousr]_[A-Za-z0-9]{20,}"),
        ("github_pat_", r"github_pat_[A-Za-z0-9_]{20,}"),
        ("glpat-", r"gl(?:pat|dt|rt|ft)-[A-Za-z0-9_.-]{16,}"),
        ("A", r"A(?:KIA|SIA|GPA|IDA|ROA|NPA)[A-Z2-7]{12,20}(?![A-Za-z0-9])"),
        ("AIza", r"AIza[A-Za-z0-9_-]{30,}"),
        ("ya29.", r"ya29\.[A-Za-z0-9_-]{20,}"),
        ("GOCSPX-", r"GOCSPX-[A-Za-z0-9_-]{20,}"),
        ("xo", r"xo(?:x[abeoprs]|xe\.xox[bp])-[A-Za-z0-9-]{10,}"),
        ("xapp-", r"xapp-\d-[A-Za-z0-9-]{10,}"),
        ("hooks.slack.com", r"hooks\.slack\.com/services/[A-Za-z0-9/]{20,}"),
        ("SG.", r"(?<![A-Za-z0-9_.-])SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
        ("npm_", r"npm_[A-Za-z0-9]{30,}"),
        ("pypi-", r"pypi-[A-Za-z0-9_-]{30,}"),
        ("dop_v1_", r"do[opr]_v1_[a-f0-9]{40,}"),
        ("hf_", r"hf_[A-Za-z0-9]{25,}"),
        ("key-", r"key-[a-f0-9]{32}(?![A-Za-z0-9])"),
        ("AC", r"(?:AC|SK)[a-f0-9]{32}(?![A-Za-z0-9])"),
        ("shp", r"shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32}"),
        ("sq0", r"sq0(?:atp|csp|idp)-[A-Za-z0-9_-]{20,}"),
        ("EAA", r"EAA[A-Za-z0-9]{30,}"),
        ("hvs.", r"hv[sb]\.[A-Za-z0-9_-]{20,}"),
        ("dp.", r"dp\.(?:pt|st|ct|sa)\.[A-Za-z0-9._-]{30,}"),
        ("lin_api_", r"lin_api_[A-Za-z0-9]{30,}"),
        ("NRAK-", r"NRAK-[A-Z0-9]{20,}"),
        ("AGE-SECRET-KEY-", r"AGE-SECRET-KEY-1[A-Z0-9]{50,}"),
        ("bot", r"bot\d{8,10}:[A-Za-z0-9_-]{33,}"),
        (":AA", r"\d{8,10}:AA[A-Za-z0-9_-]{31,}"),
        ("sk-ant-", r"sk-ant-[A-Za-z0-9_-]{20,}"),
        ("gsk_", r"gsk_[A-Za-z0-9]{30,}"),
        ("r8_", r"r8_[A-Za-z0-9]{30,}"),
        ("pplx-", r"pplx-[A-Za-z0-9]{30,}"),
        ("xai-", r"xai-[A-Za-z0-9]{40,}"),
        ("tskey-", r"tskey-[a-z]{3,10}-[A-Za-z0-9-]{16,}"),
        ("ntn_", r"ntn_[A-Za-z0-9]{30,}"),
        ("figd_", r"figd_[A-Za-z0-9_-]{20,}"),
        ("sntrys_", r"sntrys_[A-Za-z0-9+/=_-]{30,}"),
        ("glsa_", r"glsa_[A-Za-z0-9]{20,}_[a-f0-9]{8}"),
        ("dckr_pat_", r"dckr_pat_[A-Za-z0-9_-]{20,}"),
        ("atlasv1", r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{40,}"),
        ("AccountKey=", r"AccountKey=[A-Za-z0-9+/=]{40,}"),
    )
)


def find(document: Document) -> Iterator[Span]:
    text = document.text
    for literal, shape in _SHAPES:
        if document.has_word(literal.lower()) and literal in text:
            for match in shape.finditer(text):
                start, end = match.span()
                if not (start and (text[start - 1].isalnum() or text[start - 1] == "_")):
                    yield hit("api_key", start, _stripped(text, start, end), Label.API_KEY, 0.95)


def _stripped(text: str, start: int, end: int) -> int:
    while end > start and text[end - 1] in ".-_":
        end -= 1
    return end


_LITERALS = tuple(literal.lower() for literal, _ in _SHAPES)
API_KEY = Pattern("api_key", (Label.API_KEY,), find, words=_LITERALS)
