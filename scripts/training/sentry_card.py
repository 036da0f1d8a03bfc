"""The card of a sentry, written from measured facts alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scripts.evaluation.intervals import wilson
from scripts.training.sentry_data import HELD_OUT
from scripts.training.sentry_eval import Count, Rows, f1_interval, summed
from scripts.training.sentry_topics_eval import SubjectFacts

_FULL = """# Sentry: private words, prompt injection, domain and complexity in one pass

An int8 ONNX encoder ({size:.2f} MB): the first {layers} layers of MiniLM-L6-H384-uncased as fine-tuned in
`all-MiniLM-L6-v2` (Apache-2.0), with case and spacing given back as features. On this one trunk sit a tag head (person, place,
organisation, street address, postal code), an injection head, a domain head (14 domains) and two signs of complexity. One text per
pass, {window} pieces per window, overlap {overlap}.

Trained by `scripts/train sentry` on a fraction of one CPU core: {stages}. Then the domain
and complexity heads alone, on the frozen trunk. English first; German, French and Dutch as far as the data carries.
{control}"""
_SMALL = """# Small sentry: the sentry's verdicts in a quarter of the time

An int8 ONNX encoder ({size:.2f} MB) distilled from a full sentry: {layers} of its layers, of each {heads} of 12 attention heads and {inner} of 1536
inner neurons, word vectors of {parts} bytes out of a code book instead of 384, the same heads, the same inputs, its own thresholds and
self-test. {reads} Chosen by `encoder = "small"` under `[policy]`; for devices where memory and milliseconds count more than recall. One text
per pass, {window} pieces per window, overlap {overlap}.

Trained on a fraction of one CPU core, {steps} steps of {batch} texts, by
`{command}`.
It learnt the teacher's probabilities and hidden states beside the labels, so everything its teacher saw counts as its data too.{teacher}
"""
_JOINED = "Its layers read words: the pieces of a word are summed, each place in a word with weights of its own, and share one vector."
_USE = """
## For what, and for what not

For finding names, addresses, places and organisations before text leaves a device, beside patterns that find everything
with a format; and as a triage signal for prompt injection. It is no proof that a text holds nothing private, and its
injection score is no defence against somebody who tries: policy on actions and checks on answers are. Domain and complexity are hints
for routing and nothing more.

## Numbers

`selftest.json` freezes what these weights answer; the loader refuses to run on a machine, or with a provider of onnxruntime, that
computes something else.
Against the trainer's float weights on {pieces} pieces: same best tag {same:.2%}, mean difference of the probability {mean:.4f}; the float
graph equals the trainer within 0.001. Weights use 7 of 8 bits so that CPUs without VNNI, which add two products in 16 bits, cannot saturate.

One full window of {window} pieces on one thread of a busy shared AVX2 machine with 128-bit units (where int8 is no faster than float):
median {p50:.0f} ms of CPU time, 99th percentile {p99:.0f} ms. See `docs/privacy.md` for the ratio to a plain MiniLM. Loading it
and reading a page adds {memory:.0f} MB to a fresh process, onnxruntime and numpy included.

### Entities on held-out text: exact boundaries and type

`touched` counts a private stretch as found when all its letters lie under any label: what redaction needs. **{held_out}** (hand-written
cases of another project) was held out whole; it is too small to decide anything. Of the others these are the organisers' test splits (of Wikigold the last
15 %, whole articles that no stage read), at most {most} sentences of each. Thresholds were chosen on development splits. Intervals: 95 %, sentences drawn with replacement.

"""
_TAIL = """
## Known failures

- Names that are ordinary words in lower case ("will", "rose"), one-word names without context, names glued to other letters.
- Organisations and places are much weaker than persons and streets; WikiANN's labels are machine-made and disagree with the others.
- Addresses were learnt from made-up text in the formats of some dozen countries; other formats are found by luck.
- Languages other than English, German, French and Dutch; scripts other than Latin. The vocabulary is English: German compounds fall apart.
- Free writing tasks ("write a story about a dragon", "act as a terminal") score high: see HaluEval above.
- Attacks that read as ordinary requests, role play without an order, and languages without training attacks.
- A run of more than 100 letters without a break is one unknown word: nothing inside it is found.
- Domains were learnt from English; two requests in one text were joined by us, not by people.

What would help: more steps (the tag loss was still falling), entity data in German, French and Dutch that people labelled, requests with two wishes from real users.

## Data and licences

Weights are a derived work of the trunk (Apache-2.0) and were trained on: Broad Twitter Corpus (CC BY 4.0), WNUT-17 emerging
entities (CC BY 4.0), UNER English-EWT dev (CC BY-SA 4.0), GermEval 2014 dev (CC BY 4.0), SEC filings NER (CC BY 3.0),
WikiANN train en/de/fr/nl (ODC-BY, text CC BY-SA 3.0; licence not stated by the repository it was taken from), SLURP dev (CC BY 4.0; tags only), name and
street lists of German LER (CC BY 4.0), names and towns of the `faker` package (MIT), Banking77, CLINC150, HWU64 (CC BY 3.0/4.0), SNIPS (CC0), XQuAD (CC BY-SA 4.0),
HaluEval (MIT), Home Assistant's intents (test sentences in English, German, French, Spanish; CC BY 4.0), Giskard prompt injections (MIT), BIPIA (MIT; its tables CC BY-SA 4.0), CyberSecEval prompt injection (MIT), JailbreakLLMs (MIT), notinject
expanded (MIT), outcomes of small models from RouteLLM, home-assistant-datasets and ZeroEval (Apache-2.0), and text made by
`scripts/training/sentry_synth.py`, `sentry_scenes.py`, `sentry_places.py`, `sentry_firms.py`, `sentry_plain.py`, `sentry_world.py`,
`sentry_inject.py`, `sentry_orders.py` and `sentry_calm.py`. Held out whole and never trained on: Wikigold (CC BY 4.0), DataFog's cases
(MIT), deepset prompt-injections (Apache-2.0). No template of presidio-research was used.
"""


@dataclass(frozen=True)
class Facts:
    """What was measured."""

    tables: Mapping[str, Rows]
    planted: Mapping[str, Count]
    subject: SubjectFacts
    proof: Mapping[str, float]
    latency: tuple[float, float]
    held: tuple[int, int, int, float]
    held_at: tuple[tuple[str, int, int], ...]
    benign: Mapping[str, tuple[int, int, int]]
    settings: Mapping[str, Any]
    size: int
    memory: float
    most: int  # sentences read per source


def card(facts: Facts) -> str:
    """The whole page."""
    training = facts.settings["training"]
    text = ((_SMALL if training["distilled"] else _FULL) + _USE).format(
        size=facts.size / 1e6,
        window=facts.settings["window"],
        overlap=facts.settings["overlap"],
        pieces=int(facts.proof["pieces"]),
        same=facts.proof["same_tag"],
        mean=facts.proof["mean"],
        p50=facts.latency[0],
        p99=facts.latency[1],
        memory=facts.memory,
        held_out=HELD_OUT,
        most=facts.most,
        stages=training.get(
            "stages", f"seed {training['seed']}, {training['steps']} steps of {training['batch']} sentences"
        ),
        control=training.get("control", ""),
        heads=training.get("heads", 12),
        reads=_JOINED if training.get("joined") else "",
        command=_command(training),
        teacher=f" Its teacher: {training['teacher']}." if "teacher" in training else "",
        **{name: training[name] for name in ("layers", "inner", "parts", "seed", "steps", "batch", "real")},
    )
    return text + _entities(facts) + _planted(facts) + _injection(facts) + _subject(facts.subject) + _TAIL


def _command(training: Mapping[str, Any]) -> str:
    """What trains a small one again."""
    named = {"--steps": "schedule", "--stop": "steps", "--batch": "batch", "--rate": "rate", "--real": "real"}
    named |= {"--plain": "plain", "--again": "again", "--layers": "layers", "--heads": "heads"}
    named |= {"--inner": "inner", "--parts": "parts", "--seed": "seed"}
    said = [f"{option} {training[name]}" for option, name in named.items() if training.get(name)]
    pieces = [] if training.get("joined") else ["--pieces"]
    return " ".join(["scripts/train sentry --small --teacher DIR", *said, *pieces])


def _entities(facts: Facts) -> str:
    text = "| source | type | P | R | F1 | 95 % | n |\n|---|---|---|---|---|---|---|\n"
    for source, rows in sorted(facts.tables.items(), key=lambda item: item[0] != HELD_OUT):
        counts = summed(rows)
        for kind in ("PERSON", "LOCATION", "ORGANIZATION"):
            if kind in counts and counts[kind].wanted:
                count, (low, high) = counts[kind], f1_interval(rows, kind)
                text += (
                    f"| {source} | {kind} | {count.precision:.3f} | {count.recall:.3f} | {count.f(1):.3f} | "
                    f"{low:.3f}-{high:.3f} | {count.wanted} |\n"
                )
        touched = counts.get("touched", Count())
        low, high = wilson(touched.right, touched.wanted).bounds
        text += (
            f"| {source} | touched | | {touched.recall:.3f} | | {low:.3f}-{high:.3f} | {touched.wanted} |\n"
        )
    return text


def _planted(facts: Facts) -> str:
    text = (
        "\n### Made-up prose, JSON and log lines: wholly covered\n\n"
        "The sentence forms are those of training. Names, streets and towns come from a tenth of the lists that training never saw,\n"
        "and in part from short lists it did see.\n\n| what | covered | n | 95 % interval |\n|---|---|---|---|\n"
    )
    for key, count in sorted(facts.planted.items()):
        low, high = wilson(count.right, count.wanted).bounds
        text += f"| {key} | {count.recall:.3f} | {count.wanted} | {low:.3f}-{high:.3f} |\n"
    return text


def _injection(facts: Facts) -> str:
    hits, attacks, calm, cut = facts.held
    low, high = wilson(hits, attacks).bounds
    limits = facts.settings["thresholds"]
    text = (
        f"\n### Prompt injection\n\nHeld out whole (deepset prompt-injections, English and German, {attacks} attacks, {calm} benign): "
        f"recall {hits / attacks:.3f} (95 % {low:.3f}-{high:.3f}) at 1 % false positives of its own benign texts (score {cut:.3f}).\n\n"
        f"Thresholds, chosen on other held-out benign texts: suspect {limits['suspect']} (the score 2 % of them reach, at most 0.9), attack "
        f"{limits['attack']} (0.5 %).\n\n| threshold | recall on the held-out source | 95 % | its false positives |\n|---|---|---|---|\n"
    )
    for name, caught, wrong in facts.held_at:
        low, high = wilson(caught, attacks).bounds
        text += f"| {name} | {caught / attacks:.3f} | {low:.3f}-{high:.3f} | {wrong / calm:.3f} |\n"
    text += (
        "\n| benign source (held-out part) | suspect or worse | 95 % | attack | n |\n|---|---|---|---|---|\n"
    )
    for name, (suspect, attack, of) in sorted(facts.benign.items()):
        low, high = wilson(suspect, of).bounds
        text += f"| {name} | {suspect / max(of, 1):.3f} | {low:.3f}-{high:.3f} | {attack / max(of, 1):.3f} | {of} |\n"
    return text


def _subject(facts: SubjectFacts) -> str:
    text = (
        "\n### Domain\n\nFourteen domains; SLURP was held out whole from these heads (its scenarios mapped by hand), of the others the test part of our own split.\n\n"
        "| source | right domain | 95 % | n |\n|---|---|---|---|\n"
    )
    for source, (right, of) in facts.right.items():
        low, high = wilson(right, of).bounds
        text += f"| {source} | {right / of:.3f} | {low:.3f}-{high:.3f} | {of} |\n"
    weakest = ", ".join(f"{name} {share:.2f} (n {of})" for name, share, of in facts.worst)
    text += (
        f"\nLowest recall on SLURP: {weakest}.\n\n### Complexity\n\n`weak_fails` is the share of small models expected to fail, learnt from published "
        "runs (multiple-choice knowledge,\ncode, few home commands); `several` is the probability of more than one request, learnt from utterances joined "
        "by us.\nAUROC of each against what the length of the text alone gives:\n\n| sign | AUROC | 95 % | length alone | n |\n|---|---|---|---|---|\n"
    )
    for name, ranking in facts.rankings.items():
        text += (
            f"| {name} | {ranking.sign[0]:.3f} | {ranking.sign[1]:.3f}-{ranking.sign[2]:.3f} | "
            f"{ranking.length[0]:.3f} ({ranking.length[1]:.3f}-{ranking.length[2]:.3f}) | {ranking.texts} |\n"
        )
    return text
