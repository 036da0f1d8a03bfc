"""Text in which no name, place or firm stands: what the sentry must leave alone. Some real, some made; nothing is shipped.

Field words and numbers, citations of standards, measures, commands and code, everyday sentences of ten languages, requests
to a home. A detector that saw names in nearly every sentence finds one in nearly every sentence.
"""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

import yaml

from scripts.training.sentry_calm import calm
from scripts.training.sentry_data import Example, annotated
from tidegate.privacy.patterns.national_ids import GENERIC, ID_KINDS

WORDS = Path(__file__).with_name("plain_words.toml")
SOURCE = "plain"
SPOKEN_BY_NOBODY = re.compile(
    r"person|place_name|business_name|relation|artist|song|playlist|podcast|radio|movie|app_name"
)

_NUMBERED = (
    "IBAN", "BIC", "VIN", "IMEI", "MRN", "SSN", "passport number", "licence plate", "driving licence", "policy number", "member id",
    "Kundennummer", "Aktenzeichen", "Kontonummer", "numéro de client", "klantnummer", "numero cliente", "sort code", "routing number",
)  # fmt: skip
_IDS = tuple(dict.fromkeys((*(word for kind in ID_KINDS for word in kind.words), *GENERIC, *_NUMBERED)))
_ID_FRAMES = (
    "{w}: {n}", "{w} {n}", "{w}\n{n}", "my {w} is {n}", "her {w} is\n{n}", "Please check {w} {n} again.", "mein {w} lautet {n}", "Meine {w}: {n}.",
    "mijn {w} is {n}", "mon {w} est le {n}", "il mio {w} è {n}", "mi {w} es {n}", "{w}={n}", "the {w} on file ends in {n}", "{w} no. {n}",
    "invalid {w} ({n})", "What is a {w}?", "enter your {w} here", '{{"{w}": "{n}"}}', "{w} {n}, order {m}", "is {n} a valid {w}?", "{w} fehlt noch",
)  # fmt: skip
_BODIES = "ISO IEC EN DIN IEEE ASTM ANSI RFC NIST VDE UL JIS BS ITU ETSI SAE MIL-STD FIPS OSHA GDPR HIPAA PCI CE FCC".split()
_CITATIONS = (
    "{b} {n} applies to {x}.", "See {b} {n}-{k}, clause {k}.{m}.", "tested under {b} {n}:{y}", "{b}/{b} {n} part {k}", "as {b} {n} requires, {x} must be marked",
    "Gemäß {b} {n} ist {x} zu kennzeichnen.", "selon {b} {n}", "volgens {b} {n}-{k}", "conforme a {b} {n}", "The {b} committee revised {b} {n} twice.",
)  # fmt: skip
_MEASURES = (
    "gate {k}", "ward {k}, bed {m}", "room {n} on level {k}", "channel {k}", "lane {k} is closed", "row {k} seat {m}", "platform {k}", "page {n} of {n}",
    "{c} {n}", "{c} {n}.{m} per unit", "{n} {c} plus {m} % tax", "queue length {n}", "depth {k} width {m}", "torque {n} Nm, play {k} mm", "{n} rpm at {m} bar",
    "section {k}.{m}", "step {k} of {m}", "level {k} reached", "block {n} failed", "sector {k}", "unit {m} reports {n} faults", "dial {n} then press {k}",
    "bus {n} leaves from bay {k}", "Bahnsteig {k}", "Zimmer {n}", "Seite {n}", "quai {k}", "chambre {n}", "kamer {n}", "spoor {k}", "binario {k}", "sala {k}",
    "{n}x{n} at {k} Hz", "load {n} kg, reach {k} m", "ratio {k}:{m}", "version {k}.{m}.{n}", "build {n} of branch {k}",
)  # fmt: skip
_CURRENCIES = "EUR USD GBP CHF SEK DKK NOK PLN CZK JPY AUD CAD".split()
_VERBS = "get set list create delete apply run load parse read write build check fetch update push pull merge init start stop restart enumerate filter reduce".split()
_NOUNS = (
    "queue worker buffer config parser token session route handler index cache shard driver kernel packet socket thread mutex schema table column cursor batch "
    "tensor matrix layer module plugin bundle cluster node pod volume image container registry release branch commit target profile limit quota metric"
).split()
_TOOLS = "kubectl docker git npm pip cargo make ulimit systemctl journalctl grep sed awk curl ssh rsync tar numpy pandas torch redis nginx postgres sqlite ffmpeg helm terraform ansible".split()
_CODE = (
    "{t} {v} {o}s --all", "{t} {v} -f {o}.yaml", "$ {t} {v} {o} | grep {o}", "import {t}", "from {t} import {o}", "for i, {o} in enumerate({o}s):",
    "def {v}_{o}({o}, {o}_id): return {o}[{k}]", "self.{o} = {o}.{v}({n})", "const {o} = await {v}{O}({n});", "class {O}{O2}:", "if {o} is None: raise ValueError('{o} missing')",
    "{o}.{v}()", "{v}_{o} = lambda {o}: {o} + {k}", "SELECT {o}, {o2} FROM {o2}s WHERE {o}_id = {n};", "use {t} to {v} the {o}", "why does {t} say {o} not found?",
    "{t}: {o} {n} exited with code {k}", "{O}{O2}Error: {o} {n} not found", "the {O} class calls {v} on each {o}", "set {o}_{o2}={n} in the .env file", "docs for {t} {v}",
    "# {v} the {o} before the {o2}", "fn {v}(&self, {o}: u{k}) -> Result<{O}>", "public {O} {v}{O2}(int {o}) {{ return null; }}", "pip install {t}=={k}.{m}.{k}",
)  # fmt: skip


def _numbers(rng: random.Random) -> dict[str, str]:
    digits = str(rng.randrange(10 ** rng.randint(2, 11)))
    if rng.random() < 0.35 and len(digits) > 5:
        gap = rng.choice(" -.")
        digits = gap.join(digits[at : at + 3] for at in range(0, len(digits), 3))
    if rng.random() < 0.2:
        digits = "".join(rng.choices("ABCDEFGHKLMNPRSTUVWXYZ", k=rng.randint(1, 3))) + digits
    return {
        "n": digits,
        "k": str(rng.randint(1, 64)),
        "m": str(rng.randint(0, 99)),
        "y": str(rng.randint(1995, 2026)),
    }


def field_word(rng: random.Random) -> str:
    """The word that names a number, with one beside it."""
    word = rng.choice(_IDS)
    word = rng.choice((word, word, word.upper(), word.title()))
    return rng.choice(_ID_FRAMES).format(w=word, **_numbers(rng))


def citation(rng: random.Random) -> str:
    """A standard, cited."""
    things = ("the housing", "every cable", "the label", "das Gehäuse", "die Leitung", "each valve")
    number = str(rng.randint(10, 70000))
    values = _numbers(rng) | {"n": number, "x": rng.choice(things)}
    return rng.choice(_CITATIONS).format(b=rng.choice(_BODIES), **values)


def measure(rng: random.Random) -> str:
    """A word and a number that are no address."""
    values = _numbers(rng) | {"n": str(rng.randrange(10 ** rng.randint(1, 5)))}
    text = rng.choice(_MEASURES).format(c=rng.choice(_CURRENCIES), **values)
    return rng.choice(("{}", "{}", "the {} again", "is it {}?", "moved to {} today", "{}, {}")).format(
        text, text
    )


def code(rng: random.Random) -> str:
    """A command, a line of a program, or a question about one."""
    one, two = rng.sample(_NOUNS, 2)
    words = {
        "t": rng.choice(_TOOLS),
        "v": rng.choice(_VERBS),
        "o": one,
        "o2": two,
        "O": one.title(),
        "O2": two.title(),
    }
    return rng.choice(_CODE).format(**words, **_numbers(rng))


class Plain:
    """Draws texts without private words from everything above, from real requests, and from everyday sentences."""

    def __init__(self, shared: Path, rng: random.Random) -> None:
        self.rng = rng
        self.languages = tomllib.loads(WORDS.read_text(encoding="utf-8"))
        self.real = home_requests(shared) + nameless_requests(shared)

    def sentence(self) -> str:
        """One or two everyday sentences of one language; the first letter large or not."""
        words = self.languages[self.rng.choice(sorted(self.languages))]
        return " ".join(self._filled(words) for _ in range(self.rng.choice((1, 1, 2))))

    def _filled(self, words: dict[str, Sequence[str]]) -> str:
        frame = self.rng.choice(words["frames"])
        while "{N}" in frame or "{A}" in frame:
            frame = frame.replace("{N}", self.rng.choice(words["things"]), 1)
            frame = frame.replace("{A}", self.rng.choice(words["when"]), 1)
        return frame[:1].upper() + frame[1:] if self.rng.random() < 0.8 else frame

    def one(self) -> Example:
        """One text, no spans."""
        rng = self.rng
        makers: tuple[Callable[[], str], ...] = (
            self.sentence,
            lambda: field_word(rng),
            lambda: code(rng),
            lambda: rng.choice(self.real),
            lambda: citation(rng),
            lambda: measure(rng),
            lambda: calm(rng),
        )
        text = rng.choices(makers, (30, 18, 15, 22, 5, 10, 8))[0]()
        return Example(text, (), SOURCE)


def home_requests(shared: Path) -> list[str]:
    """What people say to their homes in English, German, Spanish and French (Home Assistant's test sentences)."""
    root = shared / "nlu/home-assistant-intents/tests"
    found: dict[str, None] = {}
    for path in sorted(root.glob("*/*.yaml")):
        if path.parent.name in ("en", "de", "es", "fr"):
            tests = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader).get("tests", ())
            found.update(dict.fromkeys(str(s) for test in tests for s in test.get("sentences", ())))
    return list(found)


def nameless_requests(shared: Path) -> list[str]:
    """HWU64's requests in which no person, place, firm or title was marked by its annotators."""
    import csv

    with (shared / "nlu/hwu64/train.csv").open(encoding="utf-8", newline="") as lines:
        marked = [row["answer_annotation"] for row in csv.DictReader(lines)]
    return [annotated(text, "hwu64").text for text in marked if not SPOKEN_BY_NOBODY.search(text)]
