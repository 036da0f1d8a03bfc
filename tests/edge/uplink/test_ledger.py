"""The egress ledger: any change to what left shows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.routing.plan import Why
from edge.store.ledger import LedgerStore
from edge.store.schema import open_durable
from edge.uplink.ledger import Kind, Record, chained, seal, verify
from tidegate.errors import Untrusted
from tidegate.ids import RequestId
from tidegate.privacy.spans import Label

KEY = b"k" * 32


def record(number: int = 1) -> Record:
    return Record(
        at=1_790_000_000 + number,
        kind=Kind.SENT,
        request_id=RequestId(f"req_{number:08d}"),
        digest=bytes([number]) * 32,
        size=100 + number,
        entities={Label.PERSON: 2, Label.IBAN_CODE: 1},
        policy="test-1",
        why=Why.UNSURE,
    )


def chain(length: int) -> list[Record]:
    made: list[Record] = []
    for number in range(1, length + 1):
        made.append(chained(record(number), made[-1] if made else None))
    return made


def test_a_whole_chain_stands() -> None:
    made = chain(5)
    assert verify(made, KEY, seal(KEY, made[-1])) == 5
    assert verify([], KEY, seal(KEY, None)) == 0


CHANGES: list[dict[str, object]] = [
    {"at": 1},
    {"kind": Kind.RECEIPT},
    {"request_id": RequestId("req_99999999")},
    {"digest": b"x" * 32},
    {"size": 7},
    {"entities": {Label.PERSON: 1, Label.IBAN_CODE: 1}},
    {"policy": "test-2"},
    {"why": Why.PASSED},
    {"receipt": b"r" * 32},
    {"hash": b"h" * 32},
    {"seq": 9},
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: next(iter(change)))
@given(at=st.integers(0, 4))
def test_changing_any_field_of_any_record_shows(change: dict[str, object], at: int) -> None:
    made = chain(5)
    end = seal(KEY, made[-1])
    made[at] = replace(made[at], **change)  # type: ignore[arg-type]
    with pytest.raises(Untrusted) as found:
        verify(made, KEY, end)
    assert found.value.code == "ledger_tampered"
    assert str(at + 1) in found.value.message


@given(at=st.integers(0, 3))
def test_removing_swapping_or_repeating_a_record_shows(at: int) -> None:
    made = chain(5)
    end = seal(KEY, made[-1])
    for changed in (
        made[:at] + made[at + 1 :],
        [*made[:at], made[at + 1], made[at], *made[at + 2 :]],
        [*made[: at + 1], made[at], *made[at + 1 :]],
    ):
        with pytest.raises(Untrusted):
            verify(changed, KEY, end)


def test_cutting_the_end_off_shows() -> None:
    made = chain(5)
    with pytest.raises(Untrusted) as found:
        verify(made[:3], KEY, seal(KEY, made[-1]))
    assert found.value.code == "ledger_truncated"


def test_a_rewritten_chain_does_not_carry_this_devices_seal() -> None:
    forged = chain(3)
    with pytest.raises(Untrusted):
        verify(forged, KEY, seal(b"another key of 32 bytes.........", forged[-1]))


def test_the_disk_keeps_the_chain_and_a_changed_row_shows(tmp_path: Path) -> None:
    base = open_durable(tmp_path)
    book = LedgerStore(base, KEY)
    for number in range(1, 4):
        book.append(record(number))
    assert verify(book.records(), KEY, book.sealed_end()) == 3
    assert [one.seq for one in book.latest(2)] == [3, 2]
    base.db.execute("UPDATE ledger SET bytes = 1 WHERE seq = 2")
    with pytest.raises(Untrusted) as found:
        verify(book.records(), KEY, book.sealed_end())
    assert "record 2" in found.value.message


def test_a_receipt_that_comes_twice_is_one_record(tmp_path: Path) -> None:
    book = LedgerStore(open_durable(tmp_path), KEY)
    receipt = replace(record(), kind=Kind.RECEIPT, receipt=b"r" * 32)
    first = book.append(receipt)
    assert book.append(replace(receipt, at=receipt.at + 9)) == first
    assert book.append(record(2)).seq == 2
    assert verify(book.records(), KEY, book.sealed_end()) == 2
