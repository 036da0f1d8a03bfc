"""Nationality, religion and politics of people (Presidio's NRP): beside a key, after "I am", before a word for people, as a plural.

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
_WORDS = frozenset((*_PEOPLES, *_FAITHS))
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
PEOPLES_AND_FAITHS = frozenset(word.lower() for word in _WORDS)
_CAPITAL = re.compile(r"(?<![\w-])[A-Z][a-z]{3,15}(?:-[A-Z][a-z]{3,15})?(?![\w])")
_NOUN = re.compile(
    r"(?: [A-Z][a-z]{3,15})?(?: (?:female|male|young|old))? (?:citizen|national|passport|visa|nationality|citizenship|man|woman|men|women|people|person|patient"
    r"|student|immigrant|migrant|refugee|descent|origin|heritage|ancestry|background|girl|boy|guy|family|mother|father|wife|husband|couple"
    r"|faith|voter|believer|community|parents|roots|resident|expat|speaker|colleague|friend|neighbour|neighbor|teenager|employee|worker|guard|nurse|guest|child|children"
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


def find(document: Document) -> Iterator[Span]:
    text = document.text
    for word in _CAPITAL.finditer(text):
        if word[0].split("-")[0].removesuffix("s") not in _WORDS and word[0].split("-")[0] not in _WORDS:
            continue
        start, end = word.span()
        said = _PRONOUN.search(document.before(start, 34)) is not None and _THING.match(text, end) is None
        several = word[0].endswith("s") and word[0][:-1] in _WORDS and _PLURAL.match(text, end) is not None
        if said or several or _NOUN.match(text, end) is not None:
            yield hit("nrp", start, end, Label.NRP, 0.75)
    for small in _SMALL.finditer(text) if document.has_shape(_SMALL_SHAPE) else ():
        yield hit("nrp", small.start(), small.start() + small[0].index(" "), Label.NRP, 0.7)
    if document.has_shape(_ABROAD_SHAPE):
        for abroad in _SAID_ABROAD.finditer(document.lower):
            yield hit("nrp", *abroad.span(1), Label.NRP, 0.7)
    if document.has_word(*_KEYS):
        yield from _after_key(document)


def _after_key(document: Document) -> Iterator[Span]:
    for key in _KEY.finditer(document.lower):
        value = _VALUE.match(document.text, key.end())
        if value is not None and key[0][-1] in ':= "' and key[0].rstrip()[-1] in ':="s':
            yield hit("nrp", *value.span(), Label.NRP, 0.8)


NRP = Pattern(
    "nrp",
    (Label.NRP,),
    find,
    shape=rf"\b(?:{'|'.join(sorted(word.lower() for word in _WORDS))})s?\b|{'|'.join(_KEYS)}|{_ABROAD_SHAPE}",
    shapes=(_ABROAD_SHAPE, _SMALL_SHAPE),
    lexicon=_KEYS,
)
