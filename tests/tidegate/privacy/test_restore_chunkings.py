"""Ten thousand random chunkings of answers with whole, bent, foreign-looking and broken placeholders and pseudonyms."""

import random
from collections.abc import Callable
from functools import partial

from tidegate.privacy.actions import Action, Handling
from tidegate.privacy.placeholders import MAX_LENGTH
from tidegate.privacy.restore import Restorer, restore
from tidegate.privacy.spans import Label
from tidegate.privacy.vault import ForeignPlaceholder, Vault

CHUNKINGS = 10_000
BETWEEN = (
    "[", "]", "\\", "\\[", "[1]", " [2, 3] ", "[PERSON_1", "[PERSON_1]", "·", "[é", "[a", "·k3f9]", " ", "word ", "\n", "🙂", "e\u0301", "{}", "%5B",
    "[link](https://x.example)", "[" * 5, "x" * 80,
)  # fmt: skip


def _vault(*, pseudonyms: bool) -> tuple[Vault, list[str]]:
    handling = Handling({Label.LOCATION: Action.PSEUDONYMISE} if pseudonyms else {})
    vault = Vault.open("chunkings", b"k" * 32, 1.0, handling=handling)
    made = [
        vault.hide(Label.PERSON, "Bob"),
        vault.hide(Label.URL, "http://x/[PERSON_1]"),
        vault.hide("LITERAL", "[PERSON_1·k3f9]"),
        vault.hide(Label.LOCATION, "Lower Wexcombe"),
    ]
    bent = [made[0].lower(), made[0].replace("·", "-"), made[1].replace("[", "\\[").replace("]", "\\]")]
    return vault, made + bent


def _answer(rng: random.Random, stand_ins: list[str]) -> str:
    return "".join(
        rng.choice(stand_ins) if rng.random() < 0.3 else rng.choice(BETWEEN)
        for _ in range(rng.randint(0, 14))
    )


def _in_chunks(text: str, restorer: Restorer, rng: random.Random, most: int) -> str:
    out, at = [], 0
    longest = rng.choice((1, 2, 5, 40))
    while at < len(text):
        size = rng.randint(1, longest)
        out.append(restorer.feed(text[at : at + size]))
        assert restorer.held_back <= most
        at += size
    return "".join((*out, restorer.close()))


def _or_incident(attempt: Callable[[], str]) -> str | None:
    try:
        return attempt()
    except ForeignPlaceholder:
        return None


def test_ten_thousand_random_chunkings_give_what_the_whole_gives() -> None:
    rng = random.Random(20)
    vaults = [_vault(pseudonyms=False), _vault(pseudonyms=True)]
    restored = 0
    for number in range(CHUNKINGS):
        vault, stand_ins = vaults[number % 2]
        text = _answer(rng, stand_ins)
        most = max(MAX_LENGTH, vault.stand_ins.longest)
        whole = _or_incident(partial(restore, text, vault))
        assert _or_incident(partial(_in_chunks, text, vault.restorer(), rng, most)) == whole, text
        restored += whole is not None
    assert restored > CHUNKINGS * 0.9, "most answers hold no foreign placeholder"


def test_brackets_of_citations_and_links_stay_as_they_are() -> None:
    vault, (person, *_) = _vault(pseudonyms=False)
    text = f"See [1] and [note] of {person} [3]"
    assert vault.restore(text) == "See [1] and [note] of Bob [3]"
