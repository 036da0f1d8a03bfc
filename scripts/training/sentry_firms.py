"""Firms, authorities, schools and people as they are named and signed: invented, or known to everybody. Pure but for the random source."""

from __future__ import annotations

import random

from scripts.training.sentry_places import PLACES, WORDS, Piece, Pieces, town
from scripts.training.sentry_words import Lexicon

_FIRMS: dict[str, list[str]] = WORDS["firms"]
_PARTICLES = ("van", "van der", "van den", "de", "de la", "del", "von", "von der", "da", "dos", "di", "Al", "El", "al-", "bin", "ten", "Mac", "St.", "le", "O'")  # fmt: skip
_TITLES = "Mr Mr. Mrs Mrs. Ms Ms. Miss Dr Dr. Prof. Professor Sir Judge Captain Rev. Sgt. Officer Nurse Senator Uncle Aunt".split()
_TITLES_BY = {
    "de": ["Herr", "Frau", "Dr.", "Prof.", "Herr Dr.", "Frau Dr.", "Herrn"],
    "fr": ["Monsieur", "Madame", "Mme", "M.", "Mlle", "Dr", "Maître"],
    "nl": ["meneer", "mevrouw", "de heer", "Mevr.", "Dhr.", "dr."],
    "es": ["Señor", "Señora", "Sr.", "Sra.", "Don", "Doña", "Dr."],
    "it": ["Signor", "Signora", "Sig.", "Sig.ra", "Dott.", "Avv."],
}


def title(rng: random.Random, language: str = "en") -> str:
    """What stands before a name and is none."""
    return rng.choice(_TITLES_BY.get(language, _TITLES))


def _initial(rng: random.Random) -> str:
    return rng.choice("ABCDEFGHIJKLMNOPRSTUVW")


def full_name(lex: Lexicon, rng: random.Random) -> str:
    """A person's whole name in one of the shapes it is written in."""
    (first, last), roll = lex.pair(rng), rng.random()
    if roll < 0.52:
        return f"{first} {last}"
    if roll < 0.59:
        return f"{first} {_initial(rng)}{rng.choice(('. ', '. ', ' '))}{last}"
    if roll < 0.66:
        return f"{first} {lex.first(rng)} {last}"
    if roll < 0.71:
        return f"{first} {last}-{lex.last(rng)}" if rng.random() < 0.6 else f"{first}-{lex.first(rng)} {last}"
    if roll < 0.76:
        return f"{first} {last} {lex.last(rng)}"  # two surnames
    if roll < 0.82:
        particle = rng.choice(_PARTICLES)
        return f"{first} {particle}{'' if particle[-1] in '-’' or particle[-1] == chr(39) else ' '}{last}"
    if roll < 0.87:
        return (
            f"{first[0]}. {last}"
            if rng.random() < 0.6
            else f"{first[0]}.{rng.choice(('', ' '))}{_initial(rng)}. {last}"
        )
    if roll < 0.94:
        return f"{last}, {first}" if rng.random() < 0.75 else f"{last}, {first} {_initial(rng)}."
    return f"{first} {last}{rng.choice((' Jr.', ', Jr.', ' Sr.', ' III', ' II', ' Jr'))}"


def person(lex: Lexicon, rng: random.Random, language: str = "en") -> Pieces:
    """A whole name, now and then with a title before it or letters behind it, which are no part of it."""
    found = [Piece(full_name(lex, rng), "PER")]
    if rng.random() < 0.14:
        found = [Piece(f"{title(rng, language)} "), *found]
    if rng.random() < 0.04:
        found.append(
            Piece(
                rng.choice((", PhD", " MD", ", M.D.", ", MBA", " DDS", ", Esq.", " DVM", ", RN", ", M.Sc."))
            )
        )
    return found


def brand(rng: random.Random) -> str:
    """A name nobody has heard of."""
    roll = rng.random()
    if roll < 0.6:
        name = rng.choice(_FIRMS["starts"]) + rng.choice(_FIRMS["middles"]) + rng.choice(_FIRMS["ends"])
        return name.upper() if rng.random() < 0.06 and len(name) < 7 else name
    if roll < 0.72:
        half = rng.choice(_FIRMS["starts"]) + rng.choice(_FIRMS["middles"])
        return half + rng.choice(_FIRMS["ends"]).capitalize()
    if roll < 0.9:
        return f"{rng.choice(_FIRMS['adjectives'])} {rng.choice(_FIRMS['nouns'])}"
    if roll < 0.95:
        return f"{rng.choice(_FIRMS['nouns'])} & {rng.choice(_FIRMS['nouns'])}"
    return "".join(rng.choices("ABCDEFGHIKLMNOPRSTUVW", k=rng.choice((3, 3, 4))))


def _family_firm(lex: Lexicon, rng: random.Random) -> str:
    """A firm that bears its founders' names."""
    one, two, three = lex.last(rng), lex.last(rng), lex.last(rng)
    roll = rng.random()
    if roll < 0.24:
        return f"{one}, {two} {rng.choice(('and', 'and', '&'))} {three}"
    if roll < 0.42:
        return f"{one}-{two}"
    if roll < 0.52:
        return f"{one} {rng.choice(('&', 'and', '+', 'und', 'et', 'e', 'y', 'en'))} {two}"
    if roll < 0.80:
        return (
            f"{one} {rng.choice(_FIRMS['legal'][:20]) if rng.random() < 0.5 else rng.choice(_FIRMS['legal'])}"
        )
    if roll < 0.93:
        return f"{one} {rng.choice(('and Sons', '& Sons', 'Group', 'Brothers', '& Partner', 'Frères', 'et Fils', 'e figli', 'Hermanos', '& Söhne', 'Zonen', 'Associés'))}"
    return f"{lex.first(rng)} {one} {rng.choice(_FIRMS['legal'])}"


def _trade(lex: Lexicon, rng: random.Random) -> str:
    stem = rng.choice(
        (
            lambda: brand(rng),
            lambda: lex.last(rng),
            lambda: town(lex, rng),
            lambda: rng.choice(_FIRMS["adjectives"]),
        )
    )()
    kind = rng.choice(_FIRMS["kinds"])
    text = f"{stem} {kind}"
    return f"{text} {rng.choice(_FIRMS['legal'])}" if rng.random() < 0.3 else text


def _public(lex: Lexicon, rng: random.Random, language: str) -> str:
    """A university, hospital, authority, paper, school, bank, club."""
    place, last, field = town(lex, rng), lex.last(rng), rng.choice(_FIRMS["fields"])
    state = rng.choice(PLACES["us_states"]).partition("/")[0]
    own = {
        "de": (f"Universität {place}", f"Technische Universität {place}", f"Klinikum {place}", f"Sparkasse {place}", f"Volksbank {place} eG", f"Stadtwerke {place}", f"Finanzamt {place}", f"Amtsgericht {place}", f"Landratsamt {place}", f"AOK {place}", f"{last}-Gymnasium", f"TSV {place}", f"{place}er Zeitung", f"Autohaus {last}", f"Praxis Dr. {last}", f"Kanzlei {last}", f"Bäckerei {last}", f"Hotel {last}"),
        "fr": (f"Université de {place}", f"CHU de {place}", f"Mairie de {place}", f"Lycée {last}", f"Hôpital {last}", f"Crédit {last}", f"Tribunal de {place}", f"Garage {last}", f"Boulangerie {last}", f"Cabinet {last}", f"Préfecture de {place}"),
        "nl": (f"Gemeente {place}", f"Universiteit {place}", f"{last} Ziekenhuis", f"Rechtbank {place}", f"Bakkerij {last}", f"Stichting {last}", f"Hogeschool {place}", f"Garage {last}", f"Makelaardij {last}"),
        "es": (f"Universidad de {place}", f"Ayuntamiento de {place}", f"Hospital {last}", f"Colegio {last}", f"Banco {last}", f"Grupo {last}", f"Talleres {last}"),
        "it": (f"Università di {place}", f"Comune di {place}", f"Ospedale {last}", f"Banca {last}", f"Liceo {last}", f"Studio {last}", f"Gruppo {last}"),
    }.get(language)  # fmt: skip
    english = (
        f"University of {place}", f"{last} University", f"{place} State University", f"{state} State University", f"{last} College", f"{place} Community College", f"St. {lex.first(rng)}'s Hospital", f"{place} General Hospital", f"{last} Memorial Hospital", f"{place} Medical Center", f"{last} Clinic",
        f"Bank of {place}", f"First National Bank of {place}", f"{last} Savings Bank", f"{place} Credit Union", f"Department of {field}", f"{state} Department of {field}", f"Ministry of {field}", f"Federal {field} Agency", f"{place} City Council", f"{place} County Court", f"{place} Police Department", f"{place} Fire Department",
        f"The {place} Times", f"{place} Post", f"The {last} Institute", f"{last} Foundation", f"{last} Elementary School", f"{last} High School", f"{place} Public Library", f"{place} United", f"{place} FC", f"Hotel {last}", f"The {rng.choice(_FIRMS['adjectives'])} {rng.choice(_FIRMS['nouns'])}", f"Café {last}", f"{last}'s", f"{last}'s Diner", f"Church of St. {lex.first(rng)}", f"{place} Chamber of Commerce", f"Museum of {place}", f"{place} Airport Authority", f"International {field} Association",
    )  # fmt: skip
    return rng.choice(own if own and rng.random() < 0.75 else english)


def firm(lex: Lexicon, rng: random.Random, language: str = "en") -> str:
    """An organisation."""
    roll = rng.random()
    if roll < 0.36:
        return _family_firm(lex, rng)
    if roll < 0.50:
        return rng.choice(_FIRMS["real"])
    if roll < 0.60:
        name = brand(rng)
        return f"{name} {rng.choice(_FIRMS['legal'])}" if rng.random() < 0.4 else name
    if roll < 0.72:
        if language == "de" and rng.random() < 0.5:
            return f"{lex.last(rng)} {rng.choice(_FIRMS['german'])} {rng.choice(('GmbH', 'AG', 'KG', ''))}".strip()
        return _trade(lex, rng)
    if roll < 0.80:
        return rng.choice(lex.firms)
    return _public(lex, rng, language)
