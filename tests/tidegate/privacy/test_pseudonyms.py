"""Pseudonyms: another value of the kind, the same throughout a conversation, nobody's, and back again."""

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.privacy.actions import Action, Handling
from tidegate.privacy.detect import Detector
from tidegate.privacy.placeholders import find_placeholders
from tidegate.privacy.pseudonyms import pseudonym, reserved
from tidegate.privacy.redaction import redact
from tidegate.privacy.restore import Restorer
from tidegate.privacy.spans import Label, Span
from tidegate.privacy.vault import Vault

NOW = 1_790_000_000.0
KEY = b"k" * 32
NAMES = ("Katharina Lindqvist", "Lindqvist", "Jan van den Berg", "Acme")


def vault(**actions: Action) -> Vault:
    chosen: Mapping[Label, Action] = {Label(label): action for label, action in actions.items()}
    return Vault.open("conv_1", KEY, NOW, handling=Handling(chosen))


def names(text: str) -> tuple[Span, ...]:
    found: list[Span] = []
    for name in NAMES:
        at = text.find(name)
        if at >= 0 and not any(s.start <= at < s.end for s in found):
            found.append(Span(at, at + len(name), Label.PERSON, 0.9, "ner"))
    return tuple(found)


def never(fake: str, real: str) -> bool:
    return False


@pytest.mark.parametrize(
    "label",
    [Label.PERSON, Label.LOCATION, Label.ORGANIZATION, Label.EMAIL_ADDRESS, Label.PHONE_NUMBER, Label.IP_ADDRESS, Label.URL,
     Label.DOMAIN_NAME, Label.USERNAME],
)  # fmt: skip
def test_the_same_value_has_the_same_pseudonym_and_another_key_another(label: Label) -> None:
    made = pseudonym(label, "Value One", b"a" * 32, never)
    assert made is not None
    assert made == pseudonym(label, "value one", b"a" * 32, never) or label is Label.PERSON
    assert made != pseudonym(label, "Value One", b"b" * 32, never)
    assert "Value" not in made


@pytest.mark.parametrize(
    "label", [Label.EMAIL_ADDRESS, Label.PHONE_NUMBER, Label.IP_ADDRESS, Label.URL, Label.DOMAIN_NAME]
)
def test_structured_pseudonyms_are_nobodys(label: Label) -> None:
    made = pseudonym(label, "x", b"a" * 32, never)
    assert made is not None
    assert reserved(label, made)


@pytest.mark.parametrize(
    ("label", "value"),
    [
        (Label.EMAIL_ADDRESS, "eva@mail.invalid.evil.com"),
        (Label.PHONE_NUMBER, "+44 7700 900123"),
        (Label.IP_ADDRESS, "240.0.1.1"),
        (Label.PERSON, "x.invalid"),
    ],
)
def test_what_is_merely_like_it_is_somebodys(label: Label, value: str) -> None:
    assert not reserved(label, value)


@pytest.mark.parametrize(
    "label", [Label.API_KEY, Label.PASSWORD, Label.CREDIT_CARD, Label.IBAN_CODE, Label.DATE_TIME]
)
def test_kinds_without_pseudonyms_get_placeholders(label: Label) -> None:
    shown = vault(**{label.value: Action.PSEUDONYMISE}).hide(label, "4111 1111 1111 1111")
    assert find_placeholders(shown)


def test_a_name_goes_out_as_another_name_and_comes_back_also_by_its_surname() -> None:
    box = vault(PERSON=Action.PSEUDONYMISE)
    done = redact("Katharina Lindqvist asked Jan van den Berg.", Detector(ner=names), box).text.text
    assert "Lindqvist" not in done
    assert " van den " in done
    surname = done.split()[1]
    assert box.restore(done) == "Katharina Lindqvist asked Jan van den Berg."
    assert box.restore(f"Ms {surname}'s order") == "Ms Lindqvist's order"
    assert box.restore(f"x{surname} {surname}y") == f"x{surname} {surname}y"


def test_one_surname_keeps_its_pseudonym_across_full_names() -> None:
    box = vault(PERSON=Action.PSEUDONYMISE)
    full = box.hide(Label.PERSON, "Katharina Lindqvist")
    assert box.hide(Label.PERSON, "Lindqvist") == full.split()[1]


def test_user_text_that_says_a_pseudonym_comes_back_as_it_was() -> None:
    box = vault(PERSON=Action.PSEUDONYMISE)
    fake = redact("Katharina Lindqvist", Detector(ner=names), box).text.text
    text = f"Katharina Lindqvist knows {fake}"
    done = redact(text, Detector(ner=names), box).text.text
    assert done.count(fake) == 1
    assert box.restore(done) == text


def test_pseudonyms_survive_sealing() -> None:
    box = vault(PERSON=Action.PSEUDONYMISE, DATE_TIME=Action.GENERALISE)
    fake = box.hide(Label.PERSON, "Katharina Lindqvist")
    assert box.hide(Label.DATE_TIME, "12 March 1985") == "1985"
    again = Vault.unseal(
        box.seal(), KEY, NOW, "conv_1", handling=Handling({Label.PERSON: Action.PSEUDONYMISE})
    )
    assert again.restore(f"{fake} in 1985") == "Katharina Lindqvist in 1985"
    assert again.hide(Label.PERSON, "Katharina Lindqvist") == fake
    assert again.hide(Label.DATE_TIME, "12 March 1985") == "1985"


def test_a_generalised_value_is_generalised_wherever_it_stands() -> None:
    box = vault(AGE=Action.GENERALISE)
    done = redact("She is 34 years old. 34 years old!", Detector(), box).text.text
    assert done == "She is 30-39 years old. 30-39 years old!"
    assert box.restore(done) == done


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(1, 9), max_size=60), st.integers(0, 5))
def test_every_chunking_gives_the_same_text(sizes: list[int], glue: int) -> None:
    box = vault(PERSON=Action.PSEUDONYMISE)
    one, two = box.hide(Label.PERSON, "Katharina Lindqvist"), box.hide(Label.PERSON, "Jan van den Berg")
    mail = box.hide(Label.EMAIL_ADDRESS, "eva@example.org")
    reply = f"{one}{' ' * glue}{two}, x{one} {one.split()[0]} {mail}{two} {one[:-2]} {two}"
    whole = box.restore(reply)
    restorer = Restorer(box)
    pieces = []
    position = 0
    for size in sizes:
        pieces.append(restorer.feed(reply[position : position + size]))
        position += size
        assert restorer.held_back <= 72
    pieces.append(restorer.feed(reply[position:]))
    pieces.append(restorer.close())
    assert "".join(pieces) == whole
