"""Where the table and the pictures go: models/README.md, the cards, docs/images/."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from scripts.evaluation import machine, table, tasks
from scripts.evaluation.rows import Section


def intro(facts: Mapping[str, str | int], count: int, sections: Sequence[Section]) -> str:
    """What a reader of the table needs to know first."""
    files = "; ".join(f"{section.model}: {section.about}" for section in sections)
    return (
        f"{count} requests per row where the set has as many, seed {tasks.SEED}, test half of every source "
        "(`docs/decisions/0015-what-is-measured-and-how.md`). "
        "Intervals are 95 %: Wilson's for shares, bootstrap for the rest; `open` where the interval holds the bar.\n"
        f"Machine: {machine.line(facts)}.\nFiles: {files}."
    )


def write(
    root: Path,
    sections: Sequence[Section],
    pictures: Mapping[str, str],
    facts: Mapping[str, str | int],
    count: int,
) -> list[Path]:
    """Puts tables and pictures where readers look; returns what was written. A model without a card is left out.

    Each card has a block of its own, in itself and in models/README.md, so that measuring one model leaves the others'
    figures as they are. Raises ValueError for damaged markers, OSError.
    """
    models, images = root / "models", root / "docs" / "images"
    changed: dict[Path, None] = {}
    for card in dict.fromkeys(section.card for section in sections if section.card):
        own = [section for section in sections if section.card == card]
        drawn = {s.model: images / f"confidence-{s.model}.svg" for s in own if s.model in pictures}
        for name, image in drawn.items():
            image.write_text(pictures[name], encoding="utf-8")
        for page in (models / "README.md", models / card / "CARD.md"):
            shown = [
                _shown(name, image.relative_to(root), page.relative_to(root)) for name, image in drawn.items()
            ]
            table.put(page, card, "\n\n".join([body(own, facts, count), *shown]))
            changed[page] = None
        changed |= dict.fromkeys(drawn.values())
    return list(changed)


def _shown(name: str, image: Path, page: Path) -> str:
    up = "../" * (len(page.parts) - 1)
    return f"![How sure {name} is, and how right]({up}{image.as_posix()})"


def body(sections: Sequence[Section], facts: Mapping[str, str | int], count: int) -> str:
    """What stands between the markers: how it was measured, the table, what was missed."""
    rows = [row for section in sections for row in section.rows]
    return "\n\n".join(
        [
            intro(facts, count, sections),
            table.markdown(rows, with_model=len(sections) > 1),
            table.summary(rows),
        ]
    )
