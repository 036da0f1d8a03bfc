"""Phone numbers with or without country code, local ones by context."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.phone import PHONE

HITS = [
    ("936558627 is the number of my landlord", ["936558627"]),
    ("If 95683965 is busy, wait", ["95683965"]),
    ("+44 7700 900123", ["+44 7700 900123"]),
    ("call (555) 010-9999 now", ["(555) 010-9999"]),
    ("030 901820", ["030 901820"]),
    ("020 7946 0958", ["020 7946 0958"]),
    ("01 23 45 67 89", ["01 23 45 67 89"]),
    ("phone 555-0123 ext. 44", ["555-0123 ext. 44"]),
    ("+1-202-555-0143x99", ["+1-202-555-0143x99"]),
    ("+49 (0) 30 901820", ["+49 (0) 30 901820"]),
    ("0044 7700 900123", ["0044 7700 900123"]),
    ("Tel.: 089/12345678", ["089/12345678"]),
    ("06 12 34 56 78", ["06 12 34 56 78"]),
    ("07700 900123", ["07700 900123"]),
    ('{"phone":"+31612345678"}', ["+31612345678"]),
    ("msisdn=31612345678 ok", ["31612345678"]),
    ("ring me on 5551234567", ["5551234567"]),
    ("202-555-0143", ["202-555-0143"]),
    ("202.555.0143", ["202.555.0143"]),
    ("1 800 555 0199", ["1 800 555 0199"]),
    ("+81-3-1234-5678", ["+81-3-1234-5678"]),
    ("WhatsApp: +55 11 91234-5678", ["+55 11 91234-5678"]),
    ("my number is 612 345 678", ["612 345 678"]),
    ("fax 71 234", ["71 234"]),
    ("tel:+442079460958", ["+442079460958"]),
    ("call 555-0123, 2024 was fine", ["555-0123"]),
    ("(157) 801-3477 is the emergency contact.", ["(157) 801-3477"]),
    ("Please text (00394) 24069 when you leave", ["(00394) 24069"]),
    ("Tel 0171 3920055, order 0171392005", ["0171 3920055"]),
    ("heather (jv@yahoo.example, 3413617288) complains", ["3413617288"]),
    ("+43 294487292711", ["+43 294487292711"]),
    ("(11) 96123-4567", ["(11) 96123-4567"]),
    ("(601) 2345678", ["(601) 2345678"]),
    ("8 (912) 345-67-89", ["(912) 345-67-89"]),
    ("Mi teléfono es 612 34 56 78", ["612 34 56 78"]),
    ("Mob. 612 345 678", ["612 345 678"]),
    ("Ruf mich an: 612 34 56 78", ["612 34 56 78"]),
    ("tlf 40 61 23 45", ["40 61 23 45"]),
    ("wa.me/447400123456", ["447400123456"]),
    ("тел. 912 345-67-89", ["912 345-67-89"]),
    ("手机：131 2345 6789", ["131 2345 6789"]),
]
NEAR_MISSES = [
    "936558627 is the number of users",
    "a busy 95683 street",
    "order 1234567890",
    "2024-01-02 12:30:11",
    "3.14159265",
    "12,345,678.90",
    "2002-2005",
    "part no 555-123-4567",
    "invoice 202-555-0143",
    "ISBN 978-3-16-148410-0",
    "12345678",
    "x = 69069 + 907133923",
    "v1.2.3.4",
    "0.123  0.12345",
    "10.11.2024",
    "$555 123 4567",
    "550e8400-e29b-41d4-a716-446655440000",
    "1234567 units",
    "EN 60335-2-40",
    "192.168.1.20",
    "0000000000",
    "12:30:45",
    "error 0x80070005",
    "serial 0123456789",
    "Ersatzteil 03.3719.917",
    "Use bearing 08.2938.809 with the narrow seal",
    "Ersatzteil 478-700-6917-E",
    "her record number is MRN-0048213",
    "phone order 0171392005",
    "ana@example.org ordered 3413617288",
    "01 02 03 04 05",
    "Kontonummer 0532013000 BLZ 37040044",
    "Patientennummer 4711223",
    "UPS 1Z 999 AA1 01 2345 6784",
    "Versicherungsnummer 65 170839 J 008",
    "numéro d'adhérent 12345678",
    "Kundennummer 0532013000",
    "Vertragsnr. 0171392005",
    "call now, BLZ 37040044",
    "(12) 34",
    "f(2) 2123",
    "2 4 6 8 10",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(PHONE,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
