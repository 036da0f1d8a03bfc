"""Fits the least score of each kind of find in each situation, and says what it costs: python -m scripts.fit_sentry_thresholds [FOLDER ...] [--write]

    python -m scripts.fit_sentry_thresholds                        # models/sentry and models/sentry-small: prints, changes nothing
    python -m scripts.fit_sentry_thresholds models/sentry --write  # and writes thresholds.least into its sentry.json

Two to four minutes a folder. Names come from the development parts of the shared corpora (also with small letters), clean text from the
bench's development set, made-up numbers, and requests that name nobody. The figures below the table are from texts that nothing was fitted
on: test parts of the corpora, and `sets/clean_held.txt`. Of each kind's right finds a share of at most `BUDGET` may fall under its
thresholds; that share is spent where it takes away the most false finds.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from scripts.benchmarks.privacy import clean
from scripts.benchmarks.privacy.clean import tokens
from scripts.benchmarks.privacy.values import read_set
from scripts.training import sentry_data
from scripts.training.sentry_data import Example
from tidegate.privacy import gates
from tidegate.privacy.encoder import Encoder
from tidegate.privacy.gates import Least, line_around, situation
from tidegate.privacy.ner import keyed_values, spans
from tidegate.privacy.spans import Span

ROOT = Path(__file__).resolve().parent.parent
SEED = 11
BUDGET = {"PERSON": 0.004, "LOCATION": 0.01, "ORGANIZATION": 0.03}
NEVER = frozenset({gates.Situation.KEYED})  # the field says whose it is
SCARCE = 20.0  # right finds in a situation below which its threshold stays under MODEST: too few to know what is lost
MODEST = 0.6
SURE = frozenset(
    {gates.Situation.CODE, gates.Situation.SMALL_IN_PROSE}
)  # no corpus has names there, and hardly anybody writes them so
FEWEST = 1.0  # false finds that a rise must take away: one at half weight proves nothing
STEPS = tuple(at / 100 for at in range(30, 96, 5))
LANGUAGES = ("de", "es", "fr", "it", "nl", "pl", "pt", "sv")


@dataclass(frozen=True, slots=True)
class Text:
    """A text with its private stretches; `weight` is what a find in it counts."""

    text: str
    private: tuple[tuple[int, int, str], ...]
    group: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Find:
    """One find that passed the rules."""

    label: str
    where: str
    score: float
    right: bool
    weight: float


def _lowered(one: Example, weight: float) -> Iterator[Text]:
    lower = one.text.lower()
    if len(lower) == len(one.text):
        yield Text(lower, one.spans, f"{one.source} in small letters", weight)


def _named(examples: Sequence[Example], small: int) -> Iterator[Text]:
    for number, one in enumerate(examples):
        yield Text(one.text, one.spans, one.source)
        if number < small:
            yield from _lowered(one, 0.5)


def names(shared: Path, part: str, each: int, small: int) -> list[Text]:
    """Text of people with names marked; `part` is dev or test."""
    rng = random.Random(SEED)
    sets = [sentry_data.wikipedia(shared, one, part, rng, each) for one in ("en", "de", "fr", "nl")]
    if part == "dev":
        others = sentry_data.dev(shared, rng)
        sets += [[one for one in others if one.source == source] for source in ("btc", "wnut17")]
    else:
        others_by_name = sentry_data.test(shared, rng)
        sets += [others_by_name[source] for source in ("btc", "wnut17", "ewt", "germeval")]
    return [text for one in sets for text in _named(rng.sample(one, min(each, len(one))), small)]


def calm(shared: Path) -> list[Text]:
    """Development text in which nothing is private: the bench's own, made-up numbers, and what people ask a bank or a house."""
    rng = random.Random(SEED)
    found = [Text(row.text, (), f"own {row.group}", 2.0) for row in clean.rows(SEED, 15)]
    found += [
        Text(one.text, (), "banking77") for one in rng.sample(sentry_data.banking_questions(shared), 80)
    ]
    for one in LANGUAGES:
        said = list(_requests(shared / "nlu/home-assistant-intents/tests" / one))
        found += [Text(text, (), f"requests {one}", 0.5) for text in rng.sample(said, min(30, len(said)))]
    return found


def _requests(folder: Path) -> Iterator[str]:
    """Requests to a house, without those about people, of its tests' YAML: the quoted and plain items of lists."""
    for file in sorted(folder.glob("*.yaml")):
        if "person" not in file.name:
            for match in re.finditer(
                r"^\s+- [\"']?([^\"'\n:{}\[\]|]{8,120})[\"']?$", file.read_text("utf-8"), re.MULTILINE
            ):
                yield match[1]


def finds(texts: Iterable[Text], encoder: Encoder) -> list[Find]:
    """What the encoder says and the rules let through, with the situation of each."""
    settings = encoder.settings
    found = []
    for one in texts:
        raw = spans(one.text, encoder.scan(one.text), settings.tags, settings.entity_threshold)
        keyed = tuple(keyed_values(one.text))
        for span in gates.kept(one.text, raw, keyed, gates.NO_LEAST):
            named = any(start <= span.start < end for start, end in keyed)
            where = situation(span, line_around(one.text, span), keyed=named)
            right = any(start < span.end and span.start < end for start, end, _ in one.private)
            weight = one.weight if right or not one.private else one.weight * 0.3  # corpora miss names too
            found.append(Find(span.label.value, where.value, span.score, right, weight))
    return found


def fit(found: Sequence[Find]) -> dict[str, dict[str, float]]:
    """Thresholds by label and situation, label by label."""
    table: dict[str, dict[str, float]] = {}
    for label, share in BUDGET.items():
        mine = [one for one in found if one.label == label and one.where not in NEVER]
        budget = share * sum(one.weight for one in mine if one.right)
        row = _spend(mine, budget)
        if row:
            table[label] = dict(sorted(row.items()))
    return table


def _spend(found: Sequence[Find], budget: float) -> dict[str, float]:
    """Raise the threshold of one situation after another, always where a lost right find takes the most false ones with it."""
    least: dict[str, float] = {}
    by_place: dict[str, list[Find]] = defaultdict(list)
    for one in found:
        by_place[one.where].append(one)
    while True:
        best = max(_moves(by_place, least, budget), default=None)
        if best is None:
            return least
        _, lost, where, step = best
        least[where] = step
        budget -= lost


def _moves(
    by_place: dict[str, list[Find]], least: dict[str, float], budget: float
) -> Iterator[tuple[float, float, str, float]]:
    """(false finds per right one, right ones lost, where, step) of every rise that the budget allows and that takes something away."""
    for where, inside in by_place.items():
        now = least.get(where, 0.0)
        for step in STEPS:
            cut = [one for one in inside if now <= one.score < step]
            lost = sum(one.weight for one in cut if one.right)
            gone = sum(one.weight for one in cut if not one.right)
            known = sum(one.weight for one in inside if one.right) >= SCARCE or where in SURE
            if step > now and gone >= FEWEST and lost <= budget and (known or step <= MODEST):
                yield gone / (lost + 0.25), lost, where, step


@dataclass
class Tally:
    """Right finds of what there is, and false finds per 1,000 tokens."""

    wanted: int = 0
    met: int = 0
    false: int = 0
    tokens: int = 0


def measure(texts: Iterable[Text], encoder: Encoder, least: Least | None) -> dict[str, Tally]:
    """By group and kind: how many names are touched; by group: finds that touch none. `least` None: without gates at all."""
    settings = encoder.settings
    table: dict[str, Tally] = defaultdict(Tally)
    for one in texts:
        got = spans(
            one.text, encoder.scan(one.text), settings.tags, settings.entity_threshold, settings.minimum
        )
        if least is not None:
            got = tuple(gates.kept(one.text, got, tuple(keyed_values(one.text)), least))
        if not one.private:
            table[one.group].false += len(got)
            table[one.group].tokens += tokens(one.text)
        for start, end, kind in one.private:
            tally = table[f"{one.group} {kind}"]
            tally.wanted += 1
            tally.met += any(_touches(span, start, end) for span in got)
    return dict(table)


def _touches(span: Span, start: int, end: int) -> bool:
    return span.start < end and start < span.end


def show(title: str, texts: Sequence[Text], encoder: Encoder, least: Least) -> None:
    """The encoder alone, with the rules, with the thresholds too; per kind, per group of clean text, and in all."""
    steps = [
        measure(texts, encoder, None),
        measure(texts, encoder, gates.NO_LEAST),
        measure(texts, encoder, least),
    ]
    print(f"\n{title}: encoder alone, with the rules, with the thresholds")
    for kind in ("PER", "LOC", "ORG", "STREET"):
        groups = [name for name in steps[0] if name.endswith(f" {kind}")]
        wanted = sum(steps[0][name].wanted for name in groups)
        shares = " ".join(f"{sum(step[name].met for name in groups) / max(wanted, 1):.3f}" for step in steps)
        print(f"  {kind}: recall {shares} of {wanted}")
    calm_groups = [name for name, tally in steps[0].items() if tally.tokens]
    for name in calm_groups:
        _say(name, [(step[name].false, step[name].tokens) for step in steps])
    totals = [
        (sum(step[n].false for n in calm_groups), sum(step[n].tokens for n in calm_groups)) for step in steps
    ]
    _say("all of these", totals)


def _say(name: str, counts: Sequence[tuple[int, int]]) -> None:
    rates = " ".join(f"{false / max(of, 1) * 1000:6.1f}" for false, of in counts)
    print(f"  {name:28} {rates} false finds per 1,000 of {counts[0][1]} tokens")


def held(shared: Path) -> list[Text]:
    """What nothing was fitted on."""
    texts = names(shared, "test", 120, 40)
    texts += [Text(row.text, (), f"held {row.group}") for row in read_set("clean_held")]
    return texts + [Text(row.text, (), f"numbers {row.group}") for row in clean.made_up(4, 15)]


def write(folder: Path, least: Least) -> None:
    """Put the table into `sentry.json`, and its new digest into SHA256SUMS beside the folder where that names it."""
    path = folder / "sentry.json"
    settings = json.loads(path.read_bytes())
    settings["thresholds"]["least"] = msgspec.to_builtins(least)
    path.write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
    sums = folder.parent / "SHA256SUMS"
    name = f"{folder.name}/{path.name}"
    if sums.is_file():
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        lines = [
            f"{digest}  {name}" if line.endswith(f"  {name}") else line
            for line in sums.read_text().splitlines()
        ]
        sums.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "folders", nargs="*", type=Path, default=[ROOT / "models/sentry", ROOT / "models/sentry-small"]
    )
    parser.add_argument("--write", action="store_true", help="write the table into each folder's sentry.json")
    parser.add_argument(
        "--unseen", action="store_true", help="also measure on what nothing was fitted on (once, at the end)"
    )
    given = parser.parse_args()
    shared = Path(os.environ.get("TIDEGATE_SHARED") or ROOT.parent / "shared") / "data"
    development = [*names(shared, "dev", 150, 60), *calm(shared)]
    for folder in given.folders:
        encoder = Encoder.load(folder)
        least = fit(finds(development, encoder))
        print(f"{folder}\n{json.dumps(least, indent=2)}")
        show("development", development, encoder, least)
        if given.unseen:
            show("held out", held(shared), encoder, least)
        if given.write:
            write(folder, least)
            print(f"written into {folder / 'sentry.json'}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
