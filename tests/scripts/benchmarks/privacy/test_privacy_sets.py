"""The sets: marked where they say, the same from the same seed, and valid where a checksum is claimed."""

from __future__ import annotations

import random
import re

import pytest
from stdnum import iban as stdnum_iban
from stdnum import luhn as stdnum_luhn

from scripts.benchmarks.privacy import cases, clean, forms, ids, synthetic
from scripts.benchmarks.privacy.labels import class_of
from scripts.benchmarks.privacy.speed import messages
from scripts.benchmarks.privacy.values import Mark, Row, marked, parse_set, read_set
from tidegate.privacy.spans import Label

VALUES = {kind: [f"{kind}{number}" for number in range(5)] for kind in synthetic.KINDS} | {
    "iban": ["GB33BUKB20201555555555"],
    "name": ["José García-Lopez", "Anna Berg"],
}


def test_a_marked_line_becomes_text_and_marks() -> None:
    row = marked(r"Call {PERSON|Ana}\nat {PHONE_NUMBER|555 0100}.", "g")
    assert row.text == "Call Ana\nat 555 0100."
    assert [row.text[m.start : m.end] for m in row.marks] == ["Ana", "555 0100"]
    assert [m.label for m in row.marks] == ["PERSON", "PHONE_NUMBER"]


@pytest.mark.parametrize("line", ['{"a": 1}', "{person|x}", "{PERSON}", "f(x) = {x | x > 0}"])
def test_braces_that_mark_nothing_stay(line: str) -> None:
    assert marked(line) == Row(line, ())


def test_groups_head_the_rows_below_them() -> None:
    rows = list(parse_set("# note\n[one]\na\n\n[two]\n[{PERSON|b}]\n"))
    assert [(row.group, row.text) for row in rows] == [("one", "a"), ("two", "[b]")]


@pytest.mark.parametrize("name", ["mixed", "chat"])
def test_hand_written_marks_hold_no_space_at_their_ends_and_a_kind_we_know(name: str) -> None:
    known = {class_of(label.value) for label in Label}
    for row in read_set(name):
        for mark in row.marks:
            value = row.text[mark.start : mark.end]
            assert value == value.strip()
            assert class_of(mark.label) in known


def test_the_same_seed_makes_the_same_sets_and_another_one_others() -> None:
    def everything(seed: int) -> list[Row]:
        return [
            *synthetic.sentences(VALUES, seed, 70),
            *synthetic.of_kind("phones", VALUES, seed, 10),
            *ids.checksummed(VALUES, seed, 4),
            *clean.rows(seed, 5),
            *forms.rows(VALUES["name"], seed, 1),
            *cases.chat(seed),
        ]

    assert everything(1) == everything(1)
    assert everything(1) != everything(2)


def test_every_template_slot_is_a_known_kind_and_is_marked() -> None:
    marked_kinds = [kind for kind, (label, *_) in synthetic.KINDS.items() if label]
    for name in ("templates", "templates_held", "phones", "cards"):
        for template in synthetic.templates(name):
            row = synthetic.fill(template, VALUES, random.Random(1))
            parts = re.sub(r"<<.*?>>", "", template, flags=re.DOTALL)
            wholes = template.count("<<")
            assert len(row.marks) == wholes + sum(parts.count("{" + kind + "}") for kind in marked_kinds)
            values = {v for several in VALUES.values() for v in several}
            single = [m for m in row.marks if row.text[m.start : m.end] in values]
            assert len(single) >= len(row.marks) - wholes
            assert "<<" not in row.text
            assert not re.search(r"\{[a-z]+\}", row.text)


def test_an_address_in_parts_is_one_mark() -> None:
    row = synthetic.fill("to <<{number} {road}\n{town}>>, {first}", VALUES, random.Random(1))
    address, first = (row.text[m.start : m.end] for m in row.marks)
    assert re.fullmatch(r"number\d road\d\ntown\d", address)
    assert re.fullmatch(r"first\d", first)
    assert [m.label for m in row.marks] == ["STREET_ADDRESS", "PERSON"]


def test_a_job_in_prose_is_filled_in_and_not_marked() -> None:
    row = synthetic.fill("a {trade} in {city}", VALUES, random.Random(1))
    assert [m.label for m in row.marks] == ["LOCATION"]
    assert "trade" in row.text


def test_the_halves_share_no_sentence_and_no_form_of_dates() -> None:
    assert not set(synthetic.templates("templates")) & set(synthetic.templates("templates_held"))
    assert not any("{moment}" in line for line in synthetic.templates("templates_held"))
    assert not any("{instant}" in line for line in synthetic.templates("templates"))
    assert synthetic.sentences(VALUES, 4, 50) != synthetic.held_sentences(VALUES, 4, 50)


@pytest.mark.parametrize("kind", ids.NATIONAL, ids=lambda kind: kind.module)
def test_a_national_number_is_valid_and_has_its_shape(kind: ids.NationalId) -> None:
    rng = random.Random(7)
    assert ids.national(kind, rng) != ids.national(kind, rng)


def test_a_shape_that_is_never_valid_is_said() -> None:
    with pytest.raises(ValueError, match="no valid"):
        ids.national(ids.NationalId("de.idnr", "not a number", ()), random.Random(1))


def test_cards_and_imeis_pass_luhn_and_one_changed_digit_does_not() -> None:
    rng = random.Random(3)
    for make in (ids.card, ids.imei):
        for _ in range(50):
            digits = "".join(c for c in make(rng) if c.isdigit())
            assert stdnum_luhn.is_valid(digits)
            assert not stdnum_luhn.is_valid(digits[:-1] + str((int(digits[-1]) + 1) % 10))


def test_vehicle_numbers_carry_the_check_digit_of_the_published_example() -> None:
    # 1M8GDM9AXKP042788 is the worked example of the rule: X stands for ten.
    total = sum(
        weight * (ids._VIN_VALUES.get(c) or int(c if c.isdigit() else 0))
        for weight, c in zip(ids._VIN_WEIGHTS, "1M8GDM9AXKP042788", strict=True)
    )
    assert total % 11 == 10
    assert len(ids.vin(random.Random(1))) == 17


def test_a_bitcoin_address_is_the_known_one_of_its_payload() -> None:
    class Zero(random.Random):
        def randbytes(self, n: int) -> bytes:
            return bytes(n)

    assert ids.bitcoin(Zero()) == "1111111111111111111114oLvT2"


def test_ibans_come_plain_and_in_groups_and_stay_valid() -> None:
    rows = [row for row in ids.checksummed(VALUES, 1, 12) if row.group == "iban"]
    values = {row.text[row.marks[0].start : row.marks[0].end] for row in rows}
    assert len(values) == 2
    assert all(stdnum_iban.is_valid(value) for value in values)


def test_clean_text_is_marked_nowhere_and_has_every_kind() -> None:
    rows = list(clean.rows(1, 3))
    assert not [row for row in rows if row.marks]
    assert {"prose-en", "prose-it", "code", "orders", "parts", "standards", "serials", "prices", "guids"} <= {
        row.group for row in rows
    }


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("lower case", "josé garcía-lopez"),
        ("full stops between letters", "J.o.s.é G.a.r.c.í.a.-.L.o.p.e.z"),
        ("last name first", "García-Lopez, José"),
        ("camel case in code", "joseGarciaLopez"),
        ("URL path", "jose-garcia-lopez"),
        ("base64", "Sm9zw6kgR2FyY8OtYS1Mb3Bleg=="),
        ("JSON with escapes", r'"Jos\u00e9 Garc\u00eda-Lopez"'),
    ],
)
def test_a_name_in_another_form_is_marked_as_it_is_written(form: str, expected: str) -> None:
    row = next(row for row in forms.rows(["José García-Lopez"], 1, 1) if row.group == form)
    assert row.text[row.marks[0].start : row.marks[0].end] == expected


def test_chat_prompts_end_with_what_people_ask_and_keep_their_marks() -> None:
    rows = cases.chat(4)
    assert all(row.group != "asks" for row in rows)
    plain = [row for row in read_set("chat") if row.group != "asks"]
    assert [row.marks for row in rows] == [row.marks for row in plain]
    assert all(long.text.startswith(short.text + "\n\n") for long, short in zip(rows, plain, strict=True))


def test_without_the_shared_corpora_their_rows_are_none() -> None:
    assert cases.datafog(None) == ()
    assert clean.encyclopedic(None, 10) == []


def test_messages_reach_the_asked_length() -> None:
    made = messages([Row("a few words", (Mark(0, 1, "X"),))], 1, 2_000)
    assert sum(map(len, made)) >= 2_000
    assert all(len(one) >= 500 for one in made)
