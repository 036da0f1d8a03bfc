"""`tidegate risk`: learn P(right) from recorded outcomes, score prompts by it. Nothing leaves the machine."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from importlib import metadata
from itertools import islice
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from tidegate.chat import JSON
from tidegate.errors import BadRequest
from tidegate.risk.fitted import Fit, Scorer, Threshold, make, read_fit, scorer, write_fit
from tidegate.risk.ledger_cli import ledger_command
from tidegate.risk.outcomes import Question, bad_line, lines, numbers, read_outcomes
from tidegate.risk.promise import Promise
from tidegate.risk.show_cli import report_command, simulate_command
from tidegate.risk.words import shipped

app = typer.Typer(add_completion=False, no_args_is_help=True)
app.command("report")(report_command)
app.command("simulate")(simulate_command)
app.command(
    "ledger",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
)(ledger_command)
for tiers in sorted(metadata.entry_points(group="tidegate.risk"), key=lambda point: point.name):
    app.command(tiers.name)(
        tiers.load()
    )  # what a tier adds, such as the replay of its journal: found, not imported
BATCH = 256  # lines scored at once when they come from a file


@app.callback()
def risk() -> None:
    """When an answer of the local model is good enough: learned from outcomes, with a promise."""


@app.command("fit")
def fit_command(
    outcomes: Annotated[
        Path, typer.Option(help='JSON lines {"id","prompt","weak","strong"?,"features"?}; .gz too')
    ],
    out: Annotated[Path, typer.Option(help="the fit to write")],
    seed: Annotated[int, typer.Option(help="the same seed gives the same file")] = 0,
    wrong_at_most: Annotated[
        float | None, typer.Option(help="promise: this share of the answers kept may be wrong, e.g. 0.02")
    ] = None,
    with_confidence: Annotated[float, typer.Option(help="how sure the promise is")] = 0.95,
) -> None:
    """Learn from recorded outcomes. Prints one JSON line: rows, texts, what was measured on rows not learned from."""
    promise = None if wrong_at_most is None else Promise(wrong_at_most, with_confidence)
    if out.is_dir():
        raise BadRequest(
            f"--out {out} is a folder; nothing was written", code="no_output", hint="name a file"
        )
    words = shipped()
    made = make(read_outcomes(outcomes), seed=seed, promise=promise, words=words)
    write_fit(out, made)
    if words is None:
        print("no table of words here (models/words): fitted without what prompts are about", file=sys.stderr)
    print(json.dumps(summary(made)))
    if made.promise is not None:
        print(spoken(made.promise), file=sys.stderr)


@app.command("score")
def score_command(
    fit: Annotated[Path, typer.Option(help="a fit made by tidegate risk fit")],
    file: Annotated[Path | None, typer.Argument(help='JSON lines {"id","prompt"}; absent: stdin')] = None,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="read and write JSON lines: the only form there is")
    ] = False,
) -> None:
    """Score prompts: {"id","prompt"} per line in, {"id","p_right"} per line out, in order. A bad line ends it and is named."""
    if not jsonl and file is None:
        raise BadRequest(
            "nothing to read",
            code="no_input",
            hint="pipe JSON lines in: tidegate risk score --fit C --jsonl < prompts.jsonl",
        )
    using = scorer(read_fit(fit), shipped())
    if file is None:
        _write(answers(arriving(partial(os.read, sys.stdin.fileno(), 1 << 16)), using))
        return
    try:
        with file.open("rb") as opened:
            stream = iter(lines(opened))
            _write(answers(iter(lambda: list(islice(stream, BATCH)), []), using))
    except OSError as error:
        raise BadRequest(f"{file.name} cannot be read: {error.strerror}", code="no_input") from error


def arriving(read: Callable[[], bytes]) -> Iterator[list[bytes]]:
    """The whole lines that have come so far, each time some have: a caller that waits for its answer gets it."""
    rest = b""
    while some := read():
        *whole, rest = (rest + some).split(b"\n")
        for at in range(0, len(whole), BATCH):
            yield whole[at : at + BATCH]
    if rest:
        yield [rest]


def answers(chunks: Iterable[Sequence[bytes]], using: Scorer) -> Iterator[str]:
    """The answers to each chunk, one a line for every line that is not blank, in order. Raises BadRequest naming the first line that cannot be read;
    all lines before it have been answered."""
    decoder = msgspec.json.Decoder(Question)
    number = 0
    for chunk in chunks:
        asked: list[Question] = []
        wrong: BadRequest | None = None
        for line in chunk:
            number += 1
            try:
                asked += [decoder.decode(line)] if line.strip() else []
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                wrong = bad_line(number, error, '{"id", "prompt"}')
                break
        sure = using.p_right([q.prompt for q in asked], [numbers(q.features) for q in asked])
        if asked:
            yield "\n".join(
                json.dumps({"id": q.id, "p_right": p}, ensure_ascii=False)
                for q, p in zip(asked, sure, strict=True)
            )
        if wrong is not None:
            raise wrong


def summary(made: Fit) -> dict[str, JSON]:
    """What a fit says about itself."""
    shown: dict[str, JSON] = {
        "rows": made.rows,
        "texts": made.texts,
        "strong": made.strong,
        "features": list(made.extra),
        "words": bool(made.words),
        "auroc": round(made.auroc, 4),
        "ece": round(made.ece, 4),
    }
    if made.promise is not None:
        shown["promise"] = {name: getattr(made.promise, name) for name in made.promise.__struct_fields__}
    return shown


def spoken(found: Threshold) -> str:
    """The promise in a sentence."""
    if found.keep_at <= 1:
        share = 100 * found.kept / max(found.tested_on, 1)
        return (
            f"promise holds: keep answers from P(right) {found.keep_at:.4f} on; of {found.tested_on} held-out outcomes that"
            f" keeps {share:.0f} %, {found.wrong:g} of {found.kept} wrong"
        )
    return (
        f"this promise cannot be made from {found.tested_on} held-out outcomes: everything is escalated; at least"
        f" {100 * found.must_escalate:.0f} % would have to go even with perfect foresight, and at least {found.fewest} answers,"
        " all right, must be seen"
    )


def _write(chunks: Iterable[str]) -> None:
    for rows in chunks:
        sys.stdout.write(rows + "\n")
        sys.stdout.flush()
