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
    DOMAIN_NAME = "DOMAIN_NAME"
    MEDICAL_LICENSE = "MEDICAL_LICENSE"
    INSURANCE_NUMBER = "INSURANCE_NUMBER"
    EMPLOYEE_ID = "EMPLOYEE_ID"
    DEVICE_ID = "DEVICE_ID"
    CUSTOM = "CUSTOM"
    # numbers of one country that Presidio has a name for; those of other countries are NATIONAL_ID
    US_ITIN = "US_ITIN"
    US_MBI = "US_MBI"
    UK_NHS = "UK_NHS"
    UK_NINO = "UK_NINO"
    ES_NIF = "ES_NIF"
    ES_NIE = "ES_NIE"
    IT_FISCAL_CODE = "IT_FISCAL_CODE"
    PL_PESEL = "PL_PESEL"
    SG_NRIC_FIN = "SG_NRIC_FIN"
    AU_ABN = "AU_ABN"
    AU_TFN = "AU_TFN"
    IN_PAN = "IN_PAN"
    IN_AADHAAR = "IN_AADHAAR"
    FI_PERSONAL_IDENTITY_CODE = "FI_PERSONAL_IDENTITY_CODE"
    KR_RRN = "KR_RRN"
    TH_TNIN = "TH_TNIN"


NATIONAL_IDS = frozenset(
    {
        Label.NATIONAL_ID, Label.US_SSN, Label.US_ITIN, Label.US_MBI, Label.UK_NHS, Label.UK_NINO, Label.ES_NIF, Label.ES_NIE,
        Label.IT_FISCAL_CODE, Label.PL_PESEL, Label.SG_NRIC_FIN, Label.AU_ABN, Label.AU_TFN, Label.IN_PAN, Label.IN_AADHAAR,
        Label.FI_PERSONAL_IDENTITY_CODE, Label.KR_RRN, Label.TH_TNIN,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Span:
    """`text[start:end]`, in code points of the text that was scanned."""

    start: int
    end: int
    label: Label
    score: float  # 0..1, the finder's own belief
    source: str  # "ner", "pattern:iban", ...
    valid: bool = False  # a checksum proved it
