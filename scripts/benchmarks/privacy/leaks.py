"""What can still be read after redaction: names in other forms, and the private units of chat prompts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from scripts.benchmarks.privacy.finders import OURS, Finder
from scripts.benchmarks.privacy.parts import Errors, Part, ask
from scripts.benchmarks.privacy.report import Detail, Line, judged, shown
from scripts.benchmarks.privacy.scoring import covered, masked
from scripts.benchmarks.privacy.values import Mark, Row
from scripts.evaluation.intervals import Estimate, wilson


def adversarial_names(finders: Sequence[Finder], rows: Sequence[Row], errors: Errors) -> Part:
    """One table per form: the share of names of which no letter is left, and the precision of everything found beside."""
    found = ask(finders, rows)
    table = []
    totals: dict[str, int] = defaultdict(int)
    for form in dict.fromkeys(row.group for row in rows):
        inside = [at for at, row in enumerate(rows) if row.group == form]
        cells = [form, str(len(inside))]
        for who, every in found.items():
            hidden = sum(covered(rows[at].text, rows[at].marks[0], every[at]) >= 1.0 for at in inside)
            totals[who] += hidden
            cells.append(shown(wilson(hidden, len(inside)), 2))
            if who == OURS:
                cells.append(_precision_beside(rows, every, inside))
        table.append(cells)
    for row, marks in zip(rows, found[OURS], strict=True):
        if covered(row.text, row.marks[0], marks) < 1.0:
            errors.entries.append(("names in other forms", row.group, "left", row.text))
    shares = {who: wilson(totals[who], len(rows)) for who in found}
    mine = shares.pop(OURS)
    line = Line(
        "names in adversarial forms: hidden whole",
        "a table, improving",
        shown(mine),
        None,
        "shown",
        {who: shown(one) for who, one in shares.items()},
        f"own, {len(rows)} names in {len(table)} forms",
    )
    heads = ["form", "names"]
    for who in found:
        heads += [who, "precision"] if who == OURS else [who]
    note = "Share of names of which no letter or digit is left. Precision: finds that touch the name, of all finds in those rows."
    return Part((line,), (Detail("Names in adversarial forms", note, heads, table),))


def chat(finders: Sequence[Finder], rows: Sequence[Row], errors: Errors) -> Part:
    """Prompts as people type them: private units that can still be read after redaction, and what it cost."""
    table, shares, lines, cost = [], {}, {}, {}
    texts = [row.text for row in rows]
    units = sum(len(row.marks) for row in rows)
    for finder in finders:
        hidden = finder.hide(texts)
        left = [_left(row, marks) for row, marks in zip(rows, hidden, strict=True)]
        whole, parts = sum(one for one, _ in left), sum(two for _, two in left)
        spent = sum(mark.end - mark.start for marks in hidden for mark in marks) / max(
            1, sum(map(len, texts))
        )
        cost[finder.name] = spent
        precision = _touching(rows, hidden)
        shares[finder.name] = wilson(whole, units)
        lines[finder.name] = f"{shown(shares[finder.name])}, masked {spent:.1%}"
        table.append(
            [
                finder.name,
                shown(shares[finder.name]),
                shown(wilson(parts, units)),
                f"{spent:.1%}",
                shown(precision),
            ]
        )
        if finder.name == OURS:
            for row, marks in zip(rows, hidden, strict=True):
                errors.note("chat prompts", row, marks)
    mine = shares.pop(OURS)
    met, verdict = judged(mine, 0.075, at_least=False)
    if cost[OURS] > 0.25:
        met, verdict = False, f"missed: {cost[OURS]:.1%} masked"
    line = Line(
        "chat prompts: private units left",
        "under .075, at most 25 % masked",
        lines.pop(OURS),
        met,
        verdict,
        lines,
        f"own, hand-written: {len(rows)} prompts, {units} units",
    )
    note = (
        "Left: the unit still stands there as it was. A part left: a word of it of three letters or more does. "
        "Precision: finds that touch a unit."
    )
    return Part(
        (line,),
        (
            Detail(
                "Chat prompts",
                note,
                ["finder", "left", "a part left", "characters masked", "precision"],
                table,
            ),
        ),
    )


def _left(row: Row, found: Sequence[Mark]) -> tuple[int, int]:
    """Units of a row that can still be read after masking: whole, and at least in one word."""
    rest = masked(row.text, found).casefold()
    whole = parts = 0
    for mark in row.marks:
        value = row.text[mark.start : mark.end].casefold()
        whole += value in rest
        words = [word for word in "".join(c if c.isalnum() else " " for c in value).split() if len(word) >= 3]
        parts += value in rest or any(word in rest for word in words)
    return whole, parts


def _touching(rows: Sequence[Row], found: Sequence[Sequence[Mark]]) -> Estimate:
    """The share of finds that touch something private."""
    finds = [(row, mark) for row, marks in zip(rows, found, strict=True) for mark in marks]
    good = sum(any(mark.start < one.end and one.start < mark.end for one in row.marks) for row, mark in finds)
    return wilson(good, len(finds))


def _precision_beside(rows: Sequence[Row], marks: Sequence[Sequence[Mark]], inside: Sequence[int]) -> str:
    return shown(_touching([rows[at] for at in inside], [marks[at] for at in inside]), 2)
