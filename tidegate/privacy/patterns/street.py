"""Street addresses by pattern, in the manner of seven countries: a help to the encoder, read from the house number outwards.

English and French put the number first (`12 High Street, London SW1A 1AA`), German, Dutch, Spanish and Italian last
(`Hauptstraße 5a, 10115 Berlin`). A unit, a postal code and a town that follow belong to the address.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.spans import Label, Span

KINDS = frozenset(
    "street st avenue ave av road rd lane ln drive dr boulevard blvd court ct way place pl square sq terrace "
    "crescent close parkway pkwy highway hwy circle cir trail trl alley row walk gardens grove mews hill park quay "
    "rise plaza loop point ridge run pike view views path bypass causeway crossing glen heights junction landing "
    "meadows mill oval parade promenade station turnpike valley vista wharf wynd expressway freeway route green "
    "ville island islands knoll lake village bridge corner corners cove creek falls field fields ford forest forge "
    "fork garden gateway harbor haven hollow inlet isle keys light manor mission mount mountain neck orchard "
    "overpass pass pine pines plain plains port prairie ranch river shore shores spring springs spur stream summit "
    "trace track tunnel union via well wells alleys annex anex arcade bayou beach bend bluff bluffs bottom branch brook brooks burg burgs camp canyon cape centers center "
    "centre circles cliff cliffs club common commons course courts coves crest crossroad crossroads curve dale dam divide drives estate estates extension extensions "
    "fall ferry flat flats fords forests forges forks fort freeways glens greens groves harbors highland hills hollows junctions key knolls lakes land lights loaf lock "
    "locks lodge mall manors meadow mews mills missions motorway necks orchards overlook parks parkways passage pine points ports prairies radial ramp ranches rapid rapids "
    "rest ridges roads rue run shoal shoals skyway springs spurs squares stravenue streams streets summit terrace throughway trafficway trails trailer tunnels turn "
    "underpass unions valleys viaduct viaducts villages villes walks wall ways drive brae chase dene drove end fold gate gates grange lea leas nook rove row vale wynds "
    "approach amble arterial artery avenues banan bank basin beltway boardwalk boulevarde bowl brace brow bypass byway causeways centreway chowk circlet circuit circus close "
    "concourse copse corso cove crief cross crossway cruiseway cul deviation dip distributor driveway edge elbow entrance esplanade fairway firetrail firetrack follow "
    "footway foreshore formation front frontage gap garth glade gully highroad interchange intersection laneway ledge line link lookout lower mead mew nullah outlook "
    "parklands part pathway plateau pocket quadrangle quadrant quays range reach reserve retreat return ride ring riviera roadside roadway ronde rosebowl rotary round "
    "route serviceway siding slope sound steps strip subway tarn thoroughfare tollway top tor towers traverse triangle upper view vista waters waterway wharf woods yard "
    "marg nagar path chowk gali vihar colony zila circle".split()
)  # fmt: skip
# Kinds that speak for themselves after a capitalised name; the others (`2007 Bowling Green`) need a postal code or a unit behind.
_STRONG = frozenset(
    "street st avenue ave av road rd lane ln drive dr boulevard blvd court ct place pl square sq terrace crescent parkway pkwy highway "
    "hwy circle cir trail trl alley way close gardens grove mews row walk".split()
)
# Kinds that are no everyday words: enough without a capital.
_SURE = "street|avenue|ave|road|rd|lane|drive|boulevard|blvd|terrace|crescent|parkway"
_HOUSE = re.compile(r"\d{1,6}[A-Za-z]?(?:[-/]\d{1,5})?,? (?=[A-Z0-9])")
_STREET_WORD = re.compile(r"(?:\d{1,3}(?:st|nd|rd|th)|[A-Z][A-Za-z'.-]{0,24})(?: |\b)")
_OTHER_DRIVES = frozenset("wheel hard disk flash test usb".split())
_MOST_WORDS = 6
_COMPASS = frozenset("n s e w ne nw se sw north south east west".split())
_LOWER = re.compile(
    rf"\d{{1,5}}[a-z]? (?:(?!on|the|of|in|and|at|to|a|by|per|for|more|side|main roads)[a-z'-]{{2,20}} ){{1,2}}(?:{_SURE})\b"
)
_UNIT = re.compile(
    r",? ?(?:(?i:apt|apartment|suite|ste|unit|flat|floor|fl|room|rm|bldg|building)\.? ?|#)[A-Z]?\d{0,5}[A-Za-z]?(?![A-Za-z0-9])"
)
_TOWN = re.compile(
    r"(?:(?:,|\n|,\n)? ?[A-Z][A-Za-z'.-]{1,24}(?: [A-Z][a-z'.-]{1,24}){0,2},? (?:[A-Z]{2},? )?|,? ?[A-Z]{2},? )?"
    r"(?:,? ?(?:\d{5}(?:-\d{4})?|[A-Z]{1,2}\d[A-Z0-9]? \d[A-Z]{2}|[A-Z]\d[A-Z] \d[A-Z]\d))(?![\w-])"
)
_FRENCH = re.compile(
    r"\d{1,4}(?: ?(?:bis|ter|quater))?,? (?i:rue|avenue|av\.|bd|boulevard|place|chemin|allée|impasse|quai|cours|route|square|passage"
    r"|faubourg|sentier|résidence|villa)(?: (?:de la|de l['’]|du|des|de|d['’]|l['’]|aux|au|le|la))?[ ]?[A-ZÀÂÉÈÊÎÔÛÇ0-9][\w'’.-]{1,24}"
    r"(?:[ -](?:de |du |des |la )?[A-ZÀÂÉÈÊÎÔÛÇ][\w'’.-]{1,24}){0,3}"
)
_LAST_WORD = re.compile(r"[^\W\d_](?:[\w.'-]{0,40}[\w.])?$")
_FIRST_NAMES = re.compile(r"[A-ZÄÖÜ][\w.'ß-]{1,24}(?:er|e|en|s|-[A-ZÄÖÜ][\w-]{1,24})?$")
ENDINGS: tuple[str, ...] = (
    "straße", "strasse", "str.", "weg", "allee", "platz", "gasse", "ring", "damm", "ufer", "chaussee", "steig", "stieg", "pfad",
    "straat", "laan", "plein", "gracht", "kade", "dijk", "singel", "dreef", "steeg", "plantsoen", "gatan", "vägen", "gata", "vej",
    "gade", "veien", "katu", "tie",
)  # fmt: skip
_SURE_ENDINGS = ("straße", "strasse", "straat")
_WEAK_ENDINGS = (
    "ring",
    "tie",
    "gade",
    "kade",
    "gata",
    "katu",
    "damm",
    "vej",
)  # also ends of everyday words: `During 1996`
_WHOLE_WORDS = frozenset(("straße", "strasse", "str.", "weg", "allee", "laan", "straat", "chaussee"))
_ROADS = ("bundesstraße", "bundesstrasse", "landesstraße")  # with a number behind: a road, not a house
_ROMANCE = re.compile(
    r"(?:^|[\s(,:;\"'])((?:Calle|C/|Avenida|Avda\.?|Av\.?|Paseo|Plaza|Camino|Carrera|Via|Viale|Piazza|Piazzale|Corso|Largo|Rua|Travessa|Praça|Praceta|Strada|Vicolo|Borgo|Contrada|Rotonda|Stretto|Canale|Incrocio|Lungomare|Circonvallazione|Salita|Galleria|Pasaje|Pasadizo|Cuesta|Cañada|Ronda|Glorieta|Travesía|Callejón|Rambla|Urbanización|Vial|Acceso|Alameda|Alto|Beco|Estrada|Rúa|aleja|Aleja|ulica|pl\.|al\.|ul\.)"
    r" ?(?:(?:[A-ZÀ-Ž][\wÀ-ÿ.'’-]{0,24}|\d{1,2}|de|del|della|delle|dello|degli|dei|di|da|do|dos|das|du|la|las|los|lo|le|e|y|i|san|santa|[dl]['’]\w{1,20}|dell['’]\w{1,20}) ){0,4}?"
    r"[A-ZÀ-Ž0-9][\wÀ-ÿ.'’-]{1,24}),? (?:n[º°o.]{0,2} ?)?$"
)
_NUMBER = re.compile(r"\d{1,4} ?(?:[a-zA-Z](?![A-Za-z]))?(?:[-/–] ?\d{1,4}[a-z]?)?(?![\d])")
_EURO_TOWN = re.compile(
    r"(?:,|\n|,\n)? ?(?:(?:D|A|CH|F|NL|B|DE|AT|FR)-)?(?:\d{4} ?[A-Z]{2}|\d{4,5})(?:,? (?:[A-ZÄÖÜÉ][\wÀ-ÿ'-]{1,24})(?:[ -](?:am|an der|im|sur|de|den)? ?[A-ZÄÖÜ][\wÀ-ÿ-]{1,24}){0,2})?(?!\w)"
)
_WIDTH = 70  # characters looked at on either side of a house number
# Words of every day: a street of theirs is found where another kind, or a town (compose.address), stands beside it.
_EVERYDAY = frozenset(
    "end part line run key land club rest turn ring link gap edge fold lower mead top tor strip steps slope sound light lights lock keys mall mill ways wall walls dam dip "
    "fort fall falls flat flats field fields front gate gates camp cape bend beach bottom branch common club course return reach reserve range drives round rue ramp".split()
) - {"rue", "top"}
_KIND_WORDS = tuple(
    sorted(
        (KINDS - _EVERYDAY) | set(_SURE.split("|")) | set("rue bd chemin allée impasse quai cours passage faubourg sentier résidence villa".split())
    )
)  # fmt: skip
_KIND_WORDS_BEFORE = tuple(
    "calle c avenida avda av paseo plaza camino carrera via viale piazza piazzale corso largo rua travessa praça praceta strada vicolo borgo contrada rotonda "
    "stretto canale incrocio lungomare circonvallazione salita galleria pasaje pasadizo cuesta cañada ronda glorieta travesía callejón rambla urbanización vial acceso "
    "alameda alto beco estrada rúa aleja ulica pl al ul".split()
)


def find(document: Document) -> Iterator[Span]:
    before = bool(document.places(_KIND_WORDS))
    behind = document.has_word(*ENDINGS) or bool(document.places(_KIND_WORDS_BEFORE))
    taken = 0
    for start, end in document.numbers if before or behind else ():
        if start < taken or end - start > 6:
            continue
        found = None
        if before and document.near(_KIND_WORDS, end, end + _WIDTH):
            found = _number_first(document, start)
        if found is None and behind and _may_end(document, start):
            found = _number_last(document, start, taken)
        if found is not None:
            taken = found[1]
            yield hit("street", *found, Label.STREET_ADDRESS, 0.8)


def _may_end(document: Document, start: int) -> bool:
    """Whether the word before a number ends like a street, or a kind of street stands among those before."""
    if start < 4 or document.text[start - 1] not in " .°º":
        return False
    stem = document.lower[start - 12 if start > 12 else 0 : start].removesuffix("nr. ").rstrip(" ,")
    return stem.endswith(ENDINGS) or document.near(_KIND_WORDS_BEFORE, start - _WIDTH, start)


def _number_first(document: Document, start: int) -> tuple[int, int] | None:
    text = document.text
    if start and (text[start - 1].isalnum() or text[start - 1] in ".$€£%"):
        return None
    end, strong = _english(text, start)
    if end:
        last = _tail(text, end, _TOWN)
        if strong or last > end or _led_to(document, start, end):
            return start, last
    match = _FRENCH.match(text, start)
    if match is not None:
        return start, _tail(text, match.end(), _EURO_TOWN)
    match = _LOWER.match(text, start)
    return (start, _tail(text, match.end(), _TOWN)) if match is not None else None


def _led_to(document: Document, start: int, end: int) -> bool:
    """Whether a word leads to a place, and the number is no year: `from 974 Santiago Top`, not `in 2007 Bowling Green`."""
    year = document.text[start : start + 2] in ("19", "20") and document.text[start + 4 : start + 5] == " "
    return not year and end - start > _SHORTEST and _LEADS.search(document.before(start, 24)) is not None


_SHORTEST = 9  # characters of a street with its number, where only a word leads to it
_LEADS = re.compile(
    r"(?:\b(?:at|from|near|behind|outside|opposite|between|live on|lives on|front of|moved to|go to|goes to|way to|delivered to|sent to|deliver to|ship to|send to|address is|is)"
    r"|\b(?:address|street|home|location):) $"
)


def _english(text: str, start: int) -> tuple[int, bool]:
    """Where `12 North High Street` ends, at the last kind of street among the capitalised words, and whether that kind is strong."""
    house = _HOUSE.match(text, start)
    if house is None:
        return 0, False
    position, end, strong, before = house.end(), 0, False, ""
    for index in range(_MOST_WORDS):
        word = _STREET_WORD.match(text, position)
        if word is None:
            break
        name = word[0].rstrip(" .").lower()
        if name == "drive" and before in _OTHER_DRIVES:
            break
        if (index and name in KINDS) or (end and name in _COMPASS):
            end = position + len(word[0].rstrip())
            strong = strong or name in _STRONG
        position, before = word.end(), name
        if not word[0].endswith(" "):
            break
    return end, strong


def _number_last(document: Document, start: int, taken: int) -> tuple[int, int] | None:
    text = document.text
    before = text[max(taken, start - 70) : start]
    before = before[before.rfind("\n") + 1 :]
    number = _NUMBER.match(text, start)
    if number is None:
        return None
    match = _ROMANCE.search(before)
    begin = match.start(1) if match is not None else _named_street(before)
    if begin < 0:
        return None
    end = _number_end(text, number)
    last = _tail(text, end, _EURO_TOWN)
    weak = match is None and before.rstrip(" ,").lower().endswith(_WEAK_ENDINGS)
    return None if weak and last == end else (start - len(before) + begin, last)


def _named_street(before: str) -> int:
    """Where the street name begins that ends right before the number, or -1: `Hauptstraße `, `Lange Straße `, `Karl-Marx-Platz `."""
    stem = before.rstrip().removesuffix("Nr.").rstrip(" ,")
    if not stem.lower().endswith(ENDINGS):
        return -1
    word = _LAST_WORD.search(stem)
    if word is None or not word[0].lower().endswith(ENDINGS):
        return -1
    begin, last = word.start(), word[0]
    folded = last.lower()
    if folded not in _WHOLE_WORDS and (folded in ENDINGS or folded in _ROADS):
        return -1
    if folded not in _WHOLE_WORDS:
        return begin if last[0].isupper() or folded.endswith(_SURE_ENDINGS) else -1
    match = _FIRST_NAMES.search(stem[: max(0, begin - 1)])
    return match.start() if match is not None and last[0].isupper() else -1


def _number_end(text: str, number: re.Match[str]) -> int:
    end = number.end()
    return end if text[end - 1] != " " else end - 1


def _tail(text: str, end: int, town: re.Pattern[str]) -> int:
    """With the unit, the postal code and the town that follow."""
    unit = _UNIT.match(text, end)
    if unit is not None and any(c.isdigit() for c in unit[0]):
        end = unit.end()
    match = town.match(text, end)
    return match.end() if match is not None else end


STREET = Pattern(
    "street",
    (Label.STREET_ADDRESS,),
    find,
    digits=True,
    lexicon=(*_KIND_WORDS, *_KIND_WORDS_BEFORE, *ENDINGS),
)
