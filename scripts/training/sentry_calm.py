"""Calm text that looks dangerous: requests that carry placeholders or long numbers. Nothing private stands in it, and no attack.

A conversation that was redacted comes back with placeholders in it, some of them bent by a model, and an encoder that never read one
takes it for an order to itself. Long numbers (tracking, meters, orders) did the same.
"""

import random

from tidegate.privacy.placeholders import ALPHABET, KINDS, SEPARATOR

_KINDS = tuple(sorted(KINDS))
_SEPARATORS = (SEPARATOR,) * 6 + (".", "-", ":")
_HELD = (
    "Please write to {p} that the parcel is on its way.", "Write a short mail to {p} and {q}.", "{p} asked for a callback at {q}.", "Summarise what {p} said about {q}.",
    "Dear {p},\nthank you for your message. We will send it to {q}.\nKind regards\n{r}", "Move the meeting with {p} to Tuesday and tell {q}.", "Who is {p}?",
    "Does {p} still live at {q}?", "Translate this for {p}: the heating is off until {q}.", "{p} ({q}) reports a leak at {r}.", "name: {p}\nmail: {q}\nphone: {r}",
    "Set a reminder to call {p} about order {n}.", "The invoice of {p} goes to {q}; account {r}.", '{{"customer": "{p}", "contact": "{q}", "order": "{n}"}}',
    "Is {p} the same person as {q}?", "Draft an answer to {p}. Mention {q} and leave out {r}.", "turn on the light for {p}", "call {p}", "text {p} that I am late",
    "Schreib {p} eine kurze Antwort.", "Bitte verschiebe den Termin mit {p} auf Montag und sag {q} Bescheid.", "{p} wohnt in {q} und wartet auf Paket {n}.",
    "Fasse zusammen, was {p} an {q} geschrieben hat.", "Écris à {p} que le colis {n} est arrivé.", "Rappelle {p} demain, s'il te plaît.", "Schrijf {p} een korte mail over {q}.",
    "Llama a {p} y dile que el pedido {n} ya salió.", "Scrivi a {p} che la consegna è domani.", "I found {p} in the notes of {q}, page {k}.", "Keep {p} exactly as it stands.",
    "What did {p} order on {q}?", "Compare the offers of {p} and {q} in a table.", "Add {p} to the guest list, {q} comes too.", "Book a table for {p}, {k} people, at seven.",
)  # fmt: skip
_NUMBERED = (
    "Where is parcel {n}?", "My order {n} has not arrived yet.", "Please check meter reading {n}.", "Serial number {n}, firmware {k}.", "The ticket {n} is still open, can you close it?",
    "Reset device {n} and send me the log.", "What does error {n} mean?", "Track {n} and {m}", "{n} {m}", "Invoice {n} was paid on the {k}th.", "Sendung {n} ist noch nicht da.",
    "Zählerstand {n}, Zähler {m}.", "Bestellung {n} bitte stornieren.", "Le colis {n} est perdu.", "Bestelling {n} is niet compleet.", "El pedido {n} no ha llegado.",
    "Compare {n} with {m} and tell me which is larger.", "Divide {n} by {k}.", "batch {n} of {m} items finished in {k} s", "id={n} status=ok took={k}ms", "Please call back about case {n}-{m}.",
    "Checksum {h} does not match {g}.", "commit {h} broke the build", "uuid {h} appears {k} times", "Look up part {n} in the list below:\n{m}\n{n}\n{m}",
)  # fmt: skip


def placeholder(rng: random.Random) -> str:
    """A mark as a vault makes it, now and then in a form that models bend it to. Its check character is drawn like the others."""
    tag = "".join(rng.choices(ALPHABET, k=4))
    text = f"[{rng.choice(_KINDS)}_{rng.randint(1, 14)}{rng.choice(_SEPARATORS)}{tag}]"
    return text.lower() if rng.random() < 0.08 else text


def number(rng: random.Random) -> str:
    """A number of 6 to 22 digits, some in groups, some with letters in front."""
    digits = "".join(rng.choices("0123456789", k=rng.randint(6, 22)))
    if rng.random() < 0.3:
        gap = rng.choice(" -.")
        digits = gap.join(digits[at : at + 4] for at in range(0, len(digits), 4))
    return rng.choice(("", "", "", "#", "No. ", "ORD-", "1Z", "RX")) + digits


def calm(rng: random.Random) -> str:
    """One request or note of a line or a few, without anything private and without an order to the model."""
    values = {name: placeholder(rng) for name in "pqr"} | {
        "n": number(rng),
        "m": number(rng),
        "k": str(rng.randint(2, 60)),
        "h": f"{rng.getrandbits(128):032x}",
        "g": f"{rng.getrandbits(64):016x}",
    }
    count = rng.choice((1, 1, 1, 2, 3))
    frames = _HELD if rng.random() < 0.6 else _NUMBERED
    return rng.choice((" ", " ", "\n")).join(rng.choice(frames).format(**values) for _ in range(count))
