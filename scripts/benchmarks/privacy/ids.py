"""Values that carry a checksum, made at random and checked by python-stdnum or by the standard's own rule here. Pure and seeded.

Each stands in a sentence that says what it is, as people write them; a bare run of digits belongs to nobody.
"""

from __future__ import annotations

import hashlib
import importlib
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from scripts.benchmarks.privacy.synthetic import Values
from scripts.benchmarks.privacy.values import Mark, Row

Make = Callable[[random.Random], str]
TRIES = 50_000


@dataclass(frozen=True, slots=True)
class NationalId:
    """`shape`: 9 a digit, A a letter, anything else itself; <ymd>, <dmy>, <yyyymmd> a date. `words` say what it is."""

    module: str
    shape: str
    words: tuple[str, ...]


NATIONAL = (
    NationalId("us.itin", "999-99-9999", ("ITIN", "my ITIN is")),
    NationalId("gb.nhs", "999 999 9999", ("NHS number", "my NHS number is")),
    NationalId("de.idnr", "99999999999", ("Steuer-ID", "meine Steuer-Identifikationsnummer ist")),
    NationalId("fr.nir", "9999999999999 99", ("numéro de sécurité sociale", "NIR")),
    NationalId("nl.bsn", "999999999", ("BSN", "mijn burgerservicenummer is")),
    NationalId("be.nn", "<ymd>-999.99", ("rijksregisternummer", "numéro de registre national")),
    NationalId("es.dni", "99999999A", ("DNI", "mi DNI es")),
    NationalId("es.nie", "X9999999A", ("NIE", "mi NIE es")),
    NationalId("it.codicefiscale", "AAAAAA99M99A999A", ("codice fiscale", "il mio codice fiscale è")),
    NationalId("pt.nif", "999999999", ("NIF", "contribuinte")),
    NationalId("pl.pesel", "<ymd>99999", ("PESEL", "mój PESEL to")),
    NationalId("ch.ssn", "756.9999.9999.99", ("AHV-Nummer", "numéro AVS")),
    NationalId("at.vnr", "9999<dmy>", ("Sozialversicherungsnummer", "SVNR")),
    NationalId("se.personnummer", "<ymd>-9999", ("personnummer", "mitt personnummer är")),
    NationalId("dk.cpr", "<dmy>-9999", ("CPR-nummer", "mit CPR er")),
    NationalId("no.fodselsnummer", "<dmy>99999", ("fødselsnummer", "mitt fødselsnummer er")),
    NationalId("fi.hetu", "<dmy>-999A", ("henkilötunnus", "HETU")),
    NationalId("cz.rc", "<ymd>/9999", ("rodné číslo", "moje rodné číslo je")),
    NationalId("ro.cnp", "1<ymd>999999", ("CNP", "CNP-ul meu este")),
    NationalId("bg.egn", "<ymd>9999", ("ЕГН", "EGN")),
    NationalId("hr.oib", "99999999999", ("OIB", "moj OIB je")),
    NationalId("gr.amka", "<dmy>99999", ("AMKA", "ΑΜΚΑ")),
    NationalId("ie.pps", "9999999A", ("PPS number", "PPSN")),
    NationalId("tr.tckimlik", "99999999999", ("TC Kimlik No", "TCKN")),
    NationalId("in_.aadhaar", "9999 9999 9999", ("Aadhaar", "my Aadhaar number is")),
    NationalId("cn.ric", "110101<yyyymmd>9999", ("身份证号码", "resident identity card")),
    NationalId("kr.rrn", "<ymd>-1999999", ("주민등록번호", "RRN")),
    NationalId("au.tfn", "999 999 999", ("tax file number", "TFN")),
    NationalId("ca.sin", "999 999 999", ("social insurance number", "my SIN is")),
    NationalId("br.cpf", "999.999.999-99", ("CPF", "meu CPF é")),
    NationalId("ar.cuit", "20-99999999-9", ("CUIT", "mi CUIL es")),
    NationalId("cl.rut", "99999999-9", ("RUT", "mi RUT es")),
    NationalId("mx.curp", "AAAA<ymd>HDFAAA99", ("CURP", "mi CURP es")),
    NationalId("za.idnr", "<ymd>9999089", ("South African ID", "RSA ID number")),
)

_FRAMES = (
    "{words} {value}",
    "{words}: {value}",
    "{words} {value}, thanks",
    "Please note for the file: {words} {value}.",
    "{words}\n{value}",
)


def national(kind: NationalId, rng: random.Random) -> str:
    """A valid number of that kind, by trial. Raises ValueError when none turns up in TRIES."""
    valid: Callable[[str], bool] = importlib.import_module(f"stdnum.{kind.module}").is_valid
    for _ in range(TRIES):
        value = _shaped(kind.shape, rng)
        if valid(value):
            return value
    raise ValueError(f"no valid {kind.module} in {TRIES} tries")


def _shaped(shape: str, rng: random.Random) -> str:
    year, month, day = rng.randint(1940, 1999), rng.randint(1, 12), rng.randint(1, 28)
    dates = {
        "<ymd>": f"{year % 100:02}{month:02}{day:02}",
        "<dmy>": f"{day:02}{month:02}{year % 100:02}",
        "<yyyymmd>": f"{year}{month:02}{day:02}",
    }
    for token, date in dates.items():
        shape = shape.replace(token, "".join(chr(0xE000 + int(digit)) for digit in date))
    drawn = ""
    for character in shape:
        if character == "9":
            drawn += rng.choice("0123456789")
        elif character == "A":
            drawn += rng.choice("ABCDEFGHJKLMNPQRSTUVWXYZ")
        else:
            drawn += str(ord(character) - 0xE000) if 0xE000 <= ord(character) <= 0xE009 else character
    return drawn


def luhn_digit(digits: str) -> str:
    """The digit that makes ISO/IEC 7812-1's sum a multiple of ten."""
    total = 0
    for index, character in enumerate(reversed(digits)):
        value = int(character) * (2 if index % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


# Issuer prefix and number of digits, by what issuers publish; the long tail is what shorter lists miss.
_ISSUERS = (
    ("4", 16), ("4", 13), ("4", 19), ("51", 16), ("55", 16), ("2221", 16), ("2720", 16), ("34", 15), ("37", 15), ("6011", 16),
    ("65", 16), ("3528", 16), ("3589", 16), ("36", 14), ("38", 14), ("50", 16), ("5018", 12), ("6304", 13), ("6759", 18), ("62", 16), ("62", 19),
)  # fmt: skip


def card(rng: random.Random) -> str:
    """A number that passes Luhn, of a real issuer range, printed in one of the usual ways."""
    prefix, length = rng.choice(_ISSUERS)
    digits = prefix + "".join(rng.choice("0123456789") for _ in range(length - len(prefix) - 1))
    digits += luhn_digit(digits)
    gap = rng.choice(["", "", " ", "-"])
    if length == 15 and gap:
        return gap.join((digits[:4], digits[4:10], digits[10:]))
    return gap.join(digits[at : at + 4] for at in range(0, length, 4))


def imei(rng: random.Random) -> str:
    digits = "35" + "".join(rng.choice("0123456789") for _ in range(12))
    return digits + luhn_digit(digits)


_VIN_VALUES = dict(
    zip(
        "ABCDEFGHJKLMNPRSTUVWXYZ",
        (1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9),
        strict=True,
    )
)
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def vin(rng: random.Random) -> str:
    """A vehicle number with the check digit of 49 CFR 565.15 in its ninth place."""
    letters = "".join(_VIN_VALUES) + "0123456789"
    drawn = (
        rng.choice("1JSW")
        + "".join(rng.choice(letters) for _ in range(12))
        + "".join(rng.choice("0123456789") for _ in range(4))
    )
    total = sum(
        weight * _VIN_VALUES.get(c, int(c) if c.isdigit() else 0)
        for weight, c in zip(_VIN_WEIGHTS, drawn, strict=True)
    )
    return drawn[:8] + ("X" if total % 11 == 10 else str(total % 11)) + drawn[9:]


_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def bitcoin(rng: random.Random) -> str:
    """A pay-to-public-key-hash address: version 0, 20 random bytes, four bytes of double SHA-256, in base 58."""
    payload = b"\0" + rng.randbytes(20)
    payload += hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4]
    number, text = int.from_bytes(payload, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = _BASE58[digit] + text
    return "1" * (len(payload) - len(payload.lstrip(b"\0"))) + text


_PLAIN: tuple[tuple[str, str, Make, tuple[str, ...]], ...] = (
    ("card", "CREDIT_CARD", card, ("card number", "my card is", "credit card")),
    ("imei", "IMEI", imei, ("IMEI", "the IMEI of the phone is")),
    ("vin", "VIN", vin, ("VIN", "the vehicle identification number is")),
    ("bitcoin", "CRYPTO", bitcoin, ("wallet", "send the bitcoin to")),
)  # fmt: skip


def checksummed(made: Values, seed: int, each: int) -> Iterator[Row]:
    """`each` rows per kind: cards, IMEI, VIN, Bitcoin addresses, IBANs of Faker, and every national number above."""
    rng = random.Random(seed)
    for group, label, make, words in _PLAIN:
        for _ in range(each):
            yield _framed(group, label, rng.choice(words), make(rng), rng)
    for _ in range(each):
        plain = rng.choice(made["iban"])
        spaced = " ".join(plain[at : at + 4] for at in range(0, len(plain), 4))
        yield _framed(
            "iban", "IBAN_CODE", rng.choice(("IBAN", "my account is")), rng.choice((plain, spaced)), rng
        )
    for kind in NATIONAL:
        for _ in range(max(1, each // 4)):
            yield _framed(
                f"id {kind.module}", "NATIONAL_ID", rng.choice(kind.words), national(kind, rng), rng
            )


def _framed(group: str, label: str, words: str, value: str, rng: random.Random) -> Row:
    frame = rng.choice(_FRAMES)
    before, _, after = frame.partition("{value}")
    text = before.replace("{words}", words)
    return Row(text + value + after, (Mark(len(text), len(text) + len(value), label),), group)
