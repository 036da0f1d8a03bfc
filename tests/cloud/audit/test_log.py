"""The hash chain: any edit, removal, swap or truncation is found, and an honest log is not accused."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from cloud.audit.log import EMPTY_HEAD, Damage, Entry, Head, chain, encode, verify

BODIES = st.lists(st.binary(min_size=1, max_size=20), min_size=1, max_size=12)


def written(bodies: list[bytes]) -> list[Entry]:
    entries: list[Entry] = []
    head = EMPTY_HEAD
    for index, body in enumerate(bodies):
        head = chain(head, body)
        entries.append(Entry(index, body, head))
    return entries


@given(BODIES)
def test_an_honest_log_proves_its_own_head(bodies: list[bytes]) -> None:
    entries = written(bodies)
    assert verify(entries) == Head(len(bodies), entries[-1].head)


@given(BODIES, st.data())
def test_a_changed_entry_is_found_where_it_was_changed(bodies: list[bytes], data: st.DataObject) -> None:
    entries = written(bodies)
    at = data.draw(st.integers(0, len(entries) - 1))
    entries[at] = replace(entries[at], body=entries[at].body + b"!")
    assert verify(entries) == Damage(at, "changed")


@given(BODIES, st.data())
def test_a_removed_entry_is_found(bodies: list[bytes], data: st.DataObject) -> None:
    entries = written(bodies)
    signed = Head(len(entries), entries[-1].head)
    del entries[data.draw(st.integers(0, len(entries) - 1))]
    assert isinstance(verify(entries, anchors=[signed]), Damage)


@given(BODIES, st.binary(min_size=1, max_size=5))
def test_a_log_rewritten_with_fresh_hashes_does_not_lie_on_an_old_head(
    bodies: list[bytes], change: bytes
) -> None:
    old = written(bodies)
    anchor = Head(len(old), old[-1].head)
    forged = written([bodies[0] + change, *bodies[1:]])
    assert verify(forged, anchors=[anchor]) == Damage(len(old) - 1, "rewritten")


def test_cutting_the_end_off_is_only_seen_against_a_head_kept_elsewhere() -> None:
    entries = written([b"a", b"b", b"c"])
    anchor = Head(3, entries[-1].head)
    assert isinstance(verify(entries[:2]), Head)
    assert verify(entries[:2], anchors=[anchor]) == Damage(2, "truncated")


def test_a_log_that_grew_since_the_anchor_is_intact() -> None:
    entries = written([b"a", b"b", b"c"])
    assert isinstance(verify(entries, anchors=[Head(2, entries[1].head), Head(0, EMPTY_HEAD)]), Head)


def test_the_same_facts_always_give_the_same_bytes() -> None:
    assert encode({"b": 1, "a": ["x"]}) == encode({"a": ["x"], "b": 1}) == b'{"a":["x"],"b":1}'
