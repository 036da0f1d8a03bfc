"""`scripts/eval models`: one table of everything the shipped models can and cannot do, beside the bars.

Exit status: 0 when the table was made, whatever it says; 2 for a wrong command line; 3 without the data sets.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.evaluation import certainty, chart, footprint, language, machine, pages, sentry, table, tasks
from scripts.evaluation.progress import Progress
from scripts.evaluation.rows import Section
from scripts.evaluation.runner import Runner, Task, planned
from scripts.training import data, sources
from tidegate.assets import model_dir
from tidegate.engines.gguf import read_header
from tidegate.errors import Broken, TidegateError
from tidegate.privacy.package import read_package

ROOT = Path(__file__).resolve().parents[2]
COUNT, QUICK = 150, 20
MODELS = ROOT / "models"


@dataclass(frozen=True, slots=True)
class Asked:
    """The command line, checked."""

    files: tuple[Path, ...]
    sentries: tuple[Path, ...]
    count: int
    json: Path | None
    write: bool
    minilm: Path | None


def parsed(argv: Sequence[str]) -> Asked:
    """Reads the command line; exits with status 2 and a reason when it is wrong."""
    parser = argparse.ArgumentParser(
        prog="scripts/eval", description="measure the embedded models on held-out data"
    )
    parser.add_argument("what", choices=["models"])
    parser.add_argument(
        "--file", type=Path, action="append", help="a GGUF file; default: those under models/"
    )
    parser.add_argument(
        "--sentry", type=Path, action="append", help="a sentry folder; default: those under models/"
    )
    parser.add_argument("--no-sentry", action="store_true", help="language models only")
    parser.add_argument("--no-language", action="store_true", help="the sentry only")
    parser.add_argument("--count", type=int, default=None, help=f"requests per row (default {COUNT})")
    parser.add_argument(
        "--quick", action="store_true", help=f"{QUICK} requests per row: wide intervals, same rows"
    )
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument(
        "--write", action="store_true", help="put the table into models/README.md and the cards"
    )
    parser.add_argument(
        "--minilm",
        type=Path,
        help="a plain encoder in ONNX to time beside the sentry (default: the embedder, where built)",
    )
    args = parser.parse_args(argv)
    count = args.count or (QUICK if args.quick else COUNT)
    if count < 10:
        parser.error("--count: at least 10, below that an interval says nothing")
    files = () if args.no_language else tuple(args.file or sorted(MODELS.glob("*/*.gguf")))
    folders = args.sentry or [path.parent for path in sorted(MODELS.rglob("sentry.json"))]
    absent = [path for path in files if not path.is_file()]
    if absent:
        parser.error(f"--file: {absent[0]} is no file")
    return Asked(
        files=files,
        sentries=() if args.no_sentry else tuple(folders),
        count=count,
        json=args.json,
        write=args.write,
        minilm=args.minilm or plain_encoder(),
    )


def plain_encoder() -> Path | None:
    """The embedder, which is a plain MiniLM-L6 in int8, where it has been built."""
    try:
        found = model_dir("embedder") / "graph.onnx"
    except Broken:
        return None
    return found if found.is_file() else None


async def measure_language(
    path: Path, corpus: data.Corpus, count: int
) -> tuple[Section, certainty.Judged | None]:
    """All rows of one model file, and its confidence for the pictures."""
    model, runner = named(path), Runner(path)
    todo = tasks.tasks(corpus, count)
    known = certainty.shipped(path, runner.digest)
    fitting = tasks.calibration(corpus, count) if known is None else None
    progress = Progress(planned(todo) + (len(fitting.examples) if fitting else 0))
    how = "P(right) as shipped"
    if fitting is not None:
        known = certainty.fitted(await runner.run(fitting, progress))
        how = f"P(right) fitted here on {len(fitting.examples)} requests of the calibration half"
    answers = {task.name: await runner.run(task, progress) for task in todo}
    found = list(language.rows(language.Subject(model, known), answers))
    sure = certainty.judged(known, answers["mixture"]) if known is not None else None
    found += certainty.rows(model, sure, how=how) if sure is not None else certainty.unmeasured(model)
    await runner.close()
    prompts = footprint.requests(answers_to_time(todo))
    found += footprint.rows(model, path, footprint.measured(path, prompts, ROOT), device=model != "cloud")
    about = f"`{path.name}`, {read_header(path).quantisation or 'mixed types'}, sha256 {runner.digest[:16]}"
    return Section(model, about, tuple(found), card=card_of(path)), sure


def answers_to_time(todo: Sequence[Task]) -> Sequence[data.Example]:
    """Twenty requests with SNIPS's seven tools."""
    return next(task for task in todo if task.name == "snips").examples[:20]


def named(path: Path) -> str:
    """How rows call a file: by its folder under models/ (`sentry-small` for sentry/small), any other by its own name."""
    folder = path.resolve().parent
    if folder.is_relative_to(MODELS):
        return "-".join(folder.relative_to(MODELS).parts)
    return path.stem if path.suffix == ".gguf" else folder.name


def card_of(path: Path) -> str:
    """The folder under models/ whose card speaks of a file: its own or the nearest above. Empty elsewhere."""
    folders = [folder for folder in path.resolve().parents if MODELS in folder.parents]
    return next((f.relative_to(MODELS).as_posix() for f in folders if (f / "CARD.md").exists()), "")


def measure_sentry(folder: Path, asked: Asked) -> Section:
    """All rows of one sentry."""
    weights = read_package(folder).weights
    model, shared = named(weights), sources.data_root().parent
    progress = Progress(sentry.planned(asked.count))
    found = tuple(sentry.rows(model, folder, shared, asked.count, progress))
    if asked.minilm is not None:
        found += tuple(sentry.peer_rows(model, asked.minilm))
    return Section(model, f"`{folder.name}/{weights.name}`", found, card=card_of(weights))


def measured(asked: Asked) -> Iterator[tuple[Section, certainty.Judged | None]]:
    """One section after another."""
    if asked.files:
        corpus = data.load()
        for path in asked.files:
            yield asyncio.run(measure_language(path, corpus, asked.count))
    for folder in asked.sentries:
        yield measure_sentry(folder, asked), None


def report(asked: Asked) -> int:
    """Measures, prints, writes; returns the exit status. Interrupted, it prints what is whole and writes nothing."""
    facts = machine.facts()
    sections: list[Section] = []
    pictures: dict[str, str] = {}
    status = 0
    try:
        for section, sure in measured(asked):
            sections.append(section)
            if sure is not None and section.card:
                title = f"tidegate-{section.model}: {len(sure.right)} held-out requests"
                pictures[section.model] = chart.svg(title, sure)
    except KeyboardInterrupt:
        status = 130
        print("eval: interrupted; the models below are whole, nothing is written", file=sys.stderr)
    rows = [row for section in sections for row in section.rows]
    if rows:
        print(pages.intro(facts, asked.count, sections), table.text(rows), table.summary(rows), sep="\n\n")
    if status:
        return status
    if asked.json is not None:
        asked.json.write_text(table.as_json(sections, facts), encoding="utf-8")
    if asked.write:
        for path in pages.write(ROOT, sections, pictures, facts, asked.count):
            print(f"wrote {path.relative_to(ROOT)}")
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """The command."""
    os.environ.update(footprint.ONE_THREAD)
    asked = parsed(sys.argv[1:] if argv is None else argv)
    if not (sources.data_root() / "snips").is_dir():
        print(
            "eval: the held-out data sets are not here, so nothing was measured; "
            "put the shared folder beside the repository or name it in TIDEGATE_SHARED",
            file=sys.stderr,
        )
        return 3
    try:
        return report(asked)
    except (TidegateError, ValueError, subprocess.SubprocessError) as error:
        print(f"eval: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
