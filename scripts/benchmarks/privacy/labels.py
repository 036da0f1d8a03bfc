"""One vocabulary for gold, us and the peers: the coarse classes in which kinds are compared. Values only."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from scripts.benchmarks.privacy.values import Mark

# Kinds that one system splits finer than another are one class: a street is a place, a social security number is an id.
_CLASSES = {
    "person": "PERSON NAME",
    "title": "TITLE",
    "place": "LOCATION GPE STREET_ADDRESS ADDRESS POSTAL_CODE ZIP_CODE COORDINATES POSTALCODE",
    "organisation": "ORGANIZATION ORG",
    "nationality": "NRP",
    "phone": "PHONE_NUMBER PHONE",
    "email": "EMAIL_ADDRESS EMAIL",
    "card": "CREDIT_CARD",
    "iban": "IBAN_CODE DE_IBAN",
    "bank": "BANK_ACCOUNT US_BANK_NUMBER BIC_CODE",
    "id": "NATIONAL_ID SSN SOCIAL_SECURITY_NUMBER NATIONAL_INSURANCE_NUMBER TAX_REFERENCE_NUMBER",
    "passport": "PASSPORT US_PASSPORT",
    "licence": "DRIVER_LICENSE US_DRIVER_LICENSE DRIVERS_LICENCE",
    "record": "MEDICAL_RECORD INSURANCE_NUMBER US_MBI EMPLOYEE_ID MEDICAL_LICENSE",
    "machine": "IP_ADDRESS MAC_ADDRESS",
    "url": "URL DOMAIN_NAME",
    "date": "DATE_TIME DATE DATE_OF_BIRTH",
    "age": "AGE",
    "secret": "API_KEY PASSWORD CREDENTIAL",
    "wallet": "CRYPTO",
    "user": "USERNAME TWITTER SKYPE",
    "device": "IMEI VIN UUID DEVICE_ID",
    "plate": "LICENSE_PLATE VEHICLE_LICENCE_PLATE",
}
_OF = {kind: name for name, kinds in _CLASSES.items() for kind in kinds.split()}
_COUNTRY = re.compile(r"[A-Z]{2}_[A-Z]")  # ES_NIF, PL_PESEL: Presidio names national numbers by their country


def class_of(label: str) -> str:
    """The coarse class of a kind in anybody's spelling; an unknown kind is a class of its own."""
    kind = label.upper()
    return _OF.get(kind) or ("id" if _COUNTRY.match(kind) else label.lower())


def classed(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    return tuple(replace(mark, label=class_of(mark.label)) for mark in marks)


# What the scorer's set calls a kind, for its table per type. A street in an address line and a domain keep their own lines there.
_THEIRS = {
    "LOCATION": "GPE", "ADDRESS": "STREET_ADDRESS", "POSTAL_CODE": "ZIP_CODE", "URL": "DOMAIN_NAME", "DATE": "DATE_TIME",
    "DRIVER_LICENSE": "US_DRIVER_LICENSE", "EMAIL": "EMAIL_ADDRESS", "PHONE": "PHONE_NUMBER", "SSN": "US_SSN",
    "SOCIAL_SECURITY_NUMBER": "US_SSN", "COORDINATES": "GPE",
}  # fmt: skip


def in_their_words(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    """Marks with the kinds of presidio-research's set."""
    return tuple(replace(mark, label=_THEIRS.get(mark.label.upper(), mark.label.upper())) for mark in marks)
