"""Names behind the word for who somebody is to somebody: `my sister Wanda`, `unser Nachbar Hank`, `a colleague named Olof`, `is called Gautami`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.privacy.document import Document
from tidegate.privacy.patterns.base import Pattern, hit
from tidegate.privacy.spans import Label, Span

_NAME = r"[A-ZÀ-Ž][a-zà-ž'’-]{1,24}(?: (?:(?:van|von|de|der|den|del|la|di|da|ten|ter|zu|bin|al) ){0,2}[A-ZÀ-Ž][\w'’-]{1,24}){0,2}(?!\w)"
_KIN = (
    "sister|brother|mother|father|mom|mum|dad|son|daughter|wife|husband|boyfriend|girlfriend|fiancée?|partner|friend|roommate|flatmate|neighbou?r|landlord|landlady|boss"
    "|colleague|coworker|co-worker|cousin|uncle|aunt|nephew|niece|grandmother|grandfather|grandma|grandpa|nanny|tenant|client|patient|student|teacher|doctor|lawyer"
    "|schwester|bruder|mutter|vater|tochter|sohn|frau|mann|freund|freundin|nachbar|nachbarin|kollege|kollegin|chef|chefin|tante|onkel|vermieter|vermieterin"
    "|sœur|soeur|frère|mère|père|fille|fils|mari|femme|ami|amie|voisine?|collègue|hermano|hermana|madre|padre|hijo|hija|esposa|esposo|marido|novi[oa]|amig[oa]|vecin[oa]"
    "|zus|broer|moeder|vader|dochter|zoon|vriend|vriendin|buurman|buurvrouw|sorella|fratello|figli[oa]|moglie|marito|amic[oa]|vicin[oa]"
)
_OWNERS = "my|his|her|our|their|your|mein|meine|unser|unsere|sein|seine|ihr|ihre|mon|ma|notre|son|sa|mi|su|nuestr[oa]|mijn|onze|zijn|haar|mio|mia|suo|sua"
_OF = re.compile(rf"\b(?:{_OWNERS}) (?:(?:older|younger|little|big|late|best|new|old|ex) ?-?)?(?:{_KIN}),? ")
_OF_SHAPE = rf"\b(?:{_OWNERS}) (?:(?:older|younger|little|big|late|best|new|old|ex) ?-?)?(?:{_KIN}),? "
_CALLED = re.compile(
    r"\b(?:is|was|are|a (?:man|woman|boy|girl|guy|colleague|friend|nurse|teacher|driver)|someone|somebody|person|whose name is|he's|she's) (?:called|named) "
)
_CALLED_SHAPE = r" (?:called|named) "
_NAMED = re.compile(_NAME)
_NOBODY = frozenset(
    "i the a an it he she they we you this that and or but is was has who when if in on at to for from with because so not no yes god monday tuesday wednesday thursday "
    "friday saturday sunday january february march april may june july august september october november december english german french spanish alexa siri google".split()
)


def find(document: Document) -> Iterator[Span]:
    for shape, lead in ((_OF_SHAPE, _OF), (_CALLED_SHAPE, _CALLED)):
        for said in lead.finditer(document.lower) if document.has_shape(shape) else ():
            name = _NAMED.match(document.text, said.end())
            if name is not None and name[0].split()[0].lower() not in _NOBODY:
                yield hit("kin", *name.span(), Label.PERSON, 0.6)


KIN = Pattern(
    "kin", (Label.PERSON,), find, shape=f"{_OF_SHAPE}|{_CALLED_SHAPE}", shapes=(_OF_SHAPE, _CALLED_SHAPE)
)
