"""A name, written so that a reader knows it and a detector may not. Pure.

Each form is a sentence or record around the name, with the stretch that must be hidden marked. Forms that no pattern reads (base64)
are measured all the same: the table shows them at what they are.
"""

from __future__ import annotations

import base64
import json
import random
import unicodedata
from collections.abc import Callable, Iterator
from urllib.parse import quote

from scripts.benchmarks.privacy.values import Mark, Row

Write = Callable[[str], tuple[str, str, str]]  # a name to (text before, the name as written, text after)

_LOOKALIKES = str.maketrans("aceopxyABCEHKMOPTXyi", "асеорхуАВСЕНКМОРТХуі")


def _in(frame: str, change: Callable[[str], str] = str) -> Write:
    before, _, after = frame.partition("{}")
    return lambda name: (before, change(name), after)


def _plainly(name: str) -> str:
    folded = unicodedata.normalize("NFD", name)
    return "".join(c for c in folded if not unicodedata.combining(c))


def _camel(name: str) -> str:
    words = [_plainly(word) for word in name.replace("-", " ").replace("'", "").split()]
    return words[0].lower() + "".join(word.capitalize() for word in words[1:])


def _snake(name: str) -> str:
    return "_".join(_plainly(name).lower().replace("'", "").replace("-", " ").split())


def _turned(name: str) -> str:
    first, _, last = name.partition(" ")
    return f"{last}, {first}" if last else first


def _spelled(between: str, words: str) -> Callable[[str], str]:
    """Letter by letter, words apart: J.o.h.n D.o.e"""
    return lambda name: words.join(between.join(word) for word in name.split())


FORMS: dict[str, Write] = {
    "as written": _in("The parcel for {} came back on Monday."),
    "lower case": _in("can you tell {} that the parcel came back", str.lower),
    "upper case": _in("THE PARCEL FOR {} CAME BACK", str.upper),
    "last name first": _in("Attendees: {}; two guests", _turned),
    "initials": _in("Signed by {} for the board.", lambda name: f"{name[0]}. {name.split()[-1]}"),
    "no accents": _in("Please ask {} about the parcel.", _plainly),
    "full stops between letters": _in("It was sent by {} yesterday.", _spelled(".", " ")),
    "spaces between letters": _in("It was sent by {} yesterday.", _spelled(" ", "  ")),
    "hyphens between letters": _in("It was sent by {} yesterday.", _spelled("-", " ")),
    "underscore": _in("folder reports/{}/march", _snake),
    "camel case in code": _in("def notify_{}(event): return event", _camel),
    "look-alike letters": _in(
        "The parcel for {} came back on Monday.", lambda name: name.translate(_LOOKALIKES)
    ),
    "zero-width characters": _in("The parcel for {} came back on Monday.", "\u200b".join),
    "full-width letters": _in(
        "The parcel for {} came back.",
        lambda name: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in name),
    ),
    "JSON value": _in('{{"customer": "{}", "open": true}}'.replace("{{", "{").replace("}}", "}")),
    "JSON with escapes": _in('{"note": {}, "open": true}', json.dumps),
    "JSON of no telling key": _in('["{}", 17, false]'),
    "code string": _in('const assignee = "{}";'),
    "code comment": _in("x = 3  # ask {} before changing this"),
    "CSV": _in("id,who,open\n17,{},yes"),
    "XML": _in("<assignee>{}</assignee>"),
    "SQL": _in("SELECT * FROM tickets WHERE assignee = '{}'"),
    "URL path": _in(
        "see https://people.example.com/{}/profile",
        lambda name: quote(_plainly(name).lower().replace(" ", "-")),
    ),
    "URL query": _in("https://crm.example.com/find?who={}&page=2", quote),
    "HTML entities": _in(
        "<p>{}</p>", lambda name: "".join(f"&#{ord(c)};" if not c.isascii() or c == " " else c for c in name)
    ),
    "markdown": _in("- [ ] **{}**: return the parcel"),
    "file name": _in("attached: CV_{}_final.pdf", lambda name: _plainly(name).replace(" ", "_")),
    "hash tag": _in("great talk by #{} today", lambda name: _plainly(name).replace(" ", "")),
    "possessive": _in("I read {}'s report and disagree."),
    "base64": _in("payload: {}", lambda name: base64.b64encode(name.encode()).decode()),
}


def rows(names: list[str], seed: int, each: int) -> Iterator[Row]:
    """`each` names, the same ones in every form."""
    chosen = random.Random(seed).sample(names, min(each, len(names)))
    for form, write in FORMS.items():
        for name in chosen:
            before, written, after = write(name)
            yield Row(
                before + written + after, (Mark(len(before), len(before) + len(written), "PERSON"),), form
            )
