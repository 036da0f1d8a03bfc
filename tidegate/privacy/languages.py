"""Which language a line is written in, by the small words in it: enough to pick a threshold by, nothing more. Pure."""

from __future__ import annotations

import re
from typing import Final

_WORD: Final = re.compile(r"[^\W\d_]+")
_MOST: Final = 120  # words that are looked at
_SMALL: Final = {
    "en": "the and of to in is that it for was on are with as at be this have from or by not but what all were when your can which their if will an you i my",
    "de": "der die das und ist nicht ein eine einen im in zu den mit von auf für dem des sich auch es an als wie nach bei aus wird oder noch ich wir sie hat zum zur",
    "fr": "le la les des et est un une dans que qui pour pas sur au aux avec ce cette il elle nous vous je du ne se sont plus par mon ma mes l d qu toutes",
    "nl": "de het een en van in is dat op te niet zijn voor met er aan om bij ook naar uit dan of mijn wat wordt maar door als ik alle",
    "es": "el la los las de que y en un una es por con para no se del al lo como más su todas todos mi pero qué cuál está",
    "it": "il lo la gli le di che e è un una per non con del della dei nel nella da si al sono più come ma questo tutte tutti mio dove",
    "pt": "o a os as de que e em um uma é por com para não se do da dos das no na ao mais como mas meu minha todas",
    "sv": "och att det är en ett som på av för med den inte till från jag har om alla",
    "pl": "i w na z do się nie to jest że o jak po dla od czy mój wszystkie",
}  # fmt: skip
_OF: Final[dict[str, tuple[str, ...]]] = {}
for _language, _words in _SMALL.items():
    for _word in _words.split():
        _OF[_word] = (*_OF.get(_word, ()), _language)
_WHOLE: Final = 6  # a vote that is split evenly between up to three languages


def language(line: str) -> str:
    """`en`, `de`, ...; empty when no small word tells. A word of several languages counts a share for each."""
    votes: dict[str, int] = {}
    for word in _WORD.findall(line)[:_MOST]:
        several = _OF.get(word.lower(), ())
        for one in several:
            votes[one] = votes.get(one, 0) + _WHOLE // len(several)
    return max(votes, key=votes.__getitem__) if votes else ""
