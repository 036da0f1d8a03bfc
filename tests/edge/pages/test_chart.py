"""Pictures: every bar has its height, every state its piece."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from edge.pages.chart import bars, slots, strip
from edge.pages.seen import Hour, LinkSeen
from tidegate.engines.seats import Seats, Slot
from tidegate.look.bars import ceiling

NOW = 1_790_000_000.0


def drawn(svg: str, kind: str = "rect") -> list[ET.Element]:
    return list(ET.fromstring(svg).iter(kind))


@pytest.mark.parametrize(
    ("highest", "top"), [(0, 4), (4, 4), (5, 5), (6, 10), (11, 20), (21, 50), (99, 100), (101, 200)]
)
def test_the_scale_ends_at_a_round_number(highest: int, top: int) -> None:
    assert ceiling(highest) == top


def test_bars_are_as_high_as_their_counts_and_stand_on_each_other() -> None:
    svg = bars([Hour(NOW, {"device": 3, "cloud": 1}), Hour(NOW + 3600, {})])
    device, cloud = drawn(svg)
    assert (device.get("class"), cloud.get("class")) == ("device", "cloud")
    high = [float(one.get("height", "")) for one in (device, cloud)]
    assert high[0] == pytest.approx(3 * high[1], rel=0.01)
    assert float(cloud.get("y", "")) + high[1] == pytest.approx(float(device.get("y", "")), abs=0.1)
    assert "4 answers" in svg


def test_nothing_answered_is_a_chart_all_the_same() -> None:
    assert drawn(bars([Hour(NOW, {})])) == []
    assert drawn(bars([])) == []


def test_the_link_is_a_band_of_its_states() -> None:
    link = LinkSeen("up", ((NOW, "up"), (NOW + 60, "down"), (NOW + 90, "up")))
    pieces = drawn(strip(link, NOW, NOW + 120))
    assert [one.get("class") for one in pieces] == ["up", "down", "up"]
    widths = [float(one.get("width", "")) for one in pieces]
    assert sum(widths) == pytest.approx(720, abs=1)
    assert widths[1] == pytest.approx(180, abs=1)


def test_words_in_a_picture_are_escaped() -> None:
    assert "<b>" not in strip(LinkSeen("<b>", ((NOW, "<b>"),)), NOW, NOW + 1)


def test_a_slot_is_as_full_as_what_it_holds_and_says_whether_it_works() -> None:
    held = (
        Slot(500, busy=True),
        Slot(250, busy=True, reading=True, left=500),
        Slot(0),
        Slot(1000, spare=True),
    )
    drawn = ET.fromstring(slots(Seats(1000, held, waiting=2)))
    found = [
        (one.get("class"), float(one.get("width", "0")))
        for one in drawn.iter()
        if one.get("class", "")[:4] == "held"
    ]
    assert found == [("held busy", 150.0), ("held busy", 75.0), ("held idle", 0.0), ("held spare", 300.0)]
    coming = [float(one.get("width", "0")) for one in drawn.iter() if one.get("class") == "coming"]
    assert coming == [0.0, 150.0, 0.0, 0.0]
    assert drawn.get("aria-label") == "2 of 3 slots are at work, 2 requests wait"
