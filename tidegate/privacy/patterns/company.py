"""Companies by their legal form or by what ends their names: `Acme Widgets Inc.`, `Müller & Söhne GmbH`, `Robinson and Sons`, `Kim Group`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.spans import Label, Span

_FORMS = (
    r"Inc\.?|LLC|L\.L\.C\.|Ltd\.?|Limited|PLC|plc|LLP|Corp\.?|Corporation|Incorporated|Pty\.? Ltd\.?|GmbH(?: & Co\.? KGa?A?)?|mbH|AG|KGaA|OHG|e\.V\.|UG"
    r"|S\.A\.R\.L\.|SARL|SAS|S\.A\.S\.|S\.A\.|S\.p\.A\.|SpA|S\.r\.l\.|Srl|S\.L\.|B\.V\.|BV|N\.V\.|NV|ApS|A/S|Oyj?|sp\. z o\.o\.|s\.r\.o\.|Kft\.?|Lda\.?|Ltda\.?"
    r"|s\.r\.l\.|s\.p\.a\.|SPA|SRL|S\.Com\.|S\.Coop\.|S\.A\.U\.|S/A|(?:AG|Stiftung) & Co\. (?:KGaA|KG|OHG)(?: mbH)?|KG|GbR|OHG mbH|AB|HB|ASA|Sp\. ?k\.|Sp\. z o\.o\.(?: Sp\. ?k\.)?|s\.c\."
)
# No legal forms, but what families and circles of firms call themselves; a name must stand before them.
_ENDS = re.compile(
    r"(?: (?:and|&) (?:Sons|Daughters|Co\.?|Company|Partners|Associates|Brothers)| et (?:Fils|Cie|Associés)| e [Ff]igli| y (?:[Aa]sociados|Hijos)| (?:und|&) (?:Söhne|Partner|Co\.)"
    r"| (?:en|&) (?:Zonen|Zn\.)| (?:Group|Groep|Gruppe|Groupe|Holdings?|Industries|Enterprises|Partners|Associates|Ventures|Consulting|Technologies|Logistics|Pharmaceuticals|Bancorp"
    r"|Airlines|Motors|Insurance))(?![\w-])"
)
_ENDS_SHAPE = (
    r" (?:and|&) (?:sons|daughters|co|company|partners|associates|brothers)\b| et (?:fils|cie|associés)\b| e figli\b| y (?:asociados|hijos)\b| (?:und|&) (?:söhne|partner)\b"
    r"| (?:en|&) (?:zonen|zn)\b| (?:group|groep|gruppe|groupe|holdings?|industries|enterprises|partners|associates|ventures|consulting|technologies|logistics|pharmaceuticals|bancorp"
    r"|airlines|motors|insurance)\b"
)
_ANCHORS = (
    "inc", "llc", "l.l.c", "ltd", "limited", "plc", "llp", "corp", "gmbh", "mbh", " ag", "kgaa", "ohg", "e.v.", " ug", "s.a.", "sarl", " sas",
    "s.p.a.", "spa", "s.r.l.", "srl", "s.l.", "b.v.", " bv", "n.v.", " nv", "aps", "a/s", " oy", "sp. z", "s.r.o.", "kft", "lda", "ltda", "s.com", "s.coop", "s/a", " kg", " gbr", " ab", " hb", " asa", "sp.k", "sp. k", "s.c.", "s.a.u",
)  # fmt: skip
_FORM = re.compile(rf"[ ,]({_FORMS})(?![\w])")
_LAST_WORD = re.compile(r"([\w'’.&/+-]{1,30})(,? ?)$")
_MOST_WORDS, _LONGEST = 6, 34
_JOINTS = frozenset(("&", "+", "and", "und", "et", "of", "de", "y", "e"))
_NO_NAMES = frozenset(
    "the a an our your this that no type class version of in at for and or by from with model part unit".split()
)


_NO_FIRM = frozenset(
    "working user users test control focus support study age peer task interest pressure discussion security resource parent target business trading sales "
    "channel strategic local car health life travel home national dental information other new all both many several these those her his their my general".split()
)


def find(document: Document) -> Iterator[Span]:
    text = document.text
    taken = 0
    for form in _FORM.finditer(text) if document.has_word(*_ANCHORS) else ():
        begin = _begin(text, taken, form.start(1))
        if begin < form.start(1) and _telling(text[begin : form.start(1)], form[1]):
            taken = form.end()
            yield hit("company", begin, taken, Label.ORGANIZATION, 0.8)
    for end in _ENDS.finditer(text) if document.has_shape(_ENDS_SHAPE) else ():
        begin = _begin(text, 0, end.start() + 1)
        name = text[begin : end.start()]
        if (
            begin <= end.start()
            and name
            and any(map(str.islower, name))
            and not _NO_FIRM & {word.lower() for word in name.split()}
        ):
            yield hit("company", begin, end.end(), Label.ORGANIZATION, 0.7)


def _begin(text: str, first: int, end: int) -> int:
    """Where the capitalised words before a legal form begin; not beyond a comma, an article or the end of a sentence."""
    begin = position = end
    for index in range(_MOST_WORDS):
        match = _LAST_WORD.search(text, max(first, position - _LONGEST), position)
        if match is None or (index and match[2].startswith(",")):
            break
        word = match[1]
        joint = index > 0 and word.lower() in _JOINTS
        if not joint and (not word[0].isupper() or word.lower() in _NO_NAMES or _sentence_end(word, index)):
            break
        position = match.start(1)
        begin = begin if joint else position
    return begin


def _sentence_end(word: str, index: int) -> bool:
    return index > 0 and word.endswith(".") and len(word) > 3


def _telling(name: str, form: str) -> bool:
    """Two letters of a legal form are also a type code: then the name needs small letters."""
    return len(form) > 2 or any(c.islower() for c in name)


COMPANY = Pattern(
    "company",
    (Label.ORGANIZATION,),
    find,
    words=(
        *_ANCHORS,
        " and sons",
        "& sons",
        " & co",
        " et ",
        " e figli",
        " y ",
        "söhne",
        " group",
        " groep",
        " grupp",
        " group",
        "holding",
        "industries",
        "enterprises",
        "partner",
        "associates",
        "ventures",
        "consulting",
        "technologies",
        "logistics",
        "pharmaceuticals",
        "bancorp",
        "airlines",
        "motors",
        "insurance",
        "daughters",
        "brothers",
        "compan",
        "zonen",
        "& zn",
        "and co",
    ),
    shapes=(_ENDS_SHAPE,),
)
