"""The sentences that choose between weights: every slot is known, every mark holds its value, an address may take several lines."""

from __future__ import annotations

import random
import re

from scripts.sentry_development import SLOTS, fill, rows, sentences

MADE = {
    **{slot: [f"{slot.upper()}1", f"{slot.upper()}2"] for slot in (*SLOTS, "name")},
    "address": ["1 Elm Road, Dover, DE 19901"],
}


def test_every_slot_of_every_sentence_is_known() -> None:
    named = {slot for line in sentences() for slot in re.findall(r"\{(\w+)\}", line)}
    assert named <= {*SLOTS, "name"}
    assert named >= {"name", "first", "last", "address", "street", "city", "org", "country"}


def test_some_sentences_hold_nothing_so_that_false_finds_count() -> None:
    assert sum("{" not in line for line in sentences()) >= 8


def test_a_mark_holds_its_value() -> None:
    row = fill("From {name} in {city} to {org}.", MADE, random.Random(1))
    assert [row.text[mark.start : mark.end][:-1] for mark in row.marks] == ["NAME", "CITY", "ORG"]
    assert [mark.label for mark in row.marks] == ["PERSON", "LOCATION", "ORGANIZATION"]


def test_an_address_behind_the_end_of_a_line_takes_several() -> None:
    row = fill("To\n{address}", MADE, random.Random(1))
    assert row.text == "To\n1 Elm Road\nDover, DE 19901"
    assert row.text[row.marks[0].start : row.marks[0].end].endswith("19901")


def test_one_seed_gives_the_same_rows_and_some_are_in_small_letters() -> None:
    first = rows(MADE, 3, 400)
    assert first == rows(MADE, 3, 400)
    assert first != rows(MADE, 4, 400)
    small = [row for row in first if row.text.islower()]
    assert 8 < len(small) < 120
    assert all(mark.end <= len(row.text) for row in first for mark in row.marks)
