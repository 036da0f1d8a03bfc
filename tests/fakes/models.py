"""Where tests find real model files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


def stories() -> Path:
    """A 260,000-parameter story teller; skips where the shared corpora are absent."""
    shared = Path(os.environ.get("TIDEGATE_SHARED") or REPOSITORY.parent / "shared")
    path = shared / "data/gguf/stories260K/stories260K-f32.gguf"
    if not path.exists():
        pytest.skip("no shared corpora here: set TIDEGATE_SHARED")
    return path


def edge_model() -> Path:
    """The embedded model; skips where none is installed."""
    found = sorted((REPOSITORY / "models/edge").glob("*.gguf"))
    if not found:
        pytest.skip("models/edge holds no model yet")
    return found[0]
