"""Private text as people and programs write it: prose, chat, JSON, log lines, forms, with known spans. Made, not copied."""

import json
import random
import re
from collections.abc import Callable

from scripts.training.sentry_data import Example
from scripts.training.sentry_words import Lexicon, person, street_name
from scripts.training.sentry_world import EVERYDAY

# A template is text with {FIELDS}; fields with a kind become spans, the others are noise the model must leave alone.
PROSE = [
    "My name is {PER} and I live at {STREET}.",
    "my name is {PER}",
    "Hi, this is {PER}, order {ref} has not arrived.",
    "Please call {PER} on {phone}.",
    "{PER} lives at {STREET}, {ZIP} {LOC}.",
    "Ship it to {PER}, {STREET}, {LOC} {ZIP}.",
    "Dear {PER},\n\nthank you for your letter of {date}.",
    "Dear {TITLE} {LAST}, your appointment is on {date}.",
    "{GREET} {FIRST}, can you send the invoice to {STREET} in {LOC}?",
    "Kind regards,\n{PER}\n{ORG}\n{STREET}\n{ZIP} {LOC}",
    "Can you book a table for {FIRST} at {time}?",
    "{TITLE} {LAST} reported error {ref} on {date}.",
    "The patient {PER}, born {date}, was seen by {TITLE} {LAST}.",
    "I moved from {STREET} to {STREET} last month.",
    "The technician {FIRST} {LAST} visited {STREET} at {time}.",
    "customer {PER} from {LOC} says the boiler shows {ref}",
    "Send a taxi to {STREET} for {PER}.",
    "meet me at {STREET}, {LOC}",
    "is there parking near {STREET}?",
    "{PER} works for {ORG} in {LOC}.",
    "{ORG} is based in {LOC}.",
    "I spoke with {FIRST} from {ORG} yesterday.",
    "We met {PER} and {PER} in {LOC} on {date}.",
    "{FIRST} and {FIRST} will be there at {time}.",
    "it's {FIRST} here",
    "Contract between {ORG} and {PER}, residing at {STREET}, {ZIP} {LOC}.",
    "ask {FIRST} about it",
    "{FIRST}: ok, see you",
    "The account holder is {PER}.",
    "Deliver to: {STREET}, {LOC}.",
    "address: {STREET}",
    "name: {PER}",
    "from {PER} to {PER}",
    "Please update my address to {STREET}, {ZIP} {LOC}.",
    "{PER} paid {amount} by card.",
    "I'm {PER}, my number is {phone}.",
    "remind {FIRST} to water the plants",
    "text {PER} that i'm late",
    "Who is {PER}?",
    "call {FIRST} {LAST}",
    "{PER} called.",
    "navigate to {STREET}",
    "how long does it take to get to {STREET} from {LOC}?",
    "weather in {LOC} tomorrow",
    "{PER}",
    "{STREET}",
    "The fire at {STREET} was reported by {PER} at {time}.",
    "Signed: {PER}, {date}",
    "cc: {PER} <{mail}>",
    "Invoice {ref} for {PER}, {STREET}, {ZIP} {LOC}, amount {amount}.",
    "My wife {FIRST} and I rent {STREET}.",
    "According to {PER}, the meter at {STREET} reads {num}.",
    "the tenant of {STREET} is {PER}",
    "{PER}, {STREET}",
    "Hello {FIRST} {LAST}!",
    "Thanks {FIRST}",
    "Best, {FIRST}",
    "-- \n{PER}",
    "Cheers\n{FIRST}",
    "Yours sincerely, {PER}",
    "Tell {TITLE} {PER} that the part {ref} is in stock.",
    "My landlord, {PER}, wants {amount}.",
    "{PER}'s card was stolen.",
    "Mrs. {PER} of {STREET} has a question about her bill.",
    "i live in {LOC}",
    "I was born in {LOC} on {date}.",
    "Reserve a room at {ORG} in {LOC} for {PER}, arriving {date}.",
    "The driver dropped {FIRST} off at {STREET} at {time}.",
    "Passenger {LAST}/{FIRST} seat {ref}",
    "Attendees: {PER}; {PER}; {PER}",
    "Account {num} belongs to {PER} ({LOC}).",
    "A customer, {PER}, {STREET}, {ZIP} {LOC}, phone {phone}, reports error {ref} on the heat pump.",
]
GERMAN = [
    "Mein Name ist {PER} und ich wohne in der {STREET}.",
    "Ich heiße {PER}.",
    "Guten Tag, hier ist {PER} aus {LOC}.",
    "Sehr geehrte Frau {LAST},\n\nvielen Dank für Ihr Schreiben vom {date}.",
    "Sehr geehrter Herr {LAST},",
    "Bitte senden Sie es an {PER}, {STREET}, {ZIP} {LOC}.",
    "Mit freundlichen Grüßen\n{PER}\n{STREET}\n{ZIP} {LOC}",
    "Die Firma {ORG} hat ihren Sitz in {LOC}.",
    "Herr {LAST} meldet Fehler {ref} an der Heizung in der {STREET}.",
    "Ich bin von der {STREET} in die {STREET} umgezogen.",
    "Kunde: {PER}, Anschrift: {STREET}, {ZIP} {LOC}",
    "Wie komme ich zur {STREET}?",
    "Ruf bitte {FIRST} an.",
    "Hallo {FIRST}, wann kommst du nach {LOC}?",
    "Frau {PER} hat am {date} bezahlt.",
    "Der Zähler in {STREET}, {LOC} zeigt {num}.",
    "Rechnung {ref} an {ORG}, {STREET}",
]
FRENCH = [
    "Je m'appelle {PER} et j'habite {STREET} à {LOC}.",
    "Bonjour, ici {PER}.",
    "Madame {LAST}, votre commande {ref} est prête.",
    "Envoyez le colis à {PER}, {STREET}, {ZIP} {LOC}.",
    "Monsieur {PER} habite au {STREET}.",
    "Cordialement,\n{PER}\n{ORG}",
    "Mon adresse est {STREET}, {ZIP} {LOC}.",
    "{PER} travaille chez {ORG} à {LOC}.",
    "Appelle {FIRST} demain à {time}.",
]
DUTCH = [
    "Mijn naam is {PER} en ik woon op de {STREET} in {LOC}.",
    "Hallo, met {PER}.",
    "Geachte heer {LAST},",
    "Ik ben {FIRST}.",
    "Stuur het naar {PER}, {STREET}, {ZIP} {LOC}.",
    "Mevrouw {LAST} woont aan de {STREET}.",
    "Groeten, {PER}",
    "Mijn adres is {STREET}, {ZIP} {LOC}.",
    "{PER} werkt bij {ORG} in {LOC}.",
    "Bel {FIRST} morgen om {time}.",
]
LOGS = [
    '{stamp} INFO user="{PER}" action=login ip={ip}',
    "{stamp} WARN delivery failed name={PER} addr={STREET} code={num}",
    "[{stamp}] customer={PER} street={STREET} city={LOC} zip={ZIP}",
    '{stamp} level=info msg="order {ref} shipped to {STREET}"',
    "{stamp} app[{num}]: created account for {PER} ({mail})",
    "INFO  crm: merged contact {PER} into {PER}",
    "user: {PER}",
    "{stamp} ERROR payment: holder={PER} amount={amount} ref={ref}",
    "DEBUG geocode query='{STREET}, {LOC}' hits={num}",
    "{ref},{PER},{STREET},{ZIP},{LOC},{amount}",
    "{PER};{STREET};{ZIP};{LOC};{phone}",
    "{num}\t{PER}\t{STREET}\t{LOC}",
    "name={PER}&street={STREET}&city={LOC}",
    "<name>{PER}</name><street>{STREET}</street><city>{LOC}</city>",
    "INSERT INTO customer VALUES ({num}, '{PER}', '{STREET}', '{LOC}');",
    "| {PER} | {STREET} | {amount} |",
    "{stamp} nginx: 200 GET /orders/{num} user={PER}",
    "{stamp} INFO ship.to street='{STREET}' ok",
    "To: {PER} <{mail}>",
    "{stamp} host-{num} sshd: session opened for {PER} from {ip}",
    "customer: {PER}\naddress: {STREET}\ntown: {LOC}",
    "{stamp} audit actor={FIRST} {LAST} did=update target={STREET}",
    "owner={PER} device={ref} status=offline",
    "by={PER}",
    "{stamp} [worker-{num}] notify {PER} at {STREET}: queued",
    "contact.name: {PER}\ncontact.street: {STREET}",
    "street={STREET}",
]
KEYS = {
    "PER": "name customer customer_name full_name fullName user holder owner contact recipient patient driver sender "
    "billing_name employee agent from to who author guest tenant account_holder value text note q".split(),
    "STREET": "street address addr street_address line1 address_line_1 ship_to delivery_address location home billing "
    "streetAddress site value text note destination".split(),
    "LOC": "city town place location region country destination".split(),
    "ORG": "company employer org organisation vendor firm customer bank".split(),
    "ZIP": "zip postcode postal_code plz zipcode".split(),
    "FIRST": "first_name firstName given_name vorname".split(),
    "LAST": "last_name surname lastName family_name".split(),
}
PLAIN_KEYS = {
    "status": ["open", "closed", "paid", "active", "shipped", "pending"],
    "currency": ["EUR", "USD", "GBP"],
    "type": ["invoice", "order", "ticket", "note", "device"],
    "product": ["Heat pump HP-400", "Router X2", "Boiler", "Filter"],
    "priority": ["high", "low", "normal"],
    "event": ["login", "purchase", "reset"],
    "level": ["INFO", "WARN", "ERROR"],
    "service": ["billing", "gateway", "crm"],
    "message": ["Timeout while reading", "Payment accepted", "Retry later"],
    "language": ["English", "German", "French"],
    "method": ["POST", "GET"],
    "day": ["Monday", "Friday", "March"],
}
NOTHING = [
    "Error {ref}: pump pressure too low, check valve {num}.",
    "The {ref} filter costs {amount}.",
    "Restart the router.",
    "Turn on the kitchen light",
    "set the thermostat to {num} degrees",
    "What does code {ref} mean on a heat pump?",
    "Your order {ref} ships on {date}.",
    "{stamp} INFO cache miss key={ref} took={num}ms",
    "Part number {ref}, qty {num}",
    "{stamp} WARN Connection reset by peer",
    "{stamp} ERROR Traceback: ValueError in module Parser",
    "GET /api/v1/items/{num}",
    "Install Python {num} and run pip install",
    "The Morning Report is due on Monday at {time}.",
    "IEC 61851-1 and ISO 9001",
    "Press Menu > Settings > Reset.",
    "Customer Service Department",
    "Terms and Conditions apply.",
    "Invoice Date: {date}",
    "Thank you for contacting support. Your ticket {ref} is open.",
    "Heat Pump Model {ref} User Manual",
    "Dear Customer,",
    "Sehr geehrte Damen und Herren,",
    "Bitte prüfen Sie die Rechnung {ref}.",
    "Guten Morgen zusammen",
    "Bonjour à tous",
    "class UserAddress(BaseModel): street: str",
    "SELECT name, street FROM customers WHERE id = {num}",
    "Happy Birthday!",
    "the quick delivery arrived on Friday",
    "Battery Level Low",
    "New Message Received",
    "Total: {amount}",
    "Good Morning!",
    '{"name": null, "street": "", "city": null}',
    "first name, last name, street, city",
    "name\tstreet\tcity\tzip",
    "I love the new Summer Collection",
    "Summer Sale starts on Black Friday",
    "Windows Update failed with {ref}",
    "Hi there",
    "Please enter your full name and street address.",
    "Why was my card declined in the supermarket?",
    "Version {num}.{num}",
    "The meeting is in room {num} on the second floor.",
    "take the second street on the left",
    "cross the road carefully",
    "He lives on a quiet street near the park.",
    "main street was closed",
    "Best Regards",
    "To Whom It May Concern",
]


def _number(rng: random.Random) -> str:
    roll = rng.random()
    house = str(rng.randint(1, 300) if roll < 0.8 else rng.randint(300, 9999))
    return house + rng.choice("abcABC") if rng.random() < 0.1 else house


def street(lex: Lexicon, rng: random.Random) -> tuple[str, str]:
    """A street with its number, as its country writes it, and the country."""
    country = rng.choices(["en", "de", "fr", "nl", "xx"], [50, 25, 10, 10, 5])[0]
    name, number = street_name(lex, rng, country), _number(rng)
    if country in ("en", "fr"):
        text = f"{number}{', ' if country == 'fr' and rng.random() < 0.3 else ' '}{name}"
        if country == "en" and rng.random() < 0.15:
            text += rng.choice(
                [", Apt {}", ", Flat {}", " Apt. {}", ", Suite {}", ", Unit {}", " #{}"]
            ).format(rng.choice([str(rng.randint(1, 99)), f"{rng.randint(1, 20)}{rng.choice('ABC')}"]))
        if country == "en" and rng.random() < 0.04:
            text = f"Flat {rng.randint(1, 40)}, {text}"
    else:
        text = f"{name} {number}"
    return (name, country) if rng.random() < 0.12 else (text, country)


def _zip(rng: random.Random, country: str) -> str:
    if country == "nl":
        return f"{rng.randint(1000, 9999)} {''.join(rng.choices('ABCDEFGHJKLM', k=2))}"
    if country == "en" and rng.random() < 0.5:
        area = rng.choice(["SW", "LS", "M", "BS", "EC", "N", "CB", "OX", "G", "EH", "B", "YO"])
        return f"{area}{rng.randint(1, 20)} {rng.randint(1, 9)}{''.join(rng.choices('ABDEFGHJLNPQRSTUWXYZ', k=2))}"
    return f"{rng.randint(1000, 99999):05d}"


def noise(rng: random.Random) -> dict[str, Callable[[], str]]:
    """Makers of numbers, dates, addresses of mail and the like, by the name of their field: none of it is marked."""

    def letters(n: int) -> str:
        return "".join(rng.choices("ABCDEFGHJKLMNPQRSTUVWXYZ", k=n))

    return {
        "ref": lambda: rng.choice(
            [
                f"E{rng.randint(1, 99)}",
                f"{letters(2)}-{rng.randint(100, 99999)}",
                f"#{rng.randint(1000, 999999)}",
                f"{letters(3)}{rng.randint(10, 999)}",
            ]
        ),
        "num": lambda: str(rng.randint(0, 10 ** rng.randint(1, 6))),
        "time": lambda: rng.choice(
            [f"{rng.randint(0, 23)}:{rng.randint(0, 59):02d}", f"{rng.randint(1, 12)} pm"]
        ),
        "date": lambda: rng.choice(
            [
                f"{rng.randint(1, 28)}.{rng.randint(1, 12)}.20{rng.randint(10, 26)}",
                f"20{rng.randint(10, 26)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}",
                f"{rng.choice(['March', 'July', 'May', 'October'])} {rng.randint(1, 28)}",
                "Monday",
            ]
        ),
        "amount": lambda: rng.choice(["€{}", "${}", "£{}", "{} EUR"]).format(
            f"{rng.randint(1, 999)}.{rng.randint(0, 99):02d}"
        ),
        "phone": lambda: rng.choice(
            [
                f"+49 30 {rng.randint(100000, 9999999)}",
                f"0{rng.randint(1000, 7999)} {rng.randint(100000, 999999)}",
                f"({rng.randint(200, 989)}) 555-{rng.randint(1000, 9999)}",
                f"+33 6 {rng.randint(10000000, 99999999)}",
            ]
        ),
        "mail": lambda: f"{letters(5).lower()}@example.{rng.choice(['com', 'org', 'net'])}",
        "ip": lambda: ".".join(str(rng.randint(1, 254)) for _ in range(4)),
        "stamp": lambda: (
            f"20{rng.randint(20, 27)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}{rng.choice('T ')}"
            f"{rng.randint(0, 23):02d}:{rng.randint(0, 59):02d}:{rng.randint(0, 59):02d}{rng.choice(['Z', '', ',123'])}"
        ),
        "GREET": lambda: rng.choice(["Hi", "Hello", "Hey", "Dear", "Good morning", "Hallo", "hi"]),
        "TITLE": lambda: rng.choice(["Mr", "Mr.", "Mrs", "Mrs.", "Ms.", "Ms", "Dr.", "Prof.", "Dr"]),
    }


_FIELD = re.compile(r"\{(\w+)\}")
_KIND = {
    "PER": "PER",
    "FIRST": "PER",
    "LAST": "PER",
    "LOC": "LOC",
    "ORG": "ORG",
    "STREET": "STREET",
    "ZIP": "ZIP",
}


class Writer:
    """Writes examples from one lexicon and one random source."""

    def __init__(self, lex: Lexicon, rng: random.Random) -> None:
        self.lex, self.rng, self.noise, self.country = lex, rng, noise(rng), "en"

    def value(self, field: str) -> str:
        match field:
            case "PER":
                return person(self.lex, self.rng)
            case "FIRST":
                return self.lex.first(self.rng)
            case "LAST":
                return self.lex.last(self.rng)
            case "LOC":
                return self.lex.town(self.rng)
            case "ORG":
                return self.lex.firm(self.rng)
            case "STREET":
                text, self.country = street(self.lex, self.rng)
                return text
            case "ZIP":
                return _zip(self.rng, self.country)
            case _:
                return self.noise[field]()

    def fill(self, template: str, source: str) -> Example:
        text, at = "", 0
        spans: list[tuple[int, int, str]] = []
        for match in _FIELD.finditer(template):
            text += template[at : match.start()]
            value = self.value(match[1])
            if kind := _KIND.get(match[1]):
                if spans and kind == "PER" and spans[-1][2] == "PER" and text[spans[-1][1] :] == " ":
                    spans[-1] = (spans[-1][0], len(text) + len(value), "PER")
                else:
                    spans.append((len(text), len(text) + len(value), kind))
            text += value
            at = match.end()
        return Example(text + template[at:], tuple(spans), source)

    def record(self) -> Example:
        """A JSON object with private and plain values, flat or nested, compact or indented, now and then escaped."""
        rng = self.rng
        fields = rng.choices(
            ["PER", "STREET", "LOC", "ORG", "ZIP", "FIRST", "LAST"],
            [5, 5, 2, 1, 2, 1, 1],
            k=rng.randint(1, 5),
        )
        marks: dict[str, tuple[str, str]] = {}
        flat: dict[str, object] = {}
        for index, field in enumerate(fields):
            mark = f"\ue000{index}\ue001"
            marks[mark] = (field, self.value(field))
            flat[rng.choice(KEYS[field])] = mark
        for key in rng.sample(sorted(PLAIN_KEYS), rng.randint(0, 4)):
            flat[key] = rng.choice(PLAIN_KEYS[key])
        if rng.random() < 0.5:
            flat[rng.choice(["id", "amount", "count", "ts"])] = rng.choice(
                [rng.randint(0, 10**6), 12.5, True, None]
            )
        items = list(flat.items())
        rng.shuffle(items)
        value: object = dict(items)
        if rng.random() < 0.3:
            value = {rng.choice(["customer", "data", "payload", "user", "args"]): value}
        style = rng.random()
        text = json.dumps(
            value,
            ensure_ascii=False,
            indent=2 if style < 0.2 else None,
            separators=(",", ":") if 0.2 <= style < 0.5 else None,
        )
        if rng.random() < 0.12:
            text = text.replace('"', '\\"')
        out, spans, at = "", [], 0
        for match in re.finditer("\ue000\\d\ue001", text):
            field, real = marks[match[0]]
            out += text[at : match.start()]
            spans.append((len(out), len(out) + len(real), _KIND[field]))
            out += real
            at = match.end()
        return Example(out + text[at:], tuple(spans), "synth-json")

    def one(self) -> Example:
        """One example of a random form."""
        rng = self.rng
        roll = rng.random()
        if roll < 0.25:
            return self.record()
        if roll < 0.45:
            return self.fill(rng.choice(LOGS), "synth-log")
        if roll < 0.55:
            return self.fill(rng.choice(NOTHING), "synth-none")
        pool = rng.choices([PROSE, EVERYDAY, GERMAN, FRENCH, DUTCH], [42, 26, 16, 8, 8])[0]
        example = self.fill(rng.choice(pool), "synth-prose")
        if rng.random() < 0.3:
            example = _follow(
                example, self.fill(rng.choice(pool + NOTHING), "synth-prose"), rng.choice([" ", "\n"])
            )
        return example


def _follow(a: Example, b: Example, gap: str) -> Example:
    shift = len(a.text) + len(gap)
    return Example(
        a.text + gap + b.text, a.spans + tuple((s + shift, e + shift, k) for s, e, k in b.spans), a.source
    )


def recase(example: Example, rng: random.Random) -> Example:
    """Now and then the whole text in lower or upper case: chat and shouting. Lengths must not change."""
    roll = rng.random()
    if roll < 0.80:
        return example
    text = example.text.upper() if roll < 0.84 else example.text.lower()
    return Example(text, example.spans, example.source) if len(text) == len(example.text) else example


def rename(example: Example, lex: Lexicon, rng: random.Random) -> Example:
    """The same real sentence about other people: full names give way to drawn ones, so that context counts and not fame."""
    text, spans, at = "", [], 0
    for start, end, kind in sorted(example.spans):
        text += example.text[at:start]
        value = example.text[start:end]
        if kind == "PER" and len(value.split()) == 2 and value.istitle():
            value = " ".join(lex.pair(rng))
        spans.append((len(text), len(text) + len(value), kind))
        text += value
        at = end
    return Example(text + example.text[at:], tuple(spans), example.source)
