"""The card of the sentry, written from measured facts alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scripts.training.sentry_eval import Count, wilson

_HEAD = """# Sentry: private words and prompt injection in one pass

An int8 ONNX encoder ({size:.1f} MB): the first {layers} layers of MiniLM-L6-H384-uncased as fine-tuned in
`all-MiniLM-L6-v2` (Apache-2.0), with case and spacing given back as features, a tag head (person, place, organisation,
street address, postal code) and an injection head. One text per pass, {window} pieces per window, overlap {overlap}.

Trained by `scripts/train sentry` with seed {seed}, {steps} steps of {batch} sentences, on a CPU. English first; German, French and
Dutch as far as the data carries.

## For what, and for what not

For finding names, addresses, places and organisations before text leaves a device, beside patterns that find everything
with a format; and as a triage signal for prompt injection. It is no proof that a text holds nothing private, and its
injection score is no defence against somebody who tries: policy on actions and checks on answers are.

## Numbers

`selftest.json` freezes what these weights answer; the loader refuses to run on a machine that computes something else.
Against the trainer's float weights on {pieces} pieces: same best tag {same:.2%}, mean difference of the probability {mean:.4f}.
Weights use 7 of 8 bits so that CPUs without VNNI, which add two products in 16 bits, cannot saturate.

One window of {window} pieces on one thread of a busy two-core AVX2 machine (no VNNI, both cores shared): median {p50:.0f} ms of
CPU time, 99th percentile {p99:.0f} ms. Loading it and reading a page adds {memory:.0f} MB to a fresh process, onnxruntime
and numpy included.

### Entities on held-out text: exact boundaries and type

`touched` counts a private stretch as found when all its letters lie under any label: what redaction needs.
Organisers' test splits (of Wikigold the last 15 %), at most 400 sentences of each. Thresholds were chosen on development splits.
These figures were read twice: after a first run of 485 steps, which made us train longer and on more real sentences, and at the end.

"""

_TAIL = """
## Known failures

- Names that are ordinary words in lower case ("will", "rose"), one-word names without context, names glued to other letters.
- Organisations and places are much weaker than persons and streets; WikiANN's labels are machine-made and disagree with the others.
- Streets were learnt from made-up text in the formats of five countries; other formats are found by luck.
- Languages other than English, German, French and Dutch; scripts other than Latin.
- Free writing tasks ("write a story about a dragon", "act as a terminal") score high: see HaluEval above.
- Attacks that read as ordinary requests, role play without an order, and languages without training attacks.
- A run of more than 100 letters without a break is one unknown word: nothing inside it is found.

## Data and licences

Weights are a derived work of the trunk (Apache-2.0) and were trained on: Broad Twitter Corpus (CC BY 4.0), WNUT-17 emerging
entities (CC BY 4.0), Wikigold (CC BY 4.0), UNER English-EWT dev (CC BY-SA 4.0), GermEval 2014 dev (CC BY 4.0), SEC filings NER (CC BY 3.0),
WikiANN train en/de/fr/nl (ODC-BY, text CC BY-SA 3.0; licence not stated by the repository it was taken from), SLURP dev (CC BY 4.0), name and
street lists of German LER (CC BY 4.0), Banking77, CLINC150, HWU64 (CC BY 3.0/4.0), XQuAD (CC BY-SA 4.0), HaluEval (MIT), Giskard prompt
injections (MIT), BIPIA (MIT; its tables CC BY-SA 4.0), CyberSecEval prompt injection (MIT), JailbreakLLMs (MIT), notinject expanded (MIT),
and text made by `scripts/training/sentry_synth.py` and `sentry_inject.py`. Held out whole and never trained on: {held_out}.
No template of presidio-research was used.
"""


@dataclass(frozen=True)
class Facts:
    """What was measured."""

    tables: Mapping[str, Mapping[str, Count]]
    planted: Mapping[str, Count]
    proof: Mapping[str, float]
    latency: tuple[float, float]
    held: tuple[int, int, int, float]
    held_at: tuple[tuple[str, int, int], ...]
    benign: Mapping[str, tuple[int, int, int]]
    settings: Mapping[str, Any]
    size: int
    memory: float


def card(facts: Facts) -> str:
    """The whole page."""
    training = facts.settings["training"]
    text = _HEAD.format(
        size=facts.size / 1e6,
        layers=training["layers"],
        window=facts.settings["window"],
        overlap=facts.settings["overlap"],
        seed=training["seed"],
        steps=training["steps"],
        batch=training["batch"],
        pieces=int(facts.proof["pieces"]),
        same=facts.proof["same_tag"],
        mean=facts.proof["mean"],
        p50=facts.latency[0],
        p99=facts.latency[1],
        memory=facts.memory,
    )
    text += "| source | type | P | R | F1 | n |\n|---|---|---|---|---|---|\n"
    for source, counts in facts.tables.items():
        for kind in ("PERSON", "LOCATION", "ORGANIZATION"):
            if kind in counts:
                text += f"| {source} | {kind} | {counts[kind].row()} |\n"
        touched = counts.get("touched", Count())
        text += (
            f"| {source} | touched | | {touched.right / max(touched.wanted, 1):.3f} | | {touched.wanted} |\n"
        )
    text += (
        "\n### Made-up prose, JSON and log lines: wholly covered\n\n"
        "The sentence forms are those of training. Names, streets and towns come from a tenth of the public lists that training\n"
        "never saw, and in part (40 % of first names, 25 % of surnames, half of the towns, street words) from short lists it did see.\n\n"
        "| what | covered | n | 95 % interval |\n|---|---|---|---|\n"
    )
    for key, count in sorted(facts.planted.items()):
        low, high = wilson(count.right, count.wanted)
        text += (
            f"| {key} | {count.right / max(count.wanted, 1):.3f} | {count.wanted} | {low:.3f}-{high:.3f} |\n"
        )
    return text + _injection(facts) + _TAIL.format(held_out="deepset prompt-injections (Apache-2.0)")


def _injection(facts: Facts) -> str:
    hits, attacks, calm, cut = facts.held
    low, high = wilson(hits, attacks)
    limits = facts.settings["thresholds"]
    text = (
        f"\n### Prompt injection\n\nHeld out whole (deepset prompt-injections, English and German, {attacks} attacks, {calm} benign): "
        f"recall {hits / attacks:.3f} (95 % {low:.3f}-{high:.3f}) at 1 % false positives of its own benign texts (score {cut:.3f}).\n\n"
        f"Thresholds, chosen on other held-out benign texts: suspect {limits['suspect']} (the score 2 % of them reach, at most 0.9), attack "
        f"{limits['attack']} (0.5 %).\n\n| threshold | recall on the held-out source | its false positives |\n|---|---|---|\n"
    )
    for name, caught, wrong in facts.held_at:
        text += f"| {name} | {caught / attacks:.3f} | {wrong / calm:.3f} |\n"
    text += "\n| benign source (held-out part) | suspect or worse | attack | n |\n|---|---|---|---|\n"
    for name, (suspect, attack, of) in sorted(facts.benign.items()):
        text += f"| {name} | {suspect / max(of, 1):.3f} | {attack / max(of, 1):.3f} | {of} |\n"
    return text
