"""The self-test behind "nothing leaves": which rows of the kernel's tables are sockets to other machines."""

from __future__ import annotations

import os
import socket

import pytest

from edge.routing.mode import Mode
from edge.sockets import foreign_rows, foreign_sockets, prove_sealed
from tidegate.errors import Broken

OWN = frozenset({"1234"})


def row(local: str, remote: str, inode: str = "1234") -> str:
    return f"0: {local} {remote} 0A 00000000:00000000 00:00000000 00000000 0 0 {inode} 1"


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (row("0100007F:1F90", "00000000:0000"), []),  # listens on 127.0.0.1
        (row("0100007F:1F90", "0100007F:C350"), []),  # 127.0.0.1 to 127.0.0.1
        (row("00000000:0000", "00000000:0000"), []),  # made, not connected
        (row("00000000000000000000000001000000:1F90", "00000000000000000000000000000000:0000"), []),  # ::1
        (row("0000000000000000FFFF00000100007F:1F90", "0000000000000000FFFF00000100007F:C350"), []),  # mapped loopback
        (row("0200A8C0:9C40", "0100000A:01BB"), ["192.168.0.2", "10.0.0.1"]),  # a connection out
        (row("00000000:1F90", "00000000:0000"), ["0.0.0.0"]),  # listens on every address
        (row("0200A8C0:9C40", "0100000A:01BB", inode="9"), []),  # somebody else's
        (row("B80D01200000000000000000010000FE:9C40", "B80D0120000000000000000001000000:01BB"), ["2001:db8::fe00:1", "2001:db8::1"]),
        ("", []),
    ],
)  # fmt: skip
def test_a_row_is_foreign_when_it_is_ours_and_beyond_loopback(line: str, found: list[str]) -> None:
    assert foreign_rows([line], OWN) == found


def test_a_socket_of_this_process_is_seen() -> None:
    assert foreign_sockets(os.getpid()) == []
    with socket.socket() as everywhere:
        everywhere.bind(("0.0.0.0", 0))
        everywhere.listen()
        assert foreign_sockets(os.getpid()) == ["0.0.0.0"]


def test_a_daemon_that_lets_nothing_out_does_not_start_with_a_way_out() -> None:
    prove_sealed(Mode.LOCAL_ONLY)
    with socket.socket() as everywhere:
        everywhere.bind(("0.0.0.0", 0))
        everywhere.listen()
        prove_sealed(Mode.PREFER_LOCAL)
        with pytest.raises(Broken, match="1 addresses beyond this machine") as caught:
            prove_sealed(Mode.LOCAL_ONLY)
    assert caught.value.code == "not_local_only"
