"""A knock at the broker: taken, refused, not there; never a second session."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.checkup.broker import knock, look
from edge.checkup.found import Finding
from edge.config import EdgeConfig, Fleet
from edge.routing.mode import Mode
from tests.fakes.cloud import Site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Site(tmp_path_factory.mktemp("site"))


@contextlib.contextmanager
def listening(site: Site, *, takes: bool) -> Iterator[int]:
    """A server that asks for a certificate and then waits, or hangs up."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(site.folder / "cloud" / "cert.pem", site.folder / "cloud" / "key.pem")
    context.load_verify_locations(site.folder / "cloud" / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            plain, _ = server.accept()
            with plain, contextlib.suppress(OSError), context.wrap_socket(plain, server_side=True):
                if takes:
                    done.wait(5)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            done.set()
            thread.join(5)


def test_a_broker_that_waits_has_taken_the_device(site: Site) -> None:
    with listening(site, takes=True) as port:
        check = knock("broker", "127.0.0.1", port, site.folder / "device")
    assert (check.finding, check.next) == (Finding.OK, "")


def test_a_broker_that_hangs_up_has_not(site: Site) -> None:
    with listening(site, takes=False) as port:
        check = knock("broker", "127.0.0.1", port, site.folder / "device")
    assert check.broken
    assert "enrol" in check.next


def test_a_broker_of_another_authority_is_not_ours(site: Site, tmp_path: Path) -> None:
    with listening(Site(tmp_path), takes=True) as port:
        check = knock("broker", "127.0.0.1", port, site.folder / "device")
    assert check.broken
    assert "proof" in check.said


def test_nobody_there_is_told_with_what_still_works(site: Site) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    check = knock("broker", "127.0.0.1", port, site.folder / "device")
    assert check.broken
    assert "updates wait" in check.said


@pytest.mark.parametrize("mode", [Mode.LOCAL_ONLY, Mode.PREFER_LOCAL])
def test_a_device_without_one_has_nothing_to_knock_at(tmp_path: Path, mode: Mode) -> None:
    broker = "broker.example:8883" if mode is Mode.LOCAL_ONLY else ""
    config = EdgeConfig(state=tmp_path, mode=mode, fleet=Fleet(broker=broker))
    assert look("broker", config).finding is Finding.NOT_USED
