"""User names beside their name, in home folders, as handles."""

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.patterns.username import USERNAME

HITS = [
    ("username: jdoe", ["jdoe"]),
    ("user=anna.schmidt ok", ["anna.schmidt"]),
    ("/home/jdoe/.ssh", ["jdoe"]),
    ("C:\\Users\\jdoe\\x", ["jdoe"]),
    ("follow @jdoe_91 on twitter", ["@jdoe_91"]),
    ('{"username":"jdoe"}', ["jdoe"]),
    ("login: j.doe", ["j.doe"]),
    ("Benutzername: mmuster", ["mmuster"]),
    ("failed three times for user linnea34", ["linnea34"]),
    ("sign in as svecovalibuse.", ["svecovalibuse"]),
    ("my login uvilla stopped working", ["uvilla"]),
    ("her github account is kaethe55", ["kaethe55"]),
    ("ask u/owl_watcher there", ["u/owl_watcher"]),
    ("she posts as @anna on the forum", ["@anna"]),
    ("write to @jdoe_91 instead", ["@jdoe_91"]),
    ("mluis84 is my user name", ["mluis84"]),
    ("discord anna#1234", ["anna#1234"]),
    ("skype: live:anna.berg", ["live:anna.berg"]),
    ("ssh jdoe@host1", ["jdoe"]),
]
NEAR_MISSES = [
    "user is happy",
    "user = load(x)",
    "user=user",
    "/home/user/x",
    "@property",
    "username: null",
    "users: 12",
    "user=self.name",
    "handle=handle",
    "login failed",
    "pip install @angular/core",
    "root:x:0:0",
    "sign in as soon as possible",
    "log in with google",
    "log in as admin",
    "my login page is slow",
    "the user wants more",
    "for user input",
    "@media print",
    "n/u/a",
    "my account is empty",
    "a handle is broken",
    "ssh git@github.com",
    "ssh root@host1",
    "anna#1234",
    "live: the show",
    "C#1234",
    "scp file host:",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in Detector(patterns=(USERNAME,)).find(text)]


@pytest.mark.parametrize(("text", "values"), HITS)
def test_it_is_found_exactly(text: str, values: list[str]) -> None:
    assert found(text) == values


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text: str) -> None:
    assert found(text) == []
