"""Everything that can be recognised by its shape and proved by arithmetic. One detector per file, all in `DETECTORS`."""

from __future__ import annotations

from tidegate.privacy.patterns.api_key import API_KEY
from tidegate.privacy.patterns.base import Pattern
from tidegate.privacy.patterns.card import CARD
from tidegate.privacy.patterns.email import EMAIL
from tidegate.privacy.patterns.iban import IBAN
from tidegate.privacy.patterns.ipv4 import IPV4
from tidegate.privacy.patterns.ipv6 import IPV6
from tidegate.privacy.patterns.mac import MAC
from tidegate.privacy.patterns.phone import PHONE
from tidegate.privacy.patterns.ssn import SSN
from tidegate.privacy.patterns.url import URL

DETECTORS: tuple[Pattern, ...] = (API_KEY, CARD, EMAIL, IBAN, IPV4, IPV6, MAC, PHONE, SSN, URL)
