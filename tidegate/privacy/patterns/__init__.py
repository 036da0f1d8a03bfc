"""Everything that can be recognised by its shape and proved by arithmetic. One detector per file, all in `DETECTORS`."""

from __future__ import annotations

from tidegate.privacy.patterns.age import AGE
from tidegate.privacy.patterns.api_key import API_KEY
from tidegate.privacy.patterns.bank_account import BANK_ACCOUNT
from tidegate.privacy.patterns.bank_code import BANK_CODE
from tidegate.privacy.patterns.base import Pattern
from tidegate.privacy.patterns.bic import BIC
from tidegate.privacy.patterns.birth import BIRTH
from tidegate.privacy.patterns.card import CARD
from tidegate.privacy.patterns.clock import CLOCK
from tidegate.privacy.patterns.company import COMPANY
from tidegate.privacy.patterns.coordinates import COORDINATES
from tidegate.privacy.patterns.crypto import CRYPTO
from tidegate.privacy.patterns.date import DATE
from tidegate.privacy.patterns.device_id import DEVICE_ID
from tidegate.privacy.patterns.domain import DOMAIN
from tidegate.privacy.patterns.driver_license import DRIVER_LICENSE
from tidegate.privacy.patterns.email import EMAIL
from tidegate.privacy.patterns.employee_id import EMPLOYEE_ID
from tidegate.privacy.patterns.expiry import EXPIRY
from tidegate.privacy.patterns.iban import IBAN
from tidegate.privacy.patterns.id_card import ID_CARD
from tidegate.privacy.patterns.imei import IMEI
from tidegate.privacy.patterns.institution import INSTITUTION
from tidegate.privacy.patterns.insurance import INSURANCE
from tidegate.privacy.patterns.ipv4 import IPV4
from tidegate.privacy.patterns.ipv6 import IPV6
from tidegate.privacy.patterns.jwt import JWT
from tidegate.privacy.patterns.kin import KIN
from tidegate.privacy.patterns.mac import MAC
from tidegate.privacy.patterns.mbi import MBI
from tidegate.privacy.patterns.medical_license import MEDICAL_LICENSE
from tidegate.privacy.patterns.medical_record import MEDICAL_RECORD
from tidegate.privacy.patterns.military import MILITARY
from tidegate.privacy.patterns.month import MONTH
from tidegate.privacy.patterns.mrz import MRZ
from tidegate.privacy.patterns.national_id import NATIONAL_ID
from tidegate.privacy.patterns.nrp import NRP
from tidegate.privacy.patterns.occupation import OCCUPATION
from tidegate.privacy.patterns.passport import PASSPORT
from tidegate.privacy.patterns.password import PASSWORD
from tidegate.privacy.patterns.password_hash import PASSWORD_HASH
from tidegate.privacy.patterns.person import PERSON
from tidegate.privacy.patterns.phone import PHONE
from tidegate.privacy.patterns.plate import PLATE
from tidegate.privacy.patterns.plus_code import PLUS_CODE
from tidegate.privacy.patterns.po_box import PO_BOX
from tidegate.privacy.patterns.postal import POSTAL
from tidegate.privacy.patterns.private_key import PRIVATE_KEY
from tidegate.privacy.patterns.residence import RESIDENCE
from tidegate.privacy.patterns.secret import SECRET
from tidegate.privacy.patterns.signature import SIGNATURE
from tidegate.privacy.patterns.ssh_key import SSH_KEY
from tidegate.privacy.patterns.ssn import SSN
from tidegate.privacy.patterns.street import STREET
from tidegate.privacy.patterns.title import TITLE
from tidegate.privacy.patterns.url import URL
from tidegate.privacy.patterns.username import USERNAME
from tidegate.privacy.patterns.vin import VIN
from tidegate.privacy.patterns.wallet_key import WALLET_KEY
from tidegate.privacy.patterns.year import YEAR

DETECTORS: tuple[Pattern, ...] = (
    AGE, API_KEY, BANK_ACCOUNT, BANK_CODE, BIC, BIRTH, CARD, CLOCK, COMPANY, COORDINATES, CRYPTO, DATE, DEVICE_ID, DOMAIN,
    DRIVER_LICENSE, EMAIL, EMPLOYEE_ID, EXPIRY, IBAN, ID_CARD, IMEI, INSTITUTION, INSURANCE, IPV4, IPV6, JWT, KIN, MAC, MBI, MEDICAL_LICENSE,
    MEDICAL_RECORD, MILITARY, MONTH, MRZ, NATIONAL_ID, NRP, OCCUPATION, PASSPORT, PASSWORD, PASSWORD_HASH, PERSON, PHONE, PLATE, PLUS_CODE,
    PO_BOX, POSTAL, PRIVATE_KEY, RESIDENCE, SECRET, SIGNATURE, SSH_KEY, SSN, STREET, TITLE, URL, USERNAME, VIN, WALLET_KEY, YEAR,
)  # fmt: skip
