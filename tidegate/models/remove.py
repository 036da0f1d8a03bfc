"""Takes a pulled model away, unless somebody's settings name it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tidegate.errors import BadRequest
from tidegate.models.names import SHIPPED, model_name
from tidegate.models.store import Store
from tidegate.models.usage import users, users_of


def remove(name: str, store: Store, environ: Mapping[str, str], config: Path | None = None) -> None:
    """Raises BadRequest (unknown_model, shipped_model, in_use)."""
    if name in SHIPPED:
        raise BadRequest(
            f"{name!r} came with Tidegate and is not removed here",
            code="shipped_model",
            param="name",
            hint="leave it",
        )
    known = model_name(name)
    with store.changing():
        whose = users_of(store.folder / known, users(store, environ, config))
        if whose:
            raise BadRequest(
                f"{name} is in use: {', '.join(whose)} {'name' if len(whose) > 1 else 'names'} it; nothing was removed",
                code="in_use",
                status=409,
                hint=f"choose another first: {_way_out(whose)}",
            )
        if not store.remove(known):
            store.get(name)  # says what there is


def _way_out(whose: tuple[str, ...]) -> str:
    first = whose[0]
    return f"unset {first[1:]}" if first.startswith("$") else f"tidegate models use edge --config {first}"
