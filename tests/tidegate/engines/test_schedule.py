"""What the engine computes next: properties that hold for every table, and the cases people would ask about."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.engines.schedule import (
    TILE,
    Holder,
    Place,
    Seat,
    choose,
    company,
    head_of,
    piece,
    plan,
    reusable,
)

ROOMS = st.integers(2 * TILE, 512)


@st.composite
def prompts(draw: st.DrawFn) -> tuple[int, int]:
    """A head and a total, as an engine has them."""
    total = draw(st.integers(1, 700))
    return head_of(draw(st.integers(0, 700)), total, 512), total


@given(prompts(), ROOMS, st.data())
def test_pieces_cover_a_prompt_and_never_cross_from_one_way_to_the_other(
    prompt: tuple[int, int], room: int, data: st.DataObject
) -> None:
    head, total = prompt
    starts = [at for at in range(total) if at >= head or head - at >= TILE]
    place = data.draw(st.sampled_from(starts))
    while place < total:
        count = piece(place, total - place, head, room, alone=data.draw(st.booleans()))
        assert 1 <= count <= min(room, total - place)
        if place < head:
            assert count >= TILE
            assert place + count <= head
        else:
            assert count < TILE
        place += count


@given(prompts(), prompts(), st.data())
def test_what_is_reused_was_computed_the_way_it_would_have_been(
    ours: tuple[int, int], theirs: tuple[int, int], data: st.DataObject
) -> None:
    (head, total), (held_head, held_total) = ours, theirs
    held = data.draw(st.integers(0, held_total))
    same = data.draw(st.integers(0, held))
    usable = reusable(same, held, held_head, head, total)
    assert 0 <= usable <= same
    assert usable < total
    assert all((at < held_head) == (at < head) for at in range(usable))
    assert usable >= head or head - usable >= TILE, "what is left of a head fills a tile"


@pytest.mark.parametrize(
    ("same", "held", "held_head", "head", "total", "usable"),
    [
        (300, 320, 280, 280, 310, 300),  # the same tools and the beginning of the same question
        (280, 320, 280, 280, 330, 280),  # the same tools, another question
        (310, 320, 280, 280, 310, 309),  # the same prompt: one token is left, to be looked at
        (200, 320, 280, 280, 330, 200),  # the same first tools
        (270, 320, 280, 280, 330, 216),  # too little left of the head to fill a tile
        (90, 320, 280, 0, 100, 0),  # short prompts are computed in rows, that head was computed in tiles
        (30, 40, 0, 0, 50, 30),
        (0, 0, 0, 280, 330, 0),
    ],
)
def test_how_much_is_reused(same: int, held: int, held_head: int, head: int, total: int, usable: int) -> None:
    assert reusable(same, held, held_head, head, total) == usable


def test_a_model_that_cannot_forget_goes_on_from_where_it_is_or_begins_anew() -> None:
    assert reusable(40, 40, 0, 0, 50, forgets=False) == 40
    assert reusable(39, 40, 0, 0, 50, forgets=False) == 0


@st.composite
def tables(draw: st.DrawFn) -> list[Seat]:
    slots = draw(st.lists(st.integers(0, 15), max_size=8, unique=True))
    found = []
    for slot in slots:
        head, total = draw(prompts())
        place = draw(st.sampled_from([at for at in range(total) if at >= head or head - at >= TILE]))
        found.append(Seat(slot, place, total - place, head, draw(st.integers(0, 50)), draw(st.booleans())))
    return found


@given(tables(), ROOMS)
def test_nobody_who_can_write_is_passed_over_and_nobody_is_fed_twice(seats: list[Seat], room: int) -> None:
    step = plan(seats, room)
    assert step.write == tuple(
        sorted(s.slot for s in seats if s.pending == 1 and s.place >= s.head and not s.waits)
    )
    assert step.read not in step.write
    if step.read >= 0:
        reader = next(s for s in seats if s.slot == step.read)
        assert not reader.waits
        assert 0 < step.count <= reader.pending
    assert (step.read >= 0) == any(not s.waits and (s.pending > 1 or s.place < s.head) for s in seats)


@given(tables(), ROOMS)
def test_whoever_reads_is_fed_at_the_latest_when_all_other_readers_have_been(
    seats: list[Seat], room: int
) -> None:
    table = {s.slot: s for s in seats if not s.waits and s.pending > 1}
    waited, readers = dict.fromkeys(table, 0), len(table)
    for now in range(100, 100 + 3 * len(table)):
        step = plan(list(table.values()), room)
        if step.read < 0:
            break
        for slot in waited:
            waited[slot] = 0 if slot == step.read else waited[slot] + 1
            assert waited[slot] <= readers
        one = table.pop(step.read)
        if one.pending - step.count > 1:
            left = one.pending - step.count
            table[step.read] = replace(one, place=one.place + step.count, pending=left, fed_at=now)
        else:
            del waited[step.read]


def test_a_long_prompt_is_read_in_short_pieces_while_somebody_writes() -> None:
    reader, writer = Seat(0, 0, 1000, 900, 0), Seat(1, 40, 1, 0, 0)
    assert plan([reader], 256).count == 256
    assert plan([reader, writer], 256).count == TILE


@given(
    st.lists(st.integers(0, 8), unique=True, max_size=8).map(sorted).map(tuple),
    st.lists(st.integers(0, 10), min_size=9, max_size=9),
)
def test_nobody_is_computed_alone_where_a_neighbour_has_room(
    write: tuple[int, ...], lengths: list[int]
) -> None:
    extra = company(write, lengths, 10)
    assert not set(extra) & set(write)
    assert all(lengths[n] < 10 for n in extra)
    fed = {*write, *extra}
    for slot in write:
        near = [n for n in (slot - 1, slot + 1) if 0 <= n < 9 and (n in write or lengths[n] < 10)]
        assert bool(near) == bool({slot - 1, slot + 1} & fed)


def holder(
    number: int,
    usable: int = 0,
    *,
    free: bool = True,
    used_at: int = 0,
    spare: bool = False,
    ready: bool = True,
) -> Holder:
    return Holder(number, usable, free, used_at, spare, ready)


@pytest.mark.parametrize(
    ("holders", "place"),
    [
        ([holder(0), holder(1)], Place(0, 0)),
        ([holder(0, 5), holder(1, 300)], Place(1, 300)),
        ([holder(0, used_at=9), holder(1, used_at=3)], Place(1, 0)),
        ([holder(0, 300, free=False), holder(1)], Place(1, 300, 0)),  # copied from one at work
        ([holder(0, 8, free=False), holder(1)], Place(1, 0)),  # not worth a copy
        ([holder(0), holder(1, 280, spare=True, free=True)], Place(0, 280, 1)),
        ([holder(0, 300, free=False, ready=False), holder(1)], Place(1, 300, 0, ready=False)),
        ([holder(0, 300, free=False)], None),
    ],
)
def test_a_newcomer_goes_where_most_is_saved(holders: list[Holder], place: Place | None) -> None:
    assert choose(holders) == place


def test_words_that_every_prompt_begins_with_do_not_cost_another_its_long_prefix() -> None:
    long = Holder(0, usable=5, free=True, used_at=9, held=700)
    empty = Holder(1, usable=0, free=True, used_at=0)
    assert choose((long, empty)) == Place(1, 0)
    returning = Holder(0, usable=690, free=True, used_at=9, held=700)
    assert choose((returning, empty)) == Place(0, 690)


def test_a_prefix_shared_by_a_longer_conversation_is_copied_and_leaves_it_whole() -> None:
    talk = Holder(0, usable=200, free=True, used_at=9, held=900)
    empty = Holder(1, usable=0, free=True, used_at=0)
    assert choose((talk, empty)) == Place(1, 200, 0)
