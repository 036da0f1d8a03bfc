"""Checksums of personal numbers that python-stdnum does not know. Pure; each takes the number as written. No detector."""

from __future__ import annotations

from collections.abc import Callable


def nino(number: str) -> bool:
    """UK national insurance number: HMRC's rules for the two letters (it has no checksum)."""
    letters = number[:2]
    return (
        letters not in ("BG", "GB", "KN", "NK", "NT", "TN", "ZZ")
        and not set("DFIQUV") & set(letters)
        and letters[1] != "O"
    )


def nric(number: str) -> bool:
    """Singapore NRIC and FIN: weights 2 7 6 5 4 3 2, an offset for the century, a letter table per series."""
    series, digits, last = number[0], number[1:8], number[8]
    total = sum(weight * int(digit) for weight, digit in zip((2, 7, 6, 5, 4, 3, 2), digits, strict=True))
    total += {"T": 4, "G": 4, "M": 3}.get(series, 0)
    table = {
        "S": "JZIHGFEDCBA",
        "T": "JZIHGFEDCBA",
        "F": "XWUTRQPNMLK",
        "G": "XWUTRQPNMLK",
        "M": "XWUTRQPNJLK",
    }[series]
    place = total % 11
    return table[10 - place if series == "M" else place] == last


def kvnr(number: str) -> bool:
    """German health insurance number: the letter as two digits, weights 1 2, cross sums, mod 10."""
    digits = f"{ord(number[0]) - 64:02d}{number[1:9]}"
    total = 0
    for index, digit in enumerate(digits):
        value = int(digit) * (2 if index % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == int(number[9])


def idcard(number: str) -> bool:
    """German identity card: weights 7 3 1 over nine places, letters from ten on, mod 10 (ICAO 9303)."""
    body = number.rstrip("D")
    return len(body) == 10 and body[9].isdigit() and icao(body[:9]) == int(body[9])


def rvnr(number: str) -> bool:
    """German pension insurance number: the letter as two digits, weights 2 1 2 5 7 1 2 1 2 1 2 1, cross sums, mod 10."""
    compact = number.replace(" ", "")
    digits = f"{compact[:8]}{ord(compact[8]) - 64:02d}{compact[9:11]}"
    total = 0
    for weight, digit in zip((2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1), digits, strict=True):
        value = weight * int(digit)
        total += value // 10 + value % 10
    return total % 10 == int(compact[11])


def adoszam(number: str) -> bool:
    """Hungarian tax number: weights 9 7 3 1 over its first eight digits, mod 10; what follows are codes of VAT and county."""
    return (
        sum(int(digit) * weight for digit, weight in zip(number[:8], (9, 7, 3, 1) * 2, strict=True)) % 10 == 0
    )


def icao(field: str) -> int:
    """The check digit of ICAO 9303: weights 7 3 1, letters from ten on, `<` is nothing."""
    total = 0
    for index, character in enumerate(field):
        value = 0 if character == "<" else int(character, 36)
        total += value * (7, 3, 1)[index % 3]
    return total % 10


OWN: dict[str, Callable[[str], bool]] = {
    "stdnum.gb.nino": nino,
    "stdnum.sg.nric": nric,
    "stdnum.de.kvnr": kvnr,
    "stdnum.de.idcard": idcard,
    "stdnum.de.rvnr": rvnr,
    "stdnum.hu.anum": adoszam,
}
