"""Public corpora of named entities as text with spans. Reads the shared data folder; nothing here is shipped.

Every reader returns `Example`s whose spans are character offsets. Splits: what trains, what picks the checkpoint
(`dev`) and what is measured once at the end (`test`) never share a sentence.
"""

import json
import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

HELD_OUT = "datafog"  # never trained on, whole
KINDS = ("PER", "LOC", "ORG", "STREET", "ZIP")
_MAP = {
    "PER": "PER",
    "LOC": "LOC",
    "ORG": "ORG",
    "PERSON": "PER",
    "LOCATION": "LOC",
    "CORPORATION": "ORG",
    "GROUP": "ORG",
    "GPE": "LOC",
}
_STREET = re.compile(
    r"(?i)(straße|strasse|straat|\bstreet|\broad|\bavenue|\blane|\bboulevard|\bdrive|\bplatz|gasse|"
    r"allee|laan|gracht|\bplein|^rue |^avenue |^boulevard |^place )$|^(rue|avenue|boulevard) \w"
)


@dataclass(frozen=True, slots=True)
class Example:
    """A text and its private stretches: (start, end, kind)."""

    text: str
    spans: tuple[tuple[int, int, str], ...]
    source: str


def _sentences(lines: Iterable[str], word: int, tag: int, sep: str | None) -> Iterator[list[tuple[str, str]]]:
    rows: list[tuple[str, str]] = []
    for line in lines:
        line = line.rstrip("\n")
        if not line.strip():
            if rows:
                yield rows
            rows = []
            continue
        if line.startswith(("# ", "#\t", "-DOCSTART-")):
            continue
        cells = line.split(sep)
        if len(cells) > max(word, tag):
            rows.append((cells[word], cells[tag]))
    if rows:
        yield rows


_WIKI_NOISE = {"''", "'''", "***", "]]", "[[", "|", "REDIRECT"}  # titles and markup, labelled carelessly
_NO_SPACE_BEFORE = {
    ".",
    ",",
    "!",
    "?",
    ";",
    ":",
    ")",
    "]",
    "}",
    "%",
    "'s",
    "n't",
    "'m",
    "'re",
    "'ve",
    "'ll",
    "'d",
    "''",
}
_NO_SPACE_AFTER = {"(", "[", "{", "$", "#", "``", "@"}


def join(rows: list[tuple[str, str]], source: str, glue: bool) -> Example:
    """One sentence from its tokens; `glue` writes it as people do, without spaces before a comma."""
    text = ""
    spans: list[tuple[int, int, str]] = []
    open_span: tuple[int, str] | None = None
    last_end, previous, quoted = 0, "", False
    for token, tag in rows:
        space = bool(text)
        if glue:
            if token in _NO_SPACE_BEFORE or previous in _NO_SPACE_AFTER or (token == '"' and quoted):
                space = False
            if previous == '"' and quoted:
                space = False
        if token == '"':
            quoted = not quoted
        kind = None if token == "@" else _kind(tag)  # tweets: the sign before a handle is no part of a name
        if open_span and (kind != open_span[1] or tag.startswith("B-")):
            spans.append((open_span[0], last_end, open_span[1]))
            open_span = None
        text += " " * space
        if kind and not open_span:
            open_span = (len(text), kind)
        text += token
        last_end, previous = len(text), token
    if open_span:
        spans.append((open_span[0], last_end, open_span[1]))
    return Example(text, tuple(_streets(text, spans)), source)


def _kind(tag: str) -> str | None:
    return _MAP.get(tag.partition("-")[2].upper()) if "-" in tag and tag != "-" else None


def _streets(text: str, spans: list[tuple[int, int, str]]) -> Iterator[tuple[int, int, str]]:
    for start, end, kind in spans:
        yield (start, end, "STREET" if kind == "LOC" and _STREET.search(text[start:end]) else kind)


def _read(
    path: Path, source: str, rng: random.Random, word: int = 0, tag: int = -1, sep: str | None = None
) -> list[Example]:
    with path.open(encoding="utf-8", errors="replace") as lines:
        return [join(rows, source, rng.random() < 0.8) for rows in _sentences(lines, word, tag, sep)]


def _wikiann(path: Path, rng: random.Random, count: int) -> list[Example]:
    language = path.name.split("__")[1]
    with path.open(encoding="utf-8") as lines:
        cut = (line.partition(":")[2] if ":" in line else line for line in lines)
        rows = [
            r for r in _sentences(cut, 0, 1, "\t") if len(r) >= 6 and not any(w in _WIKI_NOISE for w, _ in r)
        ]
    rng.shuffle(rows)
    return [join(r, f"wikiann-{language}", rng.random() < 0.8) for r in rows[:count]]


_SLURP = re.compile(r"\[(\w+) : ([^\]]+)\]")
_SLURP_KINDS = {"person": "PER", "place_name": "LOC", "business_name": "ORG"}


def _slurp(path: Path) -> list[Example]:
    return [
        annotated(json.loads(line)["sentence_annotation"], "slurp") for line in path.open(encoding="utf-8")
    ]


def annotated(marked: str, source: str) -> Example:
    """An utterance with marks as in "[person : anna]", as text with spans."""
    text, spans, at = "", [], 0
    for match in _SLURP.finditer(marked):
        text += marked[at : match.start()]
        value = match[2].strip()
        if kind := _SLURP_KINDS.get(match[1]):
            spans.append((len(text), len(text) + len(value), kind))
        text += value
        at = match.end()
    return Example(text + marked[at:], tuple(spans), source)


def train(shared: Path, rng: random.Random) -> list[Example]:
    """All training sentences."""
    pii = shared / "pii"
    found = _read(pii / "broad-twitter-corpus/train_dev_test_conll__btc.train", "btc", rng)
    found += _read(pii / "wnut17/wnut17train.conll", "wnut17", rng)
    found += _read(pii / "uner-english-ewt/en_ewt-ud-dev.iob2", "ewt", rng, 1, 2, "\t") * 2
    found += _read(pii / "germeval2014/GermEval2014__NER-de-dev.tsv", "germeval", rng, 1, 2, "\t") * 2
    found += [e for e in _read(pii / "sec-filings/FIN5.txt", "sec", rng) if e.spans or rng.random() < 0.3]
    for language, count in (("en", 4500), ("de", 3000), ("fr", 2000), ("nl", 2000)):
        found += _wikiann(pii / f"wikiann/WikiANN__{language}__train", rng, count)
    found += _slurp(shared / "nlu/slurp/devel.jsonl")
    return [e for e in found if len(e.text) > 3]


def wikigold(shared: Path, rng: random.Random) -> list[Example]:
    """Wikipedia sentences labelled by hand. Nothing of it trains any more; an older stage of the shipped weights read the first 85 %."""
    return _read(shared / "pii/wikigold/wikigold.conll.txt", "wikigold", rng)


def dev(shared: Path, rng: random.Random) -> list[Example]:
    """What picks the checkpoint and the thresholds."""
    pii = shared / "pii"
    return (
        _read(pii / "broad-twitter-corpus/train_dev_test_conll__btc.dev", "btc", rng)[:500]
        + _read(pii / "wnut17/emerging.dev.conll", "wnut17", rng)[:400]
        + _wikiann(pii / "wikiann/WikiANN__en__dev", rng, 300)
        + _wikiann(pii / "wikiann/WikiANN__de__dev", rng, 300)
    )


def wikipedia(shared: Path, language: str, part: str, rng: random.Random, count: int) -> list[Example]:
    """Sentences of one language (en, de, fr, nl) and one part (train, dev, test)."""
    return _wikiann(shared / f"pii/wikiann/WikiANN__{language}__{part}", rng, count)


def test(shared: Path, rng: random.Random) -> dict[str, list[Example]]:
    """Held out by source; read once, after training."""
    pii = shared / "pii"
    sets = {
        "btc": _read(pii / "broad-twitter-corpus/train_dev_test_conll__btc.test", "btc", rng),
        "wnut17": _read(pii / "wnut17/emerging.test.annotated", "wnut17", rng),
        "ewt": _read(pii / "uner-english-ewt/en_ewt-ud-test.iob2", "ewt", rng, 1, 2, "\t"),
        "germeval": _read(pii / "germeval2014/GermEval2014__NER-de-test.tsv", "germeval", rng, 1, 2, "\t")[
            :1500
        ],
        "wikigold": (gold := wikigold(shared, rng))[
            len(gold) * 85 // 100 :
        ],  # whole articles no stage has read
        "sec": _read(pii / "sec-filings/FIN3.txt", "sec", rng),
    }
    sets["datafog"] = _datafog(pii / "datafog-corpus")
    for language in ("en", "de", "fr", "nl"):
        sets[f"wikiann-{language}"] = _wikiann(pii / f"wikiann/WikiANN__{language}__test", rng, 1000)
    return sets


def _datafog(folder: Path) -> list[Example]:
    """Hand-written cases of another project: held out whole, too few to decide anything."""
    found = []
    for name in ("unstructured_pii", "mixed_pii", "negative_cases"):
        for case in json.loads((folder / f"{name}.json").read_text(encoding="utf-8")):
            spans = [
                (entity["start"], entity["end"], _MAP[entity["type"]])
                for entity in case["expected_entities"]
                if entity["type"] in ("PERSON", "LOCATION")
            ]
            found.append(Example(case["input"], tuple(spans), "datafog"))
    return found


def banking_questions(shared: Path) -> list[Example]:
    """Customer questions without names: what must stay unmarked."""
    import csv

    with (shared / "nlu/banking77/train.csv").open(encoding="utf-8", newline="") as lines:
        texts = [row["text"].strip() for row in csv.DictReader(lines)]
    places = re.compile(
        r"(?i)\b(us|usa|uk|europe|eu|france|spain|london|china|america|australia|germany|apple|google)\b"
    )
    return [Example(text, (), "banking77") for text in texts if not places.search(text)]
