"""Words that are nobody's name: what fields and numbers are called, what is counted and measured, what joins words. Values only.

The encoder sees such a word beside something private and takes it for a part of it. Lower case; accents as written.
"""

from __future__ import annotations

from tidegate.privacy.patterns.national_ids import GENERIC, ID_KINDS

# What stands before a value in forms, mails and records.
_FIELDS = """
    iban bic swift ssn vin imei ip mac dob mrn pin cvv cvc url email e-mail mail tel phone telephone fax mobile cell handy mobil telefon telefono
    teléfono téléphone telefoon whatsapp sms hotline id api account card wallet passport visa licence license plate number numbers nummer numero
    número numéro nr no num konto kontonummer steuer steuernummer identifikationsnummer versicherungsnummer ausweis ausweisnummer rechnung invoice
    factura facture fattura order bestellung commande bestelling pedido ordine ticket case reference ref customer kunde client user username login
    password passwort kennwort contraseña street straße strasse city town zip postcode plz country land name names vorname nachname surname address
    adresse anschrift address birth birthday geburtsdatum date datum age alter gender title status note notes subject betreff attn dear hello hi hey
    hallo hola bonjour ciao merci danke thanks gracias grazie obrigado bedankt tack regards grüße social security sécurité sociale seguridad code
    codice fiscale national identity insurance health tax file card-number serial seriennummer sku isbn ean rma po part teil ersatzteil artikel
    article item lot batch unit model version release build rate error warning debug info
""".split()

# What stands before or after a number without making it an address.
MEASURES = frozenset(
    """
    hz khz mhz ghz v kv mv w kw mw a ma kg g mg t lb lbs oz km m cm mm mi ft in l ml gb mb kb tb gib mib kib ms s sec secs min mins h hr hrs day
    days week weeks month months year years px pt em rem dpi ppm rpm db bar psi pa kpa eur euro euros usd dollar dollars gbp chf jpy sek nok dkk pln
    inr ward gate room floor level row rows line lines page pages chapter section step stage phase figure table column seat shelf rack slot
    port channel queue depth score grade class type size part item items unit units version release build lot batch track lane exit bay door
    platform terminal bus tram train flight car stück tage stunden minuten raum zimmer gleis halle zeile seite kapitel salle quai étage página
    piano riga stanza rij kamer spoor lijn rail module kernel port retry retries attempt attempts worker job index offset width height limit
    ulimit sleep timeout count total sum max top last first next
    """.split()
)

# Bodies whose letters stand before the number of a standard, a law or a product class.
STANDARDS = frozenset(
    """
    iso iec ieee astm ansi din en rfc nist fips itu etsi sae asme api ul csa nf bs jis gost vdi vde owasp cve cwe cis pci gdpr hipaa sox ecma
    w3c oasis omg onvif nema nfpa osha epa awwa aashto aws eia tia jedec mil ip ddr usb pcie sata hdmi tls ssl sha md5 aes rsa utf http https
    """.split()
)

# What joins words and never ends or begins a name. Articles that begin names of places (La Paz, Den Haag) are not here.
JOINERS = frozenset(
    """
    for from to at on in of by with and or the is was are were be about into per via as if when while because please according see use
    für nach bei mit und oder auf aus im am zum zur ist war sind der das dem des ein eine einen einem einer eines
    pour avec sans sur dans chez par vers et ou est sont une aux du des les
    voor naar met zonder op bij uit of een het
    para por con sin sobre desde hasta y o un una unos unas los del al
    per con senza su nel nella nello nei nelle dal dalla al alla e è un una uno gli
    och med på för från till är en ett
    """.split()
)

# Behind one of these a word in small letters is a thing or a trade, not somebody.
ARTICLES = frozenset(
    """
    the a an this that these those my your his her its our their some any no every each which what
    der die das den dem des ein eine einen einem einer eines kein keine mein meine dein deine unser unsere ihr ihre diese dieser dieses
    le la les un une des du au aux ce cette ces mon ma mes ton ta tes son sa ses notre votre leur
    de het een mijn jouw zijn haar onze deze dit die
    el los las unos unas mi tu su este esta estos estas il lo gli i uno una del della dello dei delle al alla allo
    o os as um uma meu minha moj moje mój mitt mit ul
    en ett den det
    """.split()
)

# What opens a question or a request before a name and is none itself. `Will` and `May` are.
QUESTIONS = frozenset(
    "does do did is are was were can could should would has have had why how where when what who which whose translate summarise summarize write tell ask call "
    "visit remind please let contact email dear hi hello hey thanks liebe lieber liebes hallo bonjour cher chère beste geachte hola ciao estimado estimada gentile caro cara "
    "sehr geehrte geehrter moin servus hej cześć schwester bruder mutter vater tochter sohn freund freundin nachbar nachbarin kollege kollegin chef chefin "
    "tante onkel oma opa vermieter vermieterin mieter mieterin kunde kundin".split()
)
# What somebody does, right behind a name.
DOINGS = frozenset(
    "call calls called mail mails mailed email emails emailed moved moves works worked lives lived studies studied says said wants wanted needs needed wrote writes asked "
    "asks phoned texted joined left vive trabaja wohnt lebt arbeitet heißt habite travaille woont werkt abita lavora mieszka has had is was are were will does did can".split()
)
# Things and places of work in front of the name they belong to.
THINGS = frozenset(
    "office branch department flight trip train bus road company firm employer landlord customer patient client colleague neighbour neighbor user employee order invoice parcel package letter warehouse site depot store slides plant "
    "hallo hello hi hey dear moin bonjour ciao hola".split()
)

STREET_WORDS = (
    "street", "str.", "straße", "strasse", "straat", "road", "rd", "avenue", "ave", "lane", "drive", "boulevard", "blvd", "court", "square", "way",
    "terrace", "close", "crescent", "place", "platz", "gasse", "weg", "allee", "ring", "damm", "ufer", "laan", "gracht", "plein", "kade", "rue",
    "quai", "via", "viale", "piazza", "corso", "calle", "avenida", "plaza", "paseo", "rua", "travessa", "gatan", "vägen", "ulica", "ul.", "box",
    "chemin", "route", "impasse", "vicolo", "camino", "park", "hill", "row", "mews", "walk", "grove", "gardens", "green", "st", "dr", "ln", "ct",
)  # fmt: skip


# Parts of those words that are places or peoples on their own.
_NOT_FIELDS = frozenset(
    "south african singapore cyprus thai israeli canadian st. my de service unique mã số".split()
)


def _of_kinds() -> frozenset[str]:
    words = {word for kind in ID_KINDS for word in kind.words} | set(GENERIC)
    parts = (part for word in words for part in word.replace("-", " ").replace("_", " ").split())
    return frozenset(parts) - _NOT_FIELDS


FIELD_WORDS = frozenset(_FIELDS) | _of_kinds()
FIELD_ENDINGS = (
    "nummer",
    "number",
    "numret",
    "nummeret",
    "numero",
    "-id",
    "-nr",
)  # German and its neighbours join words
