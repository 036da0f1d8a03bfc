"""The command line of `scripts/train`. Each model's module is imported only when asked for."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
MODELS = ("edge", "cloud")


def parser() -> argparse.ArgumentParser:
    """The arguments understood here; `sentry` has its own."""
    found = argparse.ArgumentParser(prog="scripts/train", description=__doc__)
    commands = found.add_subparsers(dest="command", required=True)
    for kind in MODELS:
        command = commands.add_parser(kind, help=f"train the {kind} model")
        command.add_argument(
            "--quick", action="store_true", help="a tiny network for a minute; the file is valid, not good"
        )
        command.add_argument("--minutes", type=float, help="wall clock to use (default 60; with --quick 1)")
        command.add_argument(
            "--steps", type=int, default=0, help="end after so many steps: repeatable bit by bit"
        )
        command.add_argument("--seed", type=int, default=7)
        command.add_argument("--resume", action="store_true", help="go on from the checkpoint in --out")
        command.add_argument(
            "--out", type=Path, help="folder of checkpoint and GGUF (default build/training/KIND)"
        )
        command.add_argument("--workers", type=int, default=1, help="processes, one core each")
        command.add_argument("--batch-tokens", type=int, default=2048)
        command.add_argument("--grow-from", type=Path, help="checkpoint of a shallower model to start from")
    for name, text in (
        ("prove", "compare exported files with the trainer"),
        ("evaluate", "measure a file, held out"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("--run", type=Path, help="training folder (default build/training/edge)")
        command.add_argument("--file", type=Path, help="GGUF to look at (default: those of the folder)")
        command.add_argument("--count", type=int, default=100 if name == "prove" else 500)
    return found


def main(arguments: list[str]) -> int:
    """Runs one command; returns the exit status."""
    if arguments[:1] == ["sentry"]:
        return int(importlib.import_module("scripts.training.sentry").main(arguments[1:]) or 0)
    chosen = parser().parse_args(arguments)
    try:
        if chosen.command in MODELS:
            _train(chosen)
        elif chosen.command == "prove":
            return _prove(chosen)
        else:
            _evaluate(chosen)
    except FileNotFoundError as problem:
        print(f"train: {problem}", file=sys.stderr)
        return 2
    return 0


def _train(chosen: argparse.Namespace) -> None:
    from scripts.training import export, train

    out = chosen.out or REPOSITORY / "build" / "training" / chosen.command
    minutes = chosen.minutes or (1.0 if chosen.quick else 60.0)
    plan = train.Plan(
        chosen.command,
        out,
        minutes=minutes,
        steps=chosen.steps,
        seed=chosen.seed,
        quick=chosen.quick,
        resume=chosen.resume,
        workers=chosen.workers,
        batch_tokens=chosen.batch_tokens,
        grow_from=chosen.grow_from,
        # A grown model already knows the task: half the rates, or it forgets first.
        muon_rate=0.01 if chosen.grow_from else 0.02,
        adam_rate=1.5e-3 if chosen.grow_from else 3e-3,
    )
    train.train(plan)
    trained = export.load_trained(out)
    for kind in export.TYPES:
        path = export.write(
            trained, out / f"tidegate-{chosen.command}-{kind}.gguf", kind, f"tidegate-{chosen.command}"
        )
        print(f"wrote {path} ({path.stat().st_size / 1e6:.1f} MB)")


def _prove(chosen: argparse.Namespace) -> int:
    """Exit status 1 when the exact file differs from the trainer in any greedy text."""
    from scripts.training import data, export, prove

    run = chosen.run or REPOSITORY / "build" / "training" / "edge"
    corpus, trained = data.load(), export.load_trained(run)
    wanted = prove.references(trained, prove.prompts(corpus, chosen.count))
    differs = False
    for path in [chosen.file] if chosen.file else sorted(run.glob("*.gguf")):
        proof = prove.prove(path, wanted)
        print(f"{path.name}: {proof.line()}", flush=True)
        differs |= "f32" in path.name and proof.same_text != proof.prompts
    return int(differs)


def _evaluate(chosen: argparse.Namespace) -> None:
    import itertools

    from scripts.training import data, evaluate

    run = chosen.run or REPOSITORY / "build" / "training" / "edge"
    corpus = data.load()
    print("| held-out source | call or pass | right tool | exact call |\n|---|---|---|---|")
    path = chosen.file or next(iter(sorted(run.glob("*q8_0.gguf"))))
    for source in ("snips", "clinc150-other", "banking77", "homes", "hwu64", "slurp", "clinc150"):
        examples = itertools.islice(data.held_out(source, "test", corpus), chosen.count)
        print(evaluate.measure(path, examples, source).row(), flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
