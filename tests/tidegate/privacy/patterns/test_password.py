"""Passwords and PINs beside their name."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.password import PASSWORD

HITS = [
    ("password: hunter2!", ["hunter2!"]),
    ("PASSWORD=correct-horse", ["correct-horse"]),
    ('{"password":"letmein"}', ["letmein"]),
    ("my password is Tr0ub4dor&3.", ["Tr0ub4dor&3"]),
    ("Passwort: Sommer2024", ["Sommer2024"]),
    ("pwd=s3cr3t;", ["s3cr3t"]),
    ("PIN 4421", ["4421"]),
    ("mot de passe : azerty12", ["azerty12"]),
    ("cvv: 123", ["123"]),
    ("--password='ab9'", ["ab9"]),
    ("<password>tigerlily9</password>", ["tigerlily9"]),
    ("PGPASSWORD=hunter22 psql", ["hunter22"]),
    ("curl -u anna:hunter22 https://example.org", ["hunter22"]),
    ('dbPassword: "x9!kfoo"', ["x9!kfoo"]),
    ("hasło: kotek123", ["kotek123"]),
    ("my password is swordfish.", ["swordfish"]),
    ("mysql -u root -pSecr3tPw app", ["Secr3tPw"]),
    ("pw: blue42sky", ["blue42sky"]),
    ("sshpass -p 'mysshpw1' ssh host", ["mysshpw1"]),
    ("the wifi password is correcthorsebatterystaple", ["correcthorsebatterystaple"]),
    ("user anna pw Winter!99", ["Winter!99"]),
    ("userPassword=hunter2", ["hunter2"]),
    ("| password | abc!123 |", ["abc!123"]),
    ("пароль: qwerty12", ["qwerty12"]),
    ("パスワード: sakura2020", ["sakura2020"]),
]
NEAR_MISSES = [
    "password is required",
    'docker run -v "$PWD":/src alpine',
    "password: null",
    "password=****",
    "pwd = read(x)",
    "pwd=pwd",
    "password reset",
    "pinned 4421",
    "PIN entry",
    "pass 3 of 4",
    "password: <secret>",
    "forgot my password again",
    '{"password":{"type":"string"}}',
    "password policy v2.1",
    "password OAuth2.0",
    "password sha256 hash",
    "mysql -p dbname",
    "curl -u user",
    "the password is obsolete",
    "the password is read from standard input",
    "the password is taken as it is",
    "my password is weak.",
    "his password is compromised.",
    "| password | string | required |",
    "<password>required</password>",
    "my password is not working",
    "sshpass is a tool",
    "the pw is changed",
    "--password-file x",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(PASSWORD,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
