"""Everything that can be recognised by its shape and proved by arithmetic. One detector per file, all in `DETECTORS`."""

from __future__ import annotations

from tidegate.privacy.patterns.age import AGE
from tidegate.privacy.patterns.api_key import API_KEY
from tidegate.privacy.patterns.bank_account import BANK_ACCOUNT
from tidegate.privacy.patterns.base import Pattern
from tidegate.privacy.patterns.bic import BIC
from tidegate.privacy.patterns.card import CARD
from tidegate.privacy.patterns.coordinates import COORDINATES
from tidegate.privacy.patterns.crypto import CRYPTO
from tidegate.privacy.patterns.date import DATE
from tidegate.privacy.patterns.driver_license import DRIVER_LICENSE
from tidegate.privacy.patterns.email import EMAIL
from tidegate.privacy.patterns.iban import IBAN
from tidegate.privacy.patterns.imei import IMEI
from tidegate.privacy.patterns.ipv4 import IPV4
from tidegate.privacy.patterns.ipv6 import IPV6
from tidegate.privacy.patterns.mac import MAC
from tidegate.privacy.patterns.medical_record import MEDICAL_RECORD
from tidegate.privacy.patterns.national_id import NATIONAL_ID
from tidegate.privacy.patterns.passport import PASSPORT
from tidegate.privacy.patterns.password import PASSWORD
from tidegate.privacy.patterns.person import PERSON
from tidegate.privacy.patterns.phone import PHONE
from tidegate.privacy.patterns.plate import PLATE
from tidegate.privacy.patterns.postal import POSTAL
from tidegate.privacy.patterns.secret import SECRET
from tidegate.privacy.patterns.ssn import SSN
from tidegate.privacy.patterns.street import STREET
from tidegate.privacy.patterns.url import URL
from tidegate.privacy.patterns.username import USERNAME
from tidegate.privacy.patterns.vin import VIN

DETECTORS: tuple[Pattern, ...] = (
    AGE, API_KEY, BANK_ACCOUNT, BIC, CARD, COORDINATES, CRYPTO, DATE, DRIVER_LICENSE, EMAIL, IBAN, IMEI, IPV4, IPV6, MAC,
    MEDICAL_RECORD, NATIONAL_ID, PASSPORT, PASSWORD, PERSON, PHONE, PLATE, POSTAL, SECRET, SSN, STREET, URL, USERNAME, VIN,
)  # fmt: skip
