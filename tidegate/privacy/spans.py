"""What a detector found: a stretch of text, what it is, how sure, and who said so. Values only."""

from dataclasses import dataclass
from enum import StrEnum


class Label(StrEnum):
    """The kinds of private text, with Presidio's names where it has one."""

    PERSON = "PERSON"
    LOCATION = "LOCATION"
    ORGANIZATION = "ORGANIZATION"
    STREET_ADDRESS = "STREET_ADDRESS"
    PHONE_NUMBER = "PHONE_NUMBER"
    EMAIL_ADDRESS = "EMAIL_ADDRESS"
    CREDIT_CARD = "CREDIT_CARD"
    IBAN_CODE = "IBAN_CODE"
    IP_ADDRESS = "IP_ADDRESS"
    MAC_ADDRESS = "MAC_ADDRESS"
    US_SSN = "US_SSN"
    NATIONAL_ID = "NATIONAL_ID"
    URL = "URL"
    API_KEY = "API_KEY"
    CRYPTO = "CRYPTO"
    DATE_TIME = "DATE_TIME"
    BIC_CODE = "BIC_CODE"
    POSTAL_CODE = "POSTAL_CODE"
    PASSWORD = "PASSWORD"
    USERNAME = "USERNAME"
    IMEI = "IMEI"
    VIN = "VIN"
    AGE = "AGE"
    COORDINATES = "COORDINATES"
    LICENSE_PLATE = "LICENSE_PLATE"
    PASSPORT = "PASSPORT"
    DRIVER_LICENSE = "DRIVER_LICENSE"
    MEDICAL_RECORD = "MEDICAL_RECORD"
    BANK_ACCOUNT = "BANK_ACCOUNT"
    TITLE = "TITLE"
    NRP = "NRP"


@dataclass(frozen=True, slots=True)
class Span:
    """`text[start:end]`, in code points of the text that was scanned."""

    start: int
    end: int
    label: Label
    score: float  # 0..1, the finder's own belief
    source: str  # "ner", "pattern:iban", ...
    valid: bool = False  # a checksum proved it
