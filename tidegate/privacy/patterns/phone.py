"""Phone numbers of every region: own candidates, then `phonenumbers` and context decide.

A number with a country code needs to be possible, not assigned: fictitious ranges (+44 7700 900xxx, 555-01xx) are people's
numbers in the texts we see. National forms need a shape of that country or a word beside them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, digits_of, hit
from tidegate.privacy.patterns.others import of_goods
from tidegate.privacy.spans import Label, Span

_CANDIDATE = re.compile(r"[+(\d](?<!\d\d)[()\d]{0,3}(?:[ .\-/()]{0,3}\d){4,16}(?!\d)")
# The same, where no word speaks of phones: with a plus, a bracket or a zero, or in the North American shape.
_LONE_CANDIDATE = re.compile(
    r"(?:[+(]|0|(?=(?:1[ .-]?)?[2-9]\d\d[ .-]\d{3}[ .-]\d{4}))(?<!\d\d)(?<!\d[1-9])[()\d]{0,4}(?:[ .\-/()]{0,3}\d){4,16}(?!\d)"
)
# What the lower-case text holds where such a candidate is long enough for `_judge`.
_LONE = r"[+(][0-9 .\-/()]{7}|(?:^|[^0-9])0[0-9 .\-/()]{8}|[2-9]\d\d[ .\-]\d{3}[ .\-]\d{4}"
_EXTENSION = re.compile(
    r" ?(?:,? ?ext(?:ension)?\.?|x|;ext=|#|,? ?durchwahl|,? ?poste|,? ?toestel)[ :.]{0,2}\d{1,6}(?![\w])",
    re.IGNORECASE,
)
_EXTENDED = r"\d ?(?:,? ?ext|x|;ext=|#)[a-z]{0,6}[ :.]{0,2}\d"
_HAS_EXTENSION = re.compile(_EXTENDED)
_NANP = re.compile(r"(?:\+?1[ .-]?)?(?:\([2-9]\d\d\) ?|[2-9]\d\d[ .-])\d{3}[ .-]\d{4}")
_DATE = re.compile(
    r"(?:19|20)\d\d[-./ ]\d{1,2}[-./ ]\d{1,2}(?:\D|$)|\d{1,2}[-./ ]\d{1,2}[-./ ](?:19|20)\d\d(?:\D|$)|\d\d[./-]\d\d[./-]\d\d$"
)
_DECIMALS = re.compile(r"\d+\.\d+(?:[ /-]{1,3}\d+\.\d+)*")
_ZIP_PLUS_FOUR = re.compile(r"\d{5}-\d{4}")
_YEARS = re.compile(r"(?:1[5-9]|20)\d\d ?[-/.] ?(?:1[5-9]|20)?\d\d")
_GROUP = re.compile(r"\d+")
_WORDS = re.compile(
    r"phone|\btel\b|tel[.:]|telef|teléf|téléph|wa\.me/|fax|mobil|\bmob\b|\bcell|celular|\bm[oó]vil\b|puhelin|\bpuh\b|\btlf\b|komórk|\bsđt|điện thoại|телефон|\bтел\b|\bмоб\b|τηλ|電話|电话|手机|전화|هاتف|جوال|טלפון|โทร|\bruf\b|handy|\bcall(?:ing|ed|s|back)?\b|\bring\b|\bdial|text (?:me|him|her|us)|sms|whats ?app|\bcontact"
    r"|\breach|\bdesk\b|\boffice\b|hotline|anruf|ruf(?:en|nummer)|portable|gsm|toestel|bel(?:len)? |nummer|llam|numéro|\bnúmero|\bnumero (?:è|e'|di)|number is|my number|msisdn|voicemail|emergency|\bis the number (?:of|for) (?:my|his|her|our|their|your)|\bis busy|\btext (?=\W{0,3}$)"
)
# One of these stands in whatever _WORDS and _KEY match; kept apart so that one pass over the text looks for all of them.
_STEMS = (
    "phone", "tel", "telef", "telep", "téléph", "fax", "mobil", "cell", "cellphone", "handy", "call", "calling", "called", "calls",
    "callback", "ring", "dial", "diali", "diall", "diale", "dials", "text me", "text him", "text her", "text us", "sms", "whats",
    "contact", "reach", "desk", "office", "hotline", "anruf", "rufen", "rufnummer", "portable", "gsm", "toestel", "bel", "bellen",
    "nummer", "llama", "llame", "llamo", "llamá", "numéro", "number is", "my number", "msisdn", "voicemail", "telno", "durchwahl", "emergency", "busy", "number of", "number for", "text", "texts", "teléf", "mob", "celular", "móvil", "movil",
    "puhelin", "puh", "tlf", "komórk", "sđt", "điện thoại", "телефон", "тел", "моб", "τηλ", "電話", "电话", "手机", "전화", "هاتف", "جوال", "טלפון", "โทร",
    "ruf", "número", "numero", "wa.me/",
)  # fmt: skip
_FEWEST, _FEWEST_NATIONAL = 7, 8  # characters
_KEY = re.compile(
    r"(?:phone|tel|fax|mobile|cell|telefon|telephone|téléphone|handy|mobil|telefoon|msisdn|tlf|mob|telefono|teléfono|celular|móvil|телефон|電話番号|電話|电话|手机|手机号|전화)(?:[ _-]?(?:no|nr|number|nummer))?[\"']?[ .:=#]{1,3}[\"']?$"
)
_OTHER = re.compile(
    r"(?:order|invoice|part|serial|article|item|ticket|case|ref(?:erence)?|isbn|issn|ean|sku|model|version|bestell|rechnung|artikel"
    r"|commande|facture|po|rfc|iso|din|en|account|konto|tracking|vat|zip|plz|pin|code|id|kunden|customer|sn|p/n|s/n|1z [0-9a-z]{3} [0-9a-z]{3})"
    r"(?:[ _-]?(?:no|nr|num|number|nummer|id|code))?[.:#=\"' ]{0,4}$"
)
# Numbers of papers and accounts whose own name stands right before: a phone word further away says nothing of them.
_PAPERS = re.compile(
    r"(?:konto|rekening|patienten|patiënt|versicherungs|versicherten|mitglieds|personal|personeels|matrikel|fall|ausweis|steuer|polis|policen|studenten?|klant"
    r"|kunden|vertrags|zähler|lid)(?:nummer|nr\.?|-nr\.?)[.:#=\"' ]{0,4}$|(?:bankleitzahl|\bblz|routing|\baba|sort code|\bmrn|policy|member|passport|reisepass|national id"
    r"|d'adhérent|d'assuré|de compte|de dossier|de cuenta|de póliza|di conto|di polizza|de conta|de apólice)(?:[ _-]?(?:no|nr|number|num|id))?[.:#=\"' ]{0,4}$"
)
_REGIONS = (
    "GB",
    "DE",
    "FR",
    "NL",
    "BE",
    "IT",
    "ES",
    "AT",
    "CH",
    "AU",
    "IN",
    "SE",
    "DK",
    "PL",
    "PT",
    "IE",
    "ZA",
    "BR",
    "JP",
)
_BRACKETED = re.compile(r"(?:8 ?)?\(\d{1,4}\) ?\d{3,5}(?:[ -]\d\d){0,1}[ -]?\d{2,4}(?:-\d\d)?")
_BRACKETING = ("BR", "RU", "CO", "CL", "MX", "AR")
_MOST_TRIES = 3
_AHEAD = 26  # characters behind a number in which a word may speak of it: `is the emergency contact`
_MOST_CHECKS = (
    1000  # a check costs 50 us, 19 regions 1 ms: a text of nothing but numbers must not take minutes
)
_SUFFIX = re.compile(r"[-/][A-Z]{1,3}(?![\w])")
_PAIRS = re.compile(r"\d\d(?:\.\d\d){3,5}|\d+\.\d+")  # how a dotted number stands when no word announces it
_MAIL_BEFORE = re.compile(
    r"[\w.+-]@[\w-]{1,30}\.[\w.-]{2,30}[,;|/] ?$"
)  # `(ana@example.org, 0413617288)`: how to reach somebody
_COUNTING = re.compile(r"01020304|02040608")  # `01 02 03 04 05` is a row of numbers
_MOBILE = re.compile(r"07\d{9}|0[67]\d{8}|01[567]\d{8,9}|06\d{8}")


class Budget:
    """How many numbers of one text `phonenumbers` may still be asked about; beyond it, a phone's shape is enough."""

    __slots__ = ("left",)

    def __init__(self, left: int) -> None:
        self.left = left

    def spend(self) -> bool:
        self.left -= 1
        return self.left >= 0


@dataclass(frozen=True, slots=True)
class Context:
    """What the words before a number say: a phone word, a phone word right at it, or a word for another kind of number."""

    named: bool
    keyed: bool
    other: bool


def find(document: Document) -> Iterator[Span]:
    """Each candidate once; one that fails is tried again from its second, third and fourth group ("2024 555-123-4567")."""
    text = document.text
    spoken_of = (
        bool(document.places(_STEMS))
        or "@" in text
        or (document.has_shape(_EXTENDED) and _HAS_EXTENSION.search(document.lower) is not None)
    )
    if not spoken_of and not document.has_shape(_LONE):
        return
    budget = Budget(_MOST_CHECKS)
    candidate = _CANDIDATE if spoken_of else _LONE_CANDIDATE
    position = edge = tries = 0
    while match := candidate.search(text, position):
        start, end = match.start(), match.end()
        tries = tries + 1 if start < edge else 0
        edge = max(edge, end) if start < edge else end
        if text[start] == "(" and text.find(")", start, end) < 0:
            start += 1
        while text[start] == ")" and start < end:
            start += 1
        size = _longest(document, start, end, budget) if _promising(document, start, end) else None
        if size is None:
            first = _GROUP.search(text, start)
            position = first.end() if first is not None and tries < _MOST_TRIES else end
            continue
        end, score = size
        extension = _EXTENSION.match(text, end)
        position = end = extension.end() if extension is not None else end
        yield hit("phone", start, end, Label.PHONE_NUMBER, score)


def _promising(document: Document, start: int, end: int) -> bool:
    """Whether it is worth a closer look: most numbers begin with no zero, no plus and no bracket, and no word speaks of a phone."""
    text = document.text
    if end - start < _FEWEST:
        return document.near(_STEMS, start - 60, start)
    if text[start] in "+(" or (text[start] == "0" and end - start > _FEWEST_NATIONAL):
        return True
    return (
        document.near(_STEMS, start - 60, end + _AHEAD)
        or _NANP.match(text, start) is not None
        or "@" in document.before(start, 45)
        or _EXTENSION.match(text, end) is not None
    )


def _longest(document: Document, start: int, end: int, budget: Budget) -> tuple[int, float] | None:
    """The longest number from `start`: trailing groups (a year, a house number) are given back one by one, five at most."""
    text = document.text
    if not _may_begin(text, start):
        return None
    ends = [group.end() for group in _GROUP.finditer(text, start, end)]
    context = _context(document.before(start, 45), goods=of_goods(document, start))
    for last in ends[:-7:-1]:
        if _may_end(text, last):
            score = _judge(document, start, last, context, budget)
            if score > 0:
                return last, score
    return None


def _context(before: str, *, goods: bool) -> Context:
    """A word for goods or papers right before the number outweighs a phone word further away."""
    named = not goods and (_WORDS.search(before) is not None or _MAIL_BEFORE.search(before) is not None)
    if named and _PAPERS.search(before) is not None:
        return Context(named=False, keyed=False, other=True)
    other = goods or (not named and _OTHER.search(before) is not None)
    return Context(named, not goods and _KEY.search(before) is not None, other)


def _may_begin(text: str, start: int) -> bool:
    if start and (text[start - 1].isalnum() or text[start - 1] in "_$€£¥%#"):
        return False
    if text.startswith("+ ", start) and start > 1 and (text[start - 2].isalnum() or text[start - 2] == ")"):
        return False  # `69069 + 907133923` is a sum
    if start > 1 and text[start - 1] == "-" and text[start - 2].isalpha():
        return False  # `MRN-0048213`
    return not (start > 1 and text[start - 1] in ".,-/:" and text[start - 2].isdigit())


def _may_end(text: str, end: int) -> bool:
    if end < len(text) and (text[end].isalnum() or text[end] in "_%€$£°") and not _EXTENSION.match(text, end):
        return False
    if _SUFFIX.match(text, end):
        return False  # `478-700-6917-E` is a part
    return not (end + 1 < len(text) and text[end] in ".,:/-" and text[end + 1].isdigit())


def _judge(document: Document, start: int, end: int, context: Context, budget: Budget) -> float:
    """The score of one candidate; 0 for none."""
    raw = document.text[start:end]
    digits = digits_of(raw)
    if not (5 if context.keyed else 7) <= len(digits) <= 17 or len(set(digits)) == 1:
        return 0.0
    if _DATE.match(raw) or _YEARS.match(raw):
        return 0.0
    after = document.after(end, _AHEAD)
    named = not context.other and (
        context.named or _WORDS.search(after) is not None or _EXTENSION.match(document.text, end) is not None
    )
    if raw.startswith("+") or (raw.startswith("00") and len(digits) >= 10):
        return _international("+" + (digits[2:] if raw.startswith("00") else digits), named, budget)
    if context.other:
        return 0.0
    if _NANP.fullmatch(raw):
        return 0.85 if named else 0.75
    if context.keyed:
        return 0.0 if _decimal(raw) else 0.8
    return _national(raw, digits, named=named, budget=budget)


def _international(number: str, named: bool, budget: Budget) -> float:
    possible, valid = _check(number, None) if budget.spend() else (True, False)
    if valid or (possible and len(number) > 9):
        return 0.95
    return 0.6 if named else 0.0


def _national(raw: str, digits: str, *, named: bool, budget: Budget) -> float:
    """Without a country code: a shape of some country, or a word beside it."""
    if _ZIP_PLUS_FOUR.fullmatch(raw) or (digits[0] == "0" and _decimal(raw)):
        return 0.0
    if _COUNTING.match(digits) is not None and len(digits) == 10 and raw.count(" ") == 4:
        return 0.0
    if raw.count(".") == 3 and len(digits) <= 12 and " " not in raw:
        return 0.0
    grouped = raw != digits and not (" " in raw and "." in raw)
    if digits[0] == "0" and 9 <= len(digits) <= 12:
        if named:
            return 0.85
        if "." in raw and " " not in raw and _PAIRS.fullmatch(raw) is None:
            return 0.0
        mobile = _MOBILE.fullmatch(digits) is not None
        if (grouped and not _decimal(raw)) or mobile:
            assigned = not budget.spend() or any(_check(digits, region)[1] for region in _REGIONS)
            return 0.65 if assigned else 0.55 if grouped and mobile else 0.0
        return 0.0
    if named and not _decimal(raw):
        return 0.6
    return 0.55 if _BRACKETED.fullmatch(raw) is not None and _bracketed(digits, budget) else 0.0


def _bracketed(digits: str, budget: Budget) -> bool:
    """An area code in brackets, where it is assigned in a country that prints its numbers so."""
    return budget.spend() and any(_check(digits, region)[1] for region in _BRACKETING)


def _decimal(raw: str) -> bool:
    """`123.4567`, `1234567.89` and rows of them are amounts and measures."""
    return _DECIMALS.fullmatch(raw) is not None


@lru_cache(maxsize=4096)
def _check(number: str, region: str | None) -> tuple[bool, bool]:
    """(possible, assigned) by `phonenumbers`, loaded at the first candidate: 8 MB that many texts never need."""
    import phonenumbers

    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return False, False
    return phonenumbers.is_possible_number(parsed), phonenumbers.is_valid_number(parsed)


PHONE = Pattern("phone", (Label.PHONE_NUMBER,), find, digits=True, lexicon=_STEMS, shapes=(_EXTENDED, _LONE))
