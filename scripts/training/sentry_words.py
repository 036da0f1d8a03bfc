"""Names, streets, towns and firms to compose private text from: public lists, corpora, and a few lists written here."""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.training import sentry_world
from scripts.training.sentry_data import Example

_FIRST = """Anna Maria Julia Laura Sarah Emma Olivia Sophie Lena Hannah Marie Clara Nina Eva Ingrid Petra Monika Sabine
Karin Ursula Fatima Aisha Leila Yasmin Priya Ananya Mei Yuki Keiko Amara Zainab Chloe Camille Manon Amélie Léa Élodie
Brigitte Sanne Femke Lotte Anouk Marieke Saskia Alice Grace Mary Patricia Jennifer Linda Elizabeth Susan Jessica Karen
Nancy Lisa Margaret Betty Sandra Ashley Dorothy Kimberly Emily Donna Michelle Carol Amanda Melissa Deborah Stephanie
Rebecca Sharon Cynthia Kathleen Amy Angela Shirley Brenda Pamela Nicole Ruth Katherine Samantha Christine Debra Rachel
Carolyn Janet Heather Diane Joyce Victoria Kelly Lauren Joan Evelyn Judith Megan Cheryl Andrea Hanna Jacqueline Martha
James John Robert Michael William David Richard Joseph Thomas Charles Christopher Daniel Matthew Anthony Mark Donald
Steven Paul Andrew Joshua Kenneth Kevin Brian George Edward Ronald Timothy Jason Jeffrey Ryan Jacob Gary Nicholas Eric
Jonathan Stephen Larry Justin Scott Brandon Benjamin Samuel Gregory Frank Raymond Alexander Patrick Jack Dennis Jerry
Hans Klaus Jürgen Günther Wolfgang Dieter Stefan Lukas Felix Jonas Moritz Max Tobias Sven Björn Lars Erik Ole Pierre
Jean Luc Antoine Hugo Louis Théo Bastien Mathieu Jan Pieter Willem Daan Bram Sander Ruben Joost Mohammed Ahmed Omar
Hassan Ali Ravi Arjun Sanjay Wei Jun Hiroshi Kenji Carlos José Miguel Juan Pablo Diego Giovanni Marco Luca Matteo
Piotr Marek Tomasz Katarzyna Agnieszka Ivan Dmitri Olga Svetlana Nikolai Chidi Kwame Oluwaseun Thandiwe Siobhan Niamh
Liam Noah Ethan Mason Logan Aiden Zoe Mia Ella Ava Isla Poppy Freya Imogen Harriet Beatrice Rosalind Wren Percy Otis
Rose Will Mark Grace Hope Faith Joy Dawn May June April Chase Drew Sky River Sage Ivy Holly Iris Olive Ruby Pearl""".split()

_LAST = """Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Gonzalez Wilson
Anderson Thomas Taylor Moore Jackson Martin Lee Perez Thompson White Harris Sanchez Clark Ramirez Lewis Robinson Walker
Young Allen King Wright Scott Torres Nguyen Hill Flores Green Adams Nelson Baker Hall Rivera Campbell Mitchell Carter
Roberts O'Connor O'Brien McDonald McCarthy Fitzgerald Okafor Okonkwo Adeyemi Mensah Nkosi Khan Ahmed Hussain Patel Sharma
Singh Gupta Iyer Chen Wang Li Zhang Liu Tanaka Suzuki Sato Yamamoto Kim Park Choi Tran Pham Müller Schmidt Schneider
Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter Klein Wolf Schröder Neumann Schwarz
Zimmermann Braun Krüger Hofmann Hartmann Lange Werner Dubois Durand Leroy Moreau Laurent Lefebvre Fournier Girard
Lefèvre Mercier Bonnet François Rousseau Jansen Bakker Visser Smit Meijer Mulder Dekker Brouwer Vermeulen Hendriks
Kowalski Nowak Wiśniewski Lewandowski Rossi Ferrari Bianchi Romano Silva Santos Oliveira Costa Ferreira Novák Svensson
Johansson Andersson Nielsen Hansen Larsen Olsen Virtanen Ivanov Petrov Sokolova Popescu Papadopoulos Yılmaz Demir
Whitfield Ashworth Pemberton Holloway Thackeray Winterbourne Blackwood Fairchild Hargreaves Kingsley Lockhart Cole Stone
Long Short Rich Wood Field Banks Price Cook Bishop Fox Day Gold Bell Lamb Page Cross Marsh Rowe Frost Chase Hunt""".split()

_TOWNS = """London Manchester Leeds Bristol Birmingham Sheffield Liverpool Glasgow Edinburgh Cardiff Belfast York Oxford
Cambridge Brighton Reading Norwich Exeter Bath Derby Leicester Nottingham Springfield Portland Austin Dallas Houston
Chicago Boston Seattle Denver Phoenix Atlanta Miami Orlando Columbus Cleveland Detroit Memphis Nashville Boise Fresno
Oakland Sacramento Berlin Hamburg München Köln Frankfurt Stuttgart Leipzig Dresden Hannover Bremen Kassel Mainz Freiburg
Paris Lyon Marseille Toulouse Nantes Bordeaux Lille Rennes Reims Grenoble Dijon Amsterdam Rotterdam Utrecht Eindhoven
Groningen Tilburg Breda Haarlem Zwolle Leiden Delft Arnhem Brussels Antwerp Gent Vienna Zürich Basel Bern Geneva Madrid
Barcelona Rome Milan Warsaw Prague Dublin Cork Galway Toronto Sydney Melbourne Auckland""".split()

_TREES = """Oak Elm Maple Cedar Pine Birch Willow Ash Chestnut Walnut Sycamore Hawthorn Laurel Magnolia Poplar Spruce Park
Church Station Mill High Main Market Bridge Victoria Albert Queen King Prince School Castle Garden Hill Lake River Spring
Meadow Orchard Forest Sunset Highland Lakeview Fairview Washington Lincoln Jefferson Madison Franklin Jackson Harbour
Harbor Chapel Abbey Manor Grange Priory Rectory Vicarage Windmill Quarry Foundry Tannery Cooper Baker Fisher Potter Weaver
Kingfisher Heron Swallow Falcon Badger Fox Rosemary Lavender Primrose Bluebell Juniper Heather Bramble Thistle Clover
First Second Third Fourth Fifth Sixth Seventh North South East West Upper Lower Old New Great Little Ocean Bay Cliff Beach
1st 2nd 3rd 5th 12th 21st 42nd""".split()

_SUFFIX = """Street Street Street St St. Road Road Road Rd Rd. Avenue Avenue Ave Ave. Lane Lane Ln Drive Drive Dr Dr.
Court Ct Close Way Way Place Pl Terrace Crescent Boulevard Blvd Gardens Square Sq Row Grove Mews Parade Walk Rise View
Hill Green Park Circle Cir Parkway Pkwy Trail Trl Highway Hwy Alley Path Loop Ridge Plaza Quay Wharf Gate Yard Heights
Broadway Esplanade""".split()

_FR_KIND = [
    "rue",
    "rue",
    "rue",
    "avenue",
    "av.",
    "boulevard",
    "bd",
    "place",
    "chemin",
    "impasse",
    "allée",
    "quai",
    "route",
    "cours",
    "Rue",
    "Avenue",
    "Boulevard",
    "Place",
]
_FR_NAME = [
    "Victor Hugo",
    "de la République",
    "des Lilas",
    "du Moulin",
    "de l'Église",
    "Jean Jaurès",
    "de la Gare",
    "des Écoles",
    "Pasteur",
    "Voltaire",
    "du Général de Gaulle",
    "de Verdun",
    "Saint-Michel",
    "de la Paix",
    "des Fleurs",
    "du Château",
    "de la Fontaine",
    "Gambetta",
    "Molière",
    "Émile Zola",
    "des Acacias",
    "de Paris",
    "de Lyon",
    "du Port",
    "Sainte-Anne",
    "de Rivoli",
    "des Tilleuls",
    "du Bac",
    "Nationale",
]
_NL_STEM = """Kerk School Dorps Molen Stations Beatrix Juliana Wilhelmina Linden Eiken Beuken Kastanje Prinsen Keizers
Heren Markt Haven Water Nieuw Oude Hoofd Parallel Rozen Tulpen Vondel Rembrandt Mozart Julianastraat Spui Zand Veld
Berg Duin Zee Noord Zuid Ooster Wester Singel Dam Brug Vis Kalver Leidse Utrechtse""".split()
_NL_END = "straat straat straat weg laan laan plein gracht kade dijk singel hof steeg pad".split()
_OTHER = [
    "Calle {}",
    "Avenida {}",
    "Via {}",
    "Piazza {}",
    "Viale {}",
    "Rua {}",
    "ul. {}",
    "Calle de {}",
    "Paseo de {}",
]

_FIRM_END = [
    "GmbH",
    "AG",
    "Ltd",
    "Ltd.",
    "Inc.",
    "Inc",
    "LLC",
    "plc",
    "BV",
    "B.V.",
    "SA",
    "SARL",
    "& Co. KG",
    "Group",
    "Partners",
    "Bank",
    "Insurance",
    "Logistics",
    "Energy",
    "Heating",
    "Solutions",
    "Systems",
    "University",
    "Hospital",
    "Clinic",
    "Council",
    "Airlines",
    "Foundation",
    "& Sons",
    "Motors",
    "Labs",
    "Technologies",
]

_LATIN = re.compile(r"[A-ZÀ-ÖØ-ÞĀ-Ž][a-zß-öø-ÿā-ž]{1,14}(?:[-'’][A-ZÀ-Þ]?[a-zß-ÿ]+)?$")


INVENTED = 0.07  # share of names of no list: where they stand must be enough
_ONSETS = (
    "b br ch d dr f fr g gh gr h j k kh kl kw l m mb n ng ny p ph r s sh st t th tr ts v w xh y z zh".split()
)
_VOWELS = "a a a e e i i o o u ai ei ia io oa ou ue aa ee".split()
_CODAS = [
    "",
    "",
    "",
    "",
    "n",
    "n",
    "r",
    "l",
    "s",
    "k",
    "m",
    "ng",
    "sh",
    "t",
    "v",
    "x",
    "rd",
    "nd",
    "vic",
    "ov",
    "ski",
]


def invented(rng: random.Random) -> str:
    """A name of one to three syllables from no list and no country."""
    syllables = rng.choice((1, 2, 2, 2, 3))
    text = "".join(rng.choice(_ONSETS) + rng.choice(_VOWELS) for _ in range(syllables)) + rng.choice(_CODAS)
    return text.capitalize()


@dataclass(frozen=True)
class Lexicon:
    """Pools of words. A held-out lexicon shares no entry of the public lists with the training one."""

    firsts: Sequence[str]
    lasts: Sequence[str]
    towns: Sequence[str]
    firms: Sequence[str]
    german_streets: Sequence[str]
    world: sentry_world.World

    def pair(self, rng: random.Random) -> tuple[str, str]:
        """A first and a last name: of one country, from the mixed lists, or such as nobody has heard."""
        if rng.random() < INVENTED:
            return invented(rng), invented(rng)
        if rng.random() < 0.5:
            return self.world.pair(rng)
        first = rng.choice(_FIRST) if rng.random() < 0.4 else rng.choice(self.firsts)
        return first, rng.choice(_LAST) if rng.random() < 0.25 else rng.choice(self.lasts)

    def first(self, rng: random.Random) -> str:
        return self.pair(rng)[0]

    def last(self, rng: random.Random) -> str:
        return self.pair(rng)[1]

    def town(self, rng: random.Random) -> str:
        roll = rng.random()
        return rng.choice(_TOWNS if roll < 0.4 else self.world.towns if roll < 0.6 else self.towns)

    def firm(self, rng: random.Random) -> str:
        roll = rng.random()
        if roll < 0.35:
            return rng.choice(self.firms)
        if roll < 0.75:
            return f"{self.last(rng)} {rng.choice(_FIRM_END)}"
        return f"{self.last(rng)} {rng.choice(['&', 'and', '+'])} {self.last(rng)}"


def person(lex: Lexicon, rng: random.Random) -> str:
    """A full name in one of the orders and shapes people write."""
    (first, last), roll = lex.pair(rng), rng.random()
    if roll < 0.66:
        return f"{first} {last}"
    if roll < 0.74:
        return f"{first} {rng.choice('ABCDEFGHJKLMNPRSTW')}. {last}"
    if roll < 0.80:
        return f"{first} {lex.first(rng)} {last}"
    if roll < 0.85:
        return f"{first} {last}-{lex.last(rng)}"
    if roll < 0.90:
        return f"{first} {rng.choice(['van', 'van der', 'de', 'von', 'van den', 'da', 'Al', 'El', 'bin', 'Mac'])} {last}"
    return f"{last}, {first}" if roll < 0.95 else f"{first[0]}. {last}"


def street_name(lex: Lexicon, rng: random.Random, country: str) -> str:
    """A street without its number."""
    if country == "de":
        return rng.choice(lex.german_streets)
    if country == "fr":
        tail = rng.choice(_FR_NAME) if rng.random() < 0.6 else f"{lex.first(rng)} {lex.last(rng)}"
        return f"{rng.choice(_FR_KIND)} {tail}"
    if country == "nl":
        stem = rng.choice(_NL_STEM) if rng.random() < 0.6 else rng.choice([lex.last, lex.town])(rng)
        return stem + rng.choice(_NL_END) if " " not in stem else f"{stem} weg"
    if country == "xx":
        return rng.choice(_OTHER).format(rng.choice([lex.last, lex.town])(rng))
    roll = rng.random()
    stem = rng.choice(_TREES) if roll < 0.5 else lex.last(rng) if roll < 0.8 else lex.town(rng)
    if rng.random() < 0.12:
        stem = f"{rng.choice(['North', 'South', 'East', 'West', 'N.', 'S', 'Old', 'Upper', 'St', 'Saint'])} {stem}"
    return f"{stem} {rng.choice(_SUFFIX)}"


def _names(examples: Sequence[Example]) -> tuple[list[str], list[str], list[str]]:
    firsts: dict[str, int] = {}
    lasts: dict[str, int] = {}
    towns: dict[str, int] = {}
    for example in examples:
        for start, end, kind in example.spans:
            words = example.text[start:end].split()
            if kind == "PER" and len(words) == 2 and all(map(_LATIN.match, words)):
                firsts[words[0]] = firsts.get(words[0], 0) + 1
                lasts[words[1]] = lasts.get(words[1], 0) + 1
            elif kind == "LOC" and len(words) <= 2 and all(map(_LATIN.match, words)):
                towns[" ".join(words)] = 1
    return sorted(firsts), sorted(lasts), sorted(towns)


def build(shared: Path, examples: Sequence[Example]) -> tuple[Lexicon, Lexicon]:
    """The training lexicon and the held-out one: every list is dealt out by position, one entry in ten held out."""
    lists = shared / "pii/german-ler-gazetteers"

    def gazetteer(name: str, limit: int) -> list[str]:
        lines = (
            (lists / f"gazetteers__{name}.list").read_text(encoding="utf-8", errors="replace").splitlines()
        )
        kept = [line.strip() for line in lines if 3 <= len(line.strip()) <= 40 and line.strip()[0].isalnum()]
        return kept[:: max(1, len(kept) // limit)]

    firsts, lasts, towns = _names(examples)
    surnames = [name for name in gazetteer("personennamen", 20000) if _LATIN.match(name)]
    pools = (
        firsts,
        lasts * 2 + surnames,
        towns + gazetteer("stadtnamen", 3000),
        gazetteer("firmennamen", 8000),
        gazetteer("strassennamen", 20000),
    )

    held = sentry_world.held_out
    seen, unseen = sentry_world.build()

    def part(of: sentry_world.World, wanted: bool) -> Lexicon:
        firsts, lasts, towns, firms, streets = ([w for w in pool if held(w) is wanted] for pool in pools)
        return Lexicon(firsts, lasts, towns, firms, streets, of)

    return part(seen, False), part(unseen, True)
