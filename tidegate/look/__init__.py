"""What the pages of both tiers share: colours, the mark, and the headers that keep other sites and scripts out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

STATIC = Path(__file__).parent / "static"

HEADERS: Mapping[str, str] = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
}
