"""Vendored files are what their record says."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

STATIC = Path(__file__).resolve().parents[3] / "cloud" / "console" / "static"


def test_htmx_is_the_recorded_file_with_its_licence() -> None:
    record = re.search(r"`htmx\.min\.js`.*`([0-9a-f]{64})`", (STATIC / "README.md").read_text())
    assert record is not None
    assert hashlib.sha256((STATIC / "htmx.min.js").read_bytes()).hexdigest() == record[1]
    assert "Permission to use, copy, modify" in (STATIC / "htmx.LICENSE.txt").read_text()


def test_nothing_is_loaded_from_elsewhere() -> None:
    ours = [*STATIC.glob("console.*"), *(STATIC.parent / "templates").glob("*.html")]
    for path in ours:
        assert not re.search(r"https?://|@import|url\(|\bon[a-z]+=|style=", path.read_text()), path.name
