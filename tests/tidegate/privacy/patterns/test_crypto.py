"""Crypto addresses with their checksums."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.crypto import CRYPTO

HITS = [
    ("1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", ["1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"]),
    ("3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy.", ["3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy"]),
    ("bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", ["bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"]),
    ("eth 0x52908400098527886E0F7030069857D2E4169EE7", ["0x52908400098527886E0F7030069857D2E4169EE7"]),
    ('"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"', ["1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"]),
    ("BC1QAR0SRRR7XFKVY5L643LYDNW9RE59GTZZWF5MDQ", ["BC1QAR0SRRR7XFKVY5L643LYDNW9RE59GTZZWF5MDQ"]),
    (
        "bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a",
        ["bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a"],
    ),
    ("cosmos1fl48vsnmsdzcv85q5d2q4z5ajdha8yu34mf0eh", ["cosmos1fl48vsnmsdzcv85q5d2q4z5ajdha8yu34mf0eh"]),
    ("rEb8TK3gBgk5auZkwc6sHnwrGVJH8DuaLh xrp", ["rEb8TK3gBgk5auZkwc6sHnwrGVJH8DuaLh"]),
    ("solana 7EcDhSYGxXyscszYEp35KHN8vvw3svAuLKTzXwCFLtV", ["7EcDhSYGxXyscszYEp35KHN8vvw3svAuLKTzXwCFLtV"]),
]
NEAR_MISSES = [
    "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3",
    "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdp",
    "0x52908400",
    "0xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "11111111111111111111111111111111",
    "solana is a chain",
    "rEb8TK3gBgk5auZkwc6sHnwrGVJH8DuaLi",
    "cosmos1fl48vsnmsdzcv85q5d2q4z5ajdha8yu34mf0ex",
    "BC1QAR0SRRR7XFKVY5L643LYDNW9RE59GTZZWF5MDX",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(CRYPTO,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
