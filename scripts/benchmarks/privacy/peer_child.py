"""Runs inside the environment of the peers, never in the project's: one JSON request per line in, one JSON answer per line out.

    build/peers/bin/python scripts/benchmarks/privacy/peer_child.py presidio|datafog|scrubadub|faker|scorer

What a library prints goes to the error stream. Nothing here reaches a network: no telemetry, no public-suffix download, no hub.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Any

os.environ.update(
    DATAFOG_NO_TELEMETRY="1", DO_NOT_TRACK="1", HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false"
)

Found = list[tuple[int, int, str, float]]
Finder = Callable[[str], Found]
BATCH = 64


def presidio() -> Finder:
    """Its predefined English recognisers on a blank spaCy pipeline: patterns, checksums and context words, no name model."""
    import spacy
    import tldextract
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    tldextract.extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)

    class Blank(SpacyNlpEngine):
        def __init__(self) -> None:
            super().__init__(models=[{"lang_code": "en", "model_name": "blank"}])
            self.nlp = {"en": spacy.blank("en")}

        def load(self) -> None:
            """Nothing to load."""

    registry = RecognizerRegistry()
    registry.load_predefined_recognizers(languages=["en"])
    engine = AnalyzerEngine(registry=registry, nlp_engine=Blank(), supported_languages=["en"])
    return lambda text: [
        (one.start, one.end, one.entity_type, float(one.score)) for one in engine.analyze(text, "en")
    ]


def datafog() -> Finder:
    """Its regular expressions, the engine that its own speed claims are about."""
    from datafog.engine import scan

    return lambda text: [
        (one.start, one.end, one.type, float(one.confidence))
        for one in scan(text, engine="regex").entities
        if one.start is not None and one.end is not None
    ]


def scrubadub() -> Finder:
    """Its default detectors."""
    import scrubadub as library

    scrubber = library.Scrubber()
    return lambda text: [(one.beg, one.end, one.type, 1.0) for one in scrubber.iter_filth(text)]


PACKAGES = {
    "presidio": "presidio-analyzer",
    "datafog": "datafog",
    "scrubadub": "scrubadub",
    "faker": "faker",
    "scorer": "presidio-evaluator",
}


def found_in(finder: Finder, texts: list[str]) -> list[Found | None]:
    """None where the finder fails on a text."""
    every: list[Found | None] = []
    for text in texts:
        try:
            every.append(finder(text))
        except Exception as error:  # noqa: BLE001  # it has found nothing in this text, and that is counted
            print(f"failed on a text of {len(text)} characters: {type(error).__name__}", file=sys.stderr)
            every.append(None)
    return every


def timed(finder: Finder, texts: list[str]) -> dict[str, float]:
    """CPU and wall seconds of one pass over all texts."""
    wall, cpu = time.perf_counter(), time.process_time()
    for text in texts:
        finder(text)
    return {"cpu_s": time.process_time() - cpu, "wall_s": time.perf_counter() - wall}


def values(wanted: list[dict[str, Any]], seed: int) -> dict[str, list[str]]:
    """Values by Faker: for each {key, provider, locales, count, arguments}, in the order asked."""
    from faker import Faker

    made: dict[str, list[str]] = {}
    for number, one in enumerate(wanted):
        faker = Faker(one["locales"])
        faker.seed_instance(seed * 1000 + number)
        provide = getattr(faker, one["provider"])
        made[one["key"]] = [
            str(provide(**one.get("arguments", {}))).replace("\n", ", ") for _ in range(one["count"])
        ]
    return made


def their_set(count: int, seed: int) -> list[dict[str, Any]]:
    """Sentences by presidio-evaluator's own generator from the templates and names in its package."""
    import numpy as np
    from presidio_evaluator.data_generator.faker_extensions.datasets import load_fake_person_df
    from presidio_evaluator.data_generator.presidio_sentence_faker import PresidioSentenceFaker

    random.seed(seed)  # the names are drawn while the data frame loads, before the generator seeds itself
    np.random.seed(seed)
    generator = PresidioSentenceFaker(
        "en_US", lower_case_ratio=0.05, base_records=load_fake_person_df(), random_seed=seed
    )
    return [
        {
            "text": one.full_text,
            "marks": [(span.start_position, span.end_position, span.entity_type) for span in one.spans],
        }
        for one in generator.generate_new_fake_sentences(count)
    ]


def score(rows: list[dict[str, Any]], iou: float, beta: float) -> dict[str, Any]:
    """presidio-evaluator's SpanEvaluator over rows of {text, wanted, found}; marks are [start, end, label, score]."""
    import pandas as pd
    from presidio_evaluator.evaluation import SpanEvaluator

    frame = pd.DataFrame(list(_tokens(rows)))
    evaluator = SpanEvaluator(iou_threshold=iou)
    whole = evaluator.calculate_score_on_df(frame, beta=beta)
    per_row: list[list[int]] = [[0, 0, 0] for _ in rows]
    for number, sentence in frame.groupby("sentence_id"):
        one = evaluator.calculate_score_on_df(sentence, beta=beta, level="pii")
        per_row[number] = [one.pii_true_positives or 0, one.pii_predicted or 0, one.pii_annotated or 0]
    return {
        "precision": float(whole.pii_precision),
        "recall": float(whole.pii_recall),
        "f": float(whole.pii_f),
        "per_row": per_row,
        "per_type": {
            label: [int(one.true_positives), int(one.num_predicted), int(one.num_annotated)]
            for label, one in whole.per_type.items()
        },
    }


def _tokens(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    import spacy
    from presidio_evaluator import span_to_tag

    blank = spacy.blank("en")
    for number, row in enumerate(rows):
        tokens = blank(row["text"])
        tags = []
        for marks in (row["wanted"], row["found"]):
            starts, ends, labels, scores = ([mark[at] for mark in marks] for at in range(4))
            tags.append(span_to_tag("IO", row["text"], starts, ends, labels, scores, tokens))
        for token, wanted, found in zip(tokens, *tags, strict=True):
            yield {
                "sentence_id": number,
                "token": token.text,
                "start_indices": token.idx,
                "annotation": wanted,
                "prediction": found,
            }


def answer(request: dict[str, Any], finder: Finder | None, package: str) -> Any:
    match request["op"]:
        case "version":
            return version(package)
        case "find" if finder is not None:
            return found_in(finder, request["texts"])
        case "time" if finder is not None:
            return timed(finder, request["texts"])
        case "values":
            return values(request["wanted"], request["seed"])
        case "their_set":
            return their_set(request["count"], request["seed"])
        case "score":
            return score(request["rows"], request["iou"], request["beta"])
        case other:
            raise ValueError(f"unknown request {other!r}")


def main(name: str) -> None:
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # a library that prints must not speak into the protocol
    makers: dict[str, Callable[[], Finder]] = {
        "presidio": presidio,
        "datafog": datafog,
        "scrubadub": scrubadub,
    }
    finder = makers[name]() if name in makers else None
    for line in sys.stdin:
        try:
            reply: dict[str, Any] = {"ok": answer(json.loads(line), finder, PACKAGES[name])}
        except Exception as error:  # noqa: BLE001  # the other side decides what a failed request means
            reply = {"error": f"{type(error).__name__}: {error}"}
        out.write(json.dumps(reply) + "\n")
        out.flush()


if __name__ == "__main__":
    main(sys.argv[1])
