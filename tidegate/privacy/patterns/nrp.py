"""Nationality, religion and politics of people (Presidio's NRP): beside a key, after "I am", before a word for people, as a plural, as a noun.

Not of things (`a German car`, `Thai food`): a question about them must stay answerable. Said of a name: tidegate.privacy.compose.nrp.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.spans import Label, Span

_PEOPLES = (
    "Afghan Albanian Algerian American Andorran Angolan Argentine Argentinian Armenian Australian Austrian Azerbaijani Bahamian Bahraini "
    "Bangladeshi Barbadian Belarusian Belgian Belizean Beninese Bhutanese Bolivian Bosnian Botswanan Brazilian British Bruneian Bulgarian "
    "Burkinabe Burmese Burundian Cambodian Cameroonian Canadian Chadian Chilean Chinese Colombian Congolese Croatian Cuban Cypriot Czech "
    "Danish Djiboutian Dominican Dutch Ecuadorian Egyptian Emirati English Eritrean Estonian Ethiopian Fijian Filipino Finnish French "
    "Gabonese Gambian Georgian German Ghanaian Greek Grenadian Guatemalan Guinean Guyanese Haitian Honduran Hungarian Icelandic Indian "
    "Indonesian Iranian Iraqi Irish Israeli Italian Ivorian Jamaican Japanese Jordanian Kazakh Kenyan Korean Kosovar Kuwaiti Kurdish "
    "Kyrgyz Laotian Latvian Lebanese Liberian Libyan Lithuanian Luxembourgish Macedonian Malagasy Malawian Malaysian Maldivian Malian "
    "Maltese Mauritian Mexican Moldovan Monegasque Mongolian Montenegrin Moroccan Mozambican Namibian Nepalese Nepali Nicaraguan Nigerian "
    "Nigerien Norwegian Omani Pakistani Palestinian Panamanian Paraguayan Peruvian Polish Portuguese Qatari Romanian Russian Rwandan "
    "Salvadoran Samoan Saudi Scottish Senegalese Serbian Singaporean Slovak Slovenian Somali Spanish Sudanese Surinamese Swedish Swiss "
    "Syrian Taiwanese Tajik Tanzanian Thai Tibetan Togolese Tongan Tunisian Turkish Turkmen Ugandan Ukrainian Uruguayan Uzbek Venezuelan "
    "Vietnamese Welsh Yemeni Zambian Zimbabwean Hispanic Latino Latina Caucasian Arab Asian African European"
).split()
_FAITHS = (
    "Muslim Christian Catholic Protestant Orthodox Jewish Hindu Buddhist Sikh Mormon Lutheran Methodist Baptist Evangelical Anglican Atheist "
    "Agnostic Quaker Shia Sunni Democrat Republican Socialist Communist Conservative Libertarian Liberal Marxist"
).split()
# Words for people alone, and what two or three words name. Singulars that are also first names or things count in company only.
_SOMEBODY = (
    "Bermudian Briton Brit Catalan Chechen Comoran Croat Dane Dutchman Englander Filipina Finn Frisian Greenlander Hollander Icelander Kazakhstani Kittitian Kiwi Kurd "
    "Liechtensteiner Londoner Luxembourger Micronesian Mozambiquean Netherlander Parisian Philippine Quebecer Scot Scotsman Seychellois Serb Sicilian Slovene Spaniard "
    "Swazi Swede Tahitian Taiwanese Timorese Trinidadian Tuvaluan Turk Tyrolean Ulsterman Vincentian Yugoslav Berliner"
).split()
_SEVERAL_WORDS = (
    "Antiguan|Barbudan|Bosnian Herzegovinian|Cape Verdean|Central African|Costa Rican|East Timorese|El Salvadoran|Equatorial Guinean|Hong Konger|Marshall Islander"
    "|New Zealander|North Korean|Northern Irish|Papua New Guinean|Puerto Rican|Saint Lucian|Saudi Arabian|Sierra Leonean|Solomon Islander|South African|South Korean"
    "|South Sudanese|Sri Lankan|Native American|African American|Afro-American|Asian American"
)
_LONG = re.compile(rf"(?<![\w-])(?:{_SEVERAL_WORDS})s?(?![\w-])")
_WORDS = frozenset((*_PEOPLES, *_FAITHS, *_SOMEBODY))
_MAN = re.compile(
    r"(?<![\w-])(?:French|English|Irish|Welsh|Dutch|Scots|Cornish|Manx|Ulster)(?:wo)?m[ae]n(?![\w-])"
)
# "the young Belgian was", "a Swede, who": an adjective without a thing behind it is somebody.
_ARTICLE = re.compile(
    r"\b(?:an?|the|this|that|another|one|two|three|four|five|some|many|most|several|fellow|all)(?: (?:young|old|older|elderly|retired|rich|poor|tall|first|other|former|naturali[sz]ed"
    r"|half|famous|unknown|unnamed|\d{1,3}-year-old))? $"
)
_ALONE = re.compile(
    r" (?:who|whom|whose|was|were|is|are|has|had|have|will|would|can|could|living|born|named|called|said|says|aged|from|by birth|at heart|didn['’]t|doesn['’]t|isn['’]t)\b"
    r"|,(?! ?[A-Z])(?!\w)|[;:!?)](?!\w)|\.(?!\w)|$|\n"
)
# Who somebody is in German, French, Spanish, Italian and Dutch, behind words that say so.
_ABROAD = (
    "deutsche?r?|österreicher(?:in)?|schweizer(?:in)?|türk(?:e|in)|pol(?:e|in)|italiener(?:in)?|fran(?:zose|zösin)|engländer(?:in)?|russ(?:e|in)|syrer(?:in)?"
    "|ukrainer(?:in)?|grieche|griechin|spanier(?:in)?|kurd(?:e|in)|moslem|muslimin?|jud[e]|jüdin|christ(?:in)?|katholi(?:k(?:in)?|sch)|evangelisch|jüdisch|muslimisch"
    "|français(?:e)?|allemande?|belge|suisse|marocaine?|algérienne?|algérien|tunisienne?|tunisien|italienn?e?|espagnole?|portugaise?|musulmane?|juif|juive|catholique|chrétienn?e?"
    "|español(?:a)?|mexican[oa]|argentin[oa]|chilen[oa]|colombian[oa]|peruan[oa]|venezolan[oa]|cuban[oa]|ecuatorian[oa]|musulm[aá]na?|judí[oa]|católic[oa]"
    "|italian[oa]|frances[ei]|tedesc[oa]|rumen[oa]|albanes[ei]|musulman[oa]|cattolic[oa]|ebre[oa]"
    "|nederland(?:er|s|se)|belg(?:isch)?|duits(?:er|e)?|turk(?:s|se)?|marokkaan(?:s|se)?|surinaams|surinamer|moslima?|joods|katholiek"
)
_SELF = "ich bin|er ist|sie ist|wir sind|bin ich|je suis|il est|elle est|nous sommes|soy|es|somos|sono|lui è|lei è|siamo|ik ben|hij is|zij is|ze is|wij zijn"
_SAID_ABROAD = re.compile(
    rf"\b(?:{_SELF})(?: (?:ein|eine|un|une|una|uno|een|auch|aussi|también|anche|ook)){{0,2}} ({_ABROAD})(?![\w-])"
)
_ABROAD_SHAPE = rf"\b(?:{_SELF})(?: [a-zéñ]{{2,7}})? (?:{_ABROAD})\b"
PEOPLES = frozenset(word.lower() for word in _PEOPLES)
PEOPLES_AND_FAITHS = frozenset(word.lower() for word in _WORDS)
_CAPITAL = re.compile(r"(?<![\w-])[A-Z][a-z]{3,15}(?:-[A-Z][a-z]{3,15})?(?![\w])")
_NOUN = re.compile(
    r"(?: [A-Z][a-z]{3,15})?(?: (?:female|male|young|old))? (?:citizen|national|passport|visa|nationality|citizenship|man|woman|men|women|people|person|patient"
    r"|student|immigrant|migrant|refugee|descent|origin|heritage|ancestry|background|girl|boy|guy|family|mother|father|wife|husband|couple"
    r"|faith|voter|believer|community|parents|roots|resident|expat|speaker|colleague|friend|neighbour|neighbor|teenager|employee|worker|guard|nurse|guest|child|children"
    r"|government|parliament|army|navy|police|authorities|embassy|consulate|ambassador|president|prime|minister|king|queen|politician|border guard|border police"
    r"|nanny|boss|crew|son|daughter|brother|sister|cousin|uncle|aunt|boyfriend|girlfriend|bride|groom|widow|prisoner|chef|coach|judge|guide|mayor|native|agent|client"
    r"|(?!(?:pap|numb|dinn|bord|ord|pow|lett|pepp|butt|cov|cent|theat|chapt|charact|newspap|wat|be|summ|wint|weath|flow|fold|rul|timb|silv|leath|kefi|rocket|sweat|comput"
    r"|print|calend|tow|liqu|cook|burg|corn|answ|should|bumper)er|(?:sect|fact|mot|col|flav|mirr|do|flo|err|text|doct)or|(?:restaur|pl|eleph|vari|croiss|gi|pend|inst)ant"
    r"|(?:l|f|m|wr|tw)ist)[a-z]{2,12}(?:er|or|ist|ant))(?:s|es)?\b"
)
# In small letters the words for people are counted on their fingers: `polish teacher` may polish.
_PERSONS = (
    "citizen|national|passport holder|man|woman|men|women|people|person|patient|student|immigrant|migrant|refugee|girl|boy|guy|family|mother|father|wife|husband|couple"
    "|colleague|friend|neighbou?r|tourist|guest|nurse|parent|voter|resident|guard"
)
_SMALL_WORDS = "|".join(sorted(word.lower() for word in _WORDS))
_SMALL = re.compile(rf"(?<![\w-])(?:{_SMALL_WORDS}) (?:{_PERSONS})s?\b")
# In small letters a plural that can be nothing else: not `poles`, `swiss`, `liberals`.
_SMALL_PLURALS = "|".join(
    sorted(
        {
            word.lower()
            for word in _PEOPLES
            if word.endswith(("an", "i")) and word not in {"Latina", "Caucasian"}
        }
        | {word.lower() for word in _SOMEBODY if word.endswith(("lander", "steiner", "burger", "an", "ese"))}
        | {
            "swede",
            "finn",
            "spaniard",
            "serb",
            "croat",
            "slovene",
            "brit",
            "new zealander",
            "kurd",
            "chechen",
        }
    )
)
_SMALL_SEVERAL = re.compile(rf"(?<![\w-])(?:{_SMALL_PLURALS})s(?![\w-])")
_SMALL_SEVERAL_SHAPE = rf"\b(?:{_SMALL_PLURALS})s\b"
_SMALL_SHAPE = rf"\b(?:{_SMALL_WORDS}) (?:{_PERSONS})s?\b"
_PLURAL = re.compile(r" [a-z]|[.,;:!?)]|$|\n")
_PRONOUN = re.compile(
    r"\b(?:(?:my|his|her|their|our|your|['’]s) (?:mother|father|mom|mum|dad|wife|husband|parents|grandparents|grandmother|grandfather|boyfriend|girlfriend|partner|fiancée?"
    r"|son|daughter|brother|sister|boss|landlord|neighbou?r|friend|family|doctor|nanny) (?:is|are|was|were)|i am|i'm|he is|he's|she is|she's|they are|they're|we are|we're|you are|who is|who are|am|was born|born and raised|raised"
    r"|identif(?:y|ies) as|converted to)(?: (?:an?|also|originally|half|part|ethnically|a practi[cs]ing))? $"
)
_THING = re.compile(
    r" (?:food|wine|language|cuisine|music|literature|cheese|beer|lesson|class|film|movie|history|law|grammar|standard|letter)"
)
_KEY = re.compile(
    r"\b(?:nationality|citizenship|ethnicity|religion|political party|party affiliation|staatsangehörigkeit|nationalität|konfession|nationalité|nationaliteit"
    r"|nacionalidad|cittadinanza)\"?(?: is)?\s?[:=]?\s?\"?"
)
_VALUE = re.compile(r"[A-ZÀ-Ž][\w-]{1,24}(?:[ -][A-ZÀ-Ž][\w-]{1,24})?(?![\w:])")
_KEYS = (
    "nationality", "citizenship", "ethnicity", "religion", "political party", "party affiliation", "staatsangehörigkeit", "nationalität",
    "konfession", "nationalité", "nationaliteit", "nacionalidad", "cittadinanza",
)  # fmt: skip


_LONG_SHAPE = rf"\b(?:{_SEVERAL_WORDS.lower()})s?\b"
_MAN_SHAPE = r"\b(?:french|english|irish|welsh|dutch|scots|cornish|manx|ulster)(?:wo)?m[ae]n\b"


def find(document: Document) -> Iterator[Span]:
    text = document.text
    for word in _CAPITAL.finditer(text):
        first = word[0].split("-")[0]
        several = first.endswith("s") and first[:-1] in _WORDS
        if (several or first in _WORDS) and _somebody(document, *word.span(), several=several):
            yield hit("nrp", *word.span(), Label.NRP, 0.75)
    if document.has_shape(_LONG_SHAPE):
        for long in _LONG.finditer(text):
            if _somebody(document, *long.span(), several=long[0].endswith(("ns", "rs"))):
                yield hit("nrp", *long.span(), Label.NRP, 0.75)
    for man in _MAN.finditer(text) if document.has_shape(_MAN_SHAPE) else ():
        yield hit("nrp", *man.span(), Label.NRP, 0.75)
    for small in _SMALL.finditer(text) if document.has_shape(_SMALL_SHAPE) else ():
        yield hit("nrp", small.start(), small.start() + small[0].index(" "), Label.NRP, 0.7)
    for plural in _SMALL_SEVERAL.finditer(text) if document.has_shape(_SMALL_SEVERAL_SHAPE) else ():
        yield hit("nrp", *plural.span(), Label.NRP, 0.7)
    if document.has_shape(_ABROAD_SHAPE):
        for abroad in _SAID_ABROAD.finditer(document.lower):
            yield hit("nrp", *abroad.span(1), Label.NRP, 0.7)
    if document.has_word(*_KEYS):
        yield from _after_key(document)


def _somebody(document: Document, start: int, end: int, *, several: bool) -> bool:
    """Whether a word for a people, at its place, speaks of a person."""
    text = document.text
    if _NOUN.match(text, end) is not None or (several and _PLURAL.match(text, end) is not None):
        return True
    before = document.before(start, 44)
    if _PRONOUN.search(before) is not None:
        return _THING.match(text, end) is None
    return _ALONE.match(text, end) is not None and _ARTICLE.search(before) is not None


def _after_key(document: Document) -> Iterator[Span]:
    for key in _KEY.finditer(document.lower):
        value = _VALUE.match(document.text, key.end())
        if value is not None and key[0][-1] in ':= "' and key[0].rstrip()[-1] in ':="s':
            yield hit("nrp", *value.span(), Label.NRP, 0.8)


NRP = Pattern(
    "nrp",
    (Label.NRP,),
    find,
    shape=rf"\b(?:{'|'.join(sorted(word.lower() for word in _WORDS))})s?\b|{'|'.join(_KEYS)}|{_ABROAD_SHAPE}|{_LONG_SHAPE}|{_MAN_SHAPE}|{_SMALL_SEVERAL_SHAPE}",
    shapes=(_ABROAD_SHAPE, _SMALL_SHAPE, _SMALL_SEVERAL_SHAPE, _LONG_SHAPE, _MAN_SHAPE),
    lexicon=_KEYS,
)
