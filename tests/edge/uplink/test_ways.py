"""Which way out there is, whether it costs, and who answers there."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.uplink.interface import default_interface, is_metered, watching
from edge.uplink.portal import Found, HttpProbe, judged
from tidegate.clock import FixedClock
from tidegate.errors import BadConfig

HEAD = "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n"
WIFI = "wlan0 00000000 0102A8C0 0003 0 0 600 00000000 0 0 0\n"
PHONE = "wwan0 00000000 0102A8C0 0003 0 0 700 00000000 0 0 0\n"
HOME = "eth0 0002A8C0 00000000 0001 0 0 100 00FFFFFF 0 0 0\n"
SIX = (
    "0" * 32
    + " 00 "
    + "0" * 32
    + " 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003 ppp0\n"
)


@pytest.mark.parametrize(
    ("v4", "v6", "name"),
    [
        (HEAD + WIFI + PHONE + HOME, "", "wlan0"),
        (HEAD + PHONE, SIX, "wwan0"),
        (HEAD + HOME, SIX, "ppp0"),
        (HEAD + HOME, "", ""),
        (HEAD + WIFI.replace("0003", "0002"), "", ""),  # it is down
        ("", SIX.replace("ppp0", "lo"), ""),
        ("rubbish\nrubbish rubbish\n", "x\n", ""),
    ],
)
def test_the_way_out_is_the_default_route_with_the_lowest_metric(
    tmp_path: Path, v4: str, v6: str, name: str
) -> None:
    net = tmp_path / "proc/net"
    net.mkdir(parents=True)
    (net / "route").write_text(v4)
    (net / "ipv6_route").write_text(v6)
    assert default_interface(tmp_path) == name


def test_a_machine_without_these_files_has_no_known_way(tmp_path: Path) -> None:
    assert default_interface(tmp_path) == ""
    assert not watching(("*",), FixedClock(), tmp_path)()


@given(st.text(max_size=200))
def test_no_file_can_hurt(text: str) -> None:
    from edge.uplink import interface

    rows = [line.split() for line in text.splitlines()]
    assert list(interface._v4(rows)) is not None
    assert list(interface._v6(rows)) is not None


@pytest.mark.parametrize(
    ("name", "metered"), [("wwan0", True), ("ppp1", True), ("wlan0", False), ("", False), ("swwan0", False)]
)
def test_some_interfaces_cost_by_the_byte(name: str, metered: bool) -> None:
    assert is_metered(name, ("wwan*", "ppp*")) is metered


def test_the_way_is_looked_up_again_after_a_while(tmp_path: Path) -> None:
    clock, net = FixedClock(), tmp_path / "proc/net"
    net.mkdir(parents=True)
    (net / "route").write_text(HEAD + WIFI)
    metered = watching(("wwan*",), clock, tmp_path)
    assert not metered()
    (net / "route").write_text(HEAD + PHONE)
    assert not metered()
    clock.advance(5.0)
    assert metered()


@pytest.mark.parametrize(
    ("head", "found"),
    [
        (b"HTTP/1.1 204 No Content\r\n", Found.FREE),
        (b"HTTP/1.0 204\r\n", Found.FREE),
        (b"HTTP/1.1 302 Found\r\n", Found.CAPTIVE),
        (b"HTTP/1.1 200 OK\r\n", Found.CAPTIVE),
        (b"HTTP/1.1 2040 x\r\n", Found.CAPTIVE),
        (b"\x15\x03\x01", Found.CAPTIVE),
        (b"", Found.NOBODY),
    ],
)
def test_only_the_agreed_answer_is_a_free_way(head: bytes, found: Found) -> None:
    assert judged(head) is found


async def test_the_question_tells_nothing_but_its_address() -> None:
    asked: list[bytes] = []

    async def page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 511 Network Authentication Required\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(page, "127.0.0.1", 0) as server:
        port: int = server.sockets[0].getsockname()[1]
        probe = HttpProbe(f"http://127.0.0.1:{port}/free?")
        assert await probe.captive()
    assert asked == [f"GET /free HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode()]
    assert await probe.look() is Found.NOBODY


@pytest.mark.parametrize(
    "address", ["https://a.example/", "a.example", "http://", "http://a:b/", "http://a/\u00e9"]
)
def test_an_address_that_cannot_be_asked_stops_the_start(address: str) -> None:
    with pytest.raises(BadConfig, match="portal_probe"):
        HttpProbe(address)
