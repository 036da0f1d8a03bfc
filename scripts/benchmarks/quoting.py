"""Does the cloud quote the right sentence? XQuAD English: 1,190 questions, the sentences of all 240 contexts as one library.

    scripts/bench quoting [--fit] [--json FILE]

Every second article is for fitting (weights, threshold), the others are measured. Beside ours: BM25 over sentences, once with the
stems of `cloud.knowledge.words`, once SQLite's own (FTS5, porter), and each half of ours alone. Intervals: 2,000 bootstrap samples
over whole articles, the same ones for every row. Right: the one sentence that holds the marked answer. Data: `TIDEGATE_SHARED` or
../shared; vectors are made once (minutes) and kept in the cache.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from cloud.knowledge.ingest import Section
from cloud.knowledge.meaning import Meaning
from cloud.knowledge.rank import FITTED, Corpus, Weights
from cloud.knowledge.words import WordIndex
from scripts.benchmarks.real_input import machine
from tidegate.assets import cache_dir
from tidegate.engines.embedder import Embedder, shipped
from tidegate.models.recipe import read_recipe

Scores = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Vectors = npt.NDArray[np.float32]
SAMPLES = 2_000
TIMED = 60
COLUMNS = ("sentence @1", "sentence @3", "context @1", "@1 gained on our BM25")
FALSE_ANSWERS = 0.05  # of the fitting half's questions, asked without their article


@dataclass(frozen=True, slots=True)
class Question:
    article: int
    text: str
    section: int
    sentence: int  # -1: the answer crosses a boundary of ours, so nothing is right


@dataclass(frozen=True, slots=True)
class Row:
    """One way of ranking: scores of every sentence (questions x sentences) and of every context."""

    name: str
    sentences: Scores
    sections: Scores


def shared() -> Path:
    return Path(os.environ.get("TIDEGATE_SHARED") or Path(__file__).parents[3] / "shared")


def read(path: Path) -> tuple[Corpus, list[int], list[Question]]:
    """(the library, the article of each section, the questions)."""
    articles = json.loads(path.read_bytes())["data"]
    sections: list[Section] = []
    owner: list[int] = []
    asked: list[tuple[int, str, int, int]] = []
    for number, article in enumerate(articles):
        for context in article["paragraphs"]:
            asked += [
                (number, one["question"], len(sections), one["answers"][0]["answer_start"])
                for one in context["qas"]
            ]
            title = article["title"].replace("_", " ")
            sections.append(Section(f"{article['title']}.md", title, context["context"]))
            owner.append(number)
    corpus = Corpus(sections)
    return corpus, owner, [Question(a, q, s, sentence_at(corpus, s, at)) for a, q, s, at in asked]


def sentence_at(corpus: Corpus, section: int, at: int) -> int:
    """The number of the sentence that holds character `at` of a section; -1 when none does."""
    end = 0
    for number, sentence in enumerate(corpus.sentences):
        if sentence.section == section:
            start = corpus.sections[section].text.index(sentence.text, end)
            end = start + len(sentence.text)
            if start <= at < end:
                return number
    return -1


def vectors(embedder: Embedder, questions: Sequence[Question], file: Path) -> Vectors:
    """One row per question; kept in `file` beside the weights' hash, since 1,190 of them take half a minute."""
    name = read_recipe().weights_sha256
    with contextlib.suppress(OSError, ValueError, KeyError), np.load(file, allow_pickle=False) as kept:
        if str(kept["name"]) == name and len(kept["rows"]) == len(questions):
            found: Vectors = kept["rows"]
            return found
    made = embedder.embed([one.text for one in questions])
    file.parent.mkdir(parents=True, exist_ok=True)
    np.savez(file, name=np.array(name), rows=made)
    return made


def parts(corpus: Corpus, meaning: Meaning, questions: Sequence[Question], asked: Vectors) -> Scores:
    """questions x sentences x 4."""
    found = []
    for one, vector in zip(questions, asked, strict=True):
        near = meaning.near(vector)
        if near is None:
            raise SystemExit("the vectors could not be made")
        found.append(np.array(corpus.parts(one.text, *near), dtype=np.float32))
    return np.array(found)


def timed(corpus: Corpus, meaning: Meaning, questions: Sequence[Question], weights: Weights) -> list[float]:
    """Milliseconds from a question to its quotes, one question after another."""
    took = []
    for one in questions:
        began = time.perf_counter()
        near = meaning.cosines(one.text)
        if near is not None:
            corpus.answer(
                [weights.total(four) for four in corpus.parts(one.text, *near)], most=4, weights=weights
            )
        took.append((time.perf_counter() - began) * 1e3)
    return took


def fts5(texts: Sequence[str], questions: Sequence[Question]) -> Scores:
    """SQLite's bm25 with porter stems; texts that share no word get 0."""
    import re
    import sqlite3

    found = np.zeros((len(questions), len(texts)))
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE t USING fts5(body, tokenize='porter unicode61')")
    database.executemany("INSERT INTO t(rowid, body) VALUES (?, ?)", enumerate(texts, 1))
    for at, one in enumerate(questions):
        words = " OR ".join(f'"{word}"' for word in re.findall(r"\w+", one.text))
        for row, score in database.execute("SELECT rowid, -bm25(t) FROM t WHERE t MATCH ?", (words,)):
            found[at, row - 1] = score
    return found


def summed(four: Scores, weights: Weights) -> Scores:
    total: Scores = four @ np.array(
        [weights.sentence_words, weights.section_words, weights.sentence_meaning, weights.section_meaning]
    )
    return total


def rows(corpus: Corpus, questions: Sequence[Question], four: Scores, weights: Weights) -> list[Row]:
    own = np.array([sentence.section for sentence in corpus.sentences])
    firsts = np.searchsorted(own, np.arange(len(corpus.sections)))
    sentences = [sentence.text for sentence in corpus.sentences]
    sections = [section.text for section in corpus.sections]
    ours = summed(four, weights)
    by_words, in_sections = WordIndex(sentences), WordIndex(sections)

    def plain(index: WordIndex) -> Scores:
        return np.array([index.scores(one.text) for one in questions])

    return [
        Row("BM25 (SQLite FTS5)", fts5(sentences, questions), fts5(sections, questions)),
        Row("BM25 (our stems)", plain(by_words), plain(in_sections)),
        Row("embedder alone", four[:, :, 2], four[:, firsts, 3]),
        Row("ours", ours, np.maximum.reduceat(ours, firsts, axis=1)),
    ]


def placed(scores: Scores, right: npt.NDArray[np.int64], most: int) -> Flags:
    """Whether the right one is among the first `most`; ties count against it."""
    rank = (scores >= np.take_along_axis(scores, np.maximum(right, 0)[:, None], axis=1)).sum(axis=1)
    found: Flags = (rank <= most) & (right >= 0)
    return found


def fit(four: Scores, right: npt.NDArray[np.int64], rounds: int = 200, most: int = 40) -> Weights:
    """Conditional logit (McFadden 1974) over each question's `most` likeliest sentences; one small penalty, no dice."""
    start = four @ np.array([5.0, 5.0, 5.0, 10.0])
    keep = np.argsort(-start, axis=1, kind="stable")[:, :most]
    hit = keep == right[:, None]
    usable = hit.any(axis=1)
    x = np.take_along_axis(four, keep[:, :, None], axis=1)[usable]
    gold = hit[usable].argmax(axis=1)
    spread = x.std(axis=(0, 1))
    x = (x - x.mean(axis=(0, 1))) / spread
    weights, speed = np.zeros(4), np.zeros(4)
    best = x[np.arange(len(gold)), gold].mean(axis=0)
    for _ in range(rounds):
        odds = np.exp(x @ weights - (x @ weights).max(axis=1, keepdims=True))
        expected = np.einsum("ij,ijk->k", odds / odds.sum(axis=1, keepdims=True), x) / len(gold)
        speed = 0.9 * speed + best - expected - 1e-3 * weights
        weights = weights + 0.15 * speed
    found = [round(float(value), 2) for value in weights / spread]
    return Weights(found[0], found[1], found[2], found[3], least=0.0)


def tops(
    scores: Scores, owner: Sequence[int], corpus: Corpus, questions: Sequence[Question]
) -> tuple[Scores, Scores, Scores]:
    """The best score of every question: with the whole library, without its article, without its own context alone."""
    section = np.array([sentence.section for sentence in corpus.sentences])
    article = np.array(owner)[section]
    own = article[None, :] == np.array([one.article for one in questions])[:, None]
    context = section[None, :] == np.array([one.section for one in questions])[:, None]
    left = [np.where(out, -np.inf, scores).max(axis=1) for out in (own, context)]
    return scores.max(axis=1), left[0], left[1]


def auroc(good: Scores, bad: Scores) -> float:
    order = np.argsort(np.concatenate([good, bad]), kind="stable")
    rank = np.empty(len(order))
    rank[order] = np.arange(1, len(order) + 1)
    return float((rank[: len(good)].sum() - len(good) * (len(good) + 1) / 2) / (len(good) * len(bad)))


def interval(
    measure: Callable[[npt.NDArray[np.int64]], float], articles: npt.NDArray[np.int64]
) -> tuple[float, float, float]:
    """(value, 2.5 %, 97.5 %) of `measure` over resampled articles; it is given the numbers of the questions."""
    dice = np.random.default_rng(7)
    names = np.unique(articles)
    members = {name: np.flatnonzero(articles == name) for name in names}
    drawn = [
        measure(np.concatenate([members[name] for name in dice.choice(names, len(names))]))
        for _ in range(SAMPLES)
    ]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return measure(np.arange(len(articles))), float(low), float(high)


def shown(value: tuple[float, float, float], scale: float = 100.0) -> str:
    return f"{value[0] * scale:.1f} [{value[1] * scale:.1f}, {value[2] * scale:.1f}]"


def mean_of(flags: Flags) -> Callable[[npt.NDArray[np.int64]], float]:
    return lambda at: float(flags[at].mean())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--fit", action="store_true", help="fit on the first half and measure with that")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    corpus, owner, questions = read(shared() / "data/qa/xquad/xquad.en.json")
    embedder = shipped()
    kept_in = cache_dir() / "bench"
    meaning = Meaning(corpus, lambda: embedder, read_recipe().weights_sha256, kept_in / "quoting.npz")
    meaning.prepare()
    four = parts(corpus, meaning, questions, vectors(embedder, questions, kept_in / "questions.npz"))
    articles = np.array([one.article for one in questions])
    right = np.array([one.sentence for one in questions])
    section = np.array([one.section for one in questions])
    first, second = articles % 2 == 0, articles % 2 == 1
    weights = FITTED
    if given.fit:
        weights = fit(four[first], right[first])
        _, without, _ = tops(summed(four, weights), owner, corpus, questions)
        least = round(float(np.quantile(without[first], 1 - FALSE_ANSWERS)), 2)
        weights = replace(weights, least=least)
    found = rows(corpus, questions, four, weights)
    table = Table("ranked by", *COLUMNS, title="% [95 %], second half of the articles")
    base = placed(found[1].sentences, right, 1)
    told: dict[str, object] = {"weights": str(weights), "questions": int(second.sum()), "rows": {}}
    kept: dict[str, object] = {}
    for row in found:
        at1, at3 = (placed(row.sentences, right, most) for most in (1, 3))
        gained = at1.astype(float) - base
        cells = [
            interval(mean_of(flags[second]), articles[second])
            for flags in (at1, at3, placed(row.sections, section, 1))
        ]
        cells.append(interval(lambda at, g=gained[second]: float(g[at].mean()), articles[second]))  # type: ignore[misc]
        kept[row.name] = dict(zip(COLUMNS, cells, strict=True))
        table.add_row(row.name, *map(shown, cells))
    told["rows"] = kept
    with_it, without, near = tops(found[-1].sentences, owner, corpus, questions)
    at1 = placed(found[-1].sentences, right, 1)
    answered, false = (with_it >= weights.least), (without >= weights.least)
    told["abstention"] = {
        "auroc": auroc(with_it[second], without[second]),
        "answered": interval(mean_of(answered[second]), articles[second]),
        "right_of_answered": float(at1[second & answered].mean()),
        "false_answers": interval(mean_of(false[second]), articles[second]),
        "false_answers_from_the_same_article": interval(
            mean_of((near >= weights.least)[second]), articles[second]
        ),
        "auroc_same_article": auroc(with_it[second], near[second]),
    }
    took = timed(corpus, meaning, questions[:: len(questions) // TIMED], weights)
    told["ms_per_question"] = [round(float(at), 1) for at in np.quantile(took, [0.5, 0.95])]
    told["machine"] = machine()
    console = Console()
    console.print(table)
    console.print_json(json.dumps(told))
    if given.json is not None:
        given.json.write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
