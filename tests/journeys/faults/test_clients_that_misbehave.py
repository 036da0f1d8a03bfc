"""Clients that hang up, send nonsense, send slowly, read slowly, or come in crowds."""

from __future__ import annotations

import contextlib
import json
import resource
import socket
import struct
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.journeys.faults.conftest import Patient, begin, chat, until

LONG = 900
DEEP = b'{"model":' + b"[" * 200_000 + b"]" * 200_000 + b"}"


@contextlib.contextmanager
def connected(patient: Patient) -> Iterator[socket.socket]:
    with socket.create_connection(patient.place, timeout=30) as made:
        yield made


def request(patient: Patient, content: bytes, length: int | None = None) -> bytes:
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {patient.living.api_key}\r\n"
        f"content-length: {len(content) if length is None else length}\r\n\r\n"
    )
    return head.encode() + content


def stream(tokens: int) -> bytes:
    return json.dumps(chat(stream=True, max_tokens=tokens)).encode()


def test_a_client_that_hangs_up_in_mid_stream_frees_its_slot(patient: Patient) -> None:
    told = len(patient.events("answered"))
    for _ in range(12):  # more than there are slots: if any stayed taken, the rest would wait for it
        with connected(patient) as made:
            made.sendall(request(patient, stream(LONG)))
            seen = b""
            while b'"content":"' not in seen.replace(b'"content":""', b""):
                piece = made.recv(4096)
                assert piece, seen
                seen += piece
            made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # gone, not closed
    until(lambda: patient.in_flight() == 0)
    assert len(patient.events("answered")) == told  # none of them was written to its end for nobody


def test_a_client_that_leaves_before_its_answer_begins_stops_the_work(patient: Patient) -> None:
    told = len(patient.events("answered"))
    with connected(patient) as made:
        made.sendall(request(patient, json.dumps(chat(max_tokens=LONG)).encode()))
        until(lambda: patient.in_flight() == 1)
    until(lambda: patient.in_flight() == 0)
    assert len(patient.events("answered")) == told


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        pytest.param(b"", 400, "bad_json", id="nothing"),
        pytest.param(b'{"model":"tidegate-local","messages":[', 400, "bad_json", id="cut off"),
        pytest.param(b"\x00" * 1000, 400, "bad_json", id="zeros"),
        pytest.param(b'{"model":"\xff\xfe"}', 400, "bad_encoding", id="not UTF-8"),
        pytest.param(b'{"model":"\\ud800"}', 400, "bad_json", id="half a surrogate"),
        pytest.param(b'{"model":"tidegate-local","max_tokens":1e999}', 400, "invalid_parameter", id="infinite"),
        pytest.param(b'{"model":"tidegate-local","seed":' + b"9" * 5000 + b"}", 400, "invalid_parameter", id="long number"),
        pytest.param(DEEP, 400, "too_deep", id="deep"),
        pytest.param(b'{"model":"' + b"a" * 1_048_600 + b'"}', 413, "body_too_large", id="huge"),
        pytest.param(b"[" * 1_000_000, 400, "too_deep", id="a megabyte of brackets"),
        pytest.param(b'{"a":1,' * 100_000, 400, "too_deep", id="objects that never close"),
    ],
)  # fmt: skip
def test_a_body_that_is_no_request_is_named(patient: Patient, content: bytes, status: int, code: str) -> None:
    got = patient.post(content)
    found = got.json()["error"]
    assert (got.status_code, found["code"]) == (status, code)


def test_a_body_that_lies_about_its_length_is_ended(patient: Patient) -> None:
    with connected(patient) as made:
        made.sendall(request(patient, b"{}", length=10_000))
        assert b" 408 " in made.recv(4096).split(b"\r\n")[0]


def test_a_client_that_goes_on_sending_reads_why_and_that_the_connection_ends(patient: Patient) -> None:
    with connected(patient) as made:
        made.sendall(request(patient, b"", length=30_000_000))
        for _ in range(40):
            made.sendall(b"x" * 65_536)
        said = b"".join(iter(partial(made.recv, 65_536), b""))
    assert b" 413 " in said.split(b"\r\n")[0]
    assert b"\r\nconnection: close\r\n" in said.lower()


@pytest.mark.parametrize(
    "head", [b"POST /v1/chat/comp", b"GET / HTTP/1.1\r\nhost: local", b"", b"\x16\x03\x01\x02\x00"]
)
def test_a_head_that_never_ends_is_cut_off_and_others_are_served(patient: Patient, head: bytes) -> None:
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(connected(patient)) for _ in range(40)]
        for one in slow:
            one.sendall(head)
        patient.answers()
        for one in slow:
            while one.recv(4096):  # a 400 may come first; then the daemon ends the connection by itself
                pass


def test_a_body_that_comes_byte_by_byte_is_given_up(patient: Patient) -> None:
    content = json.dumps(chat()).encode()
    whole = request(patient, content)
    with connected(patient) as made:
        made.settimeout(0.1)
        made.sendall(whole[: len(whole) - len(content)])
        said = b""
        for at in range(len(content)):
            with contextlib.suppress(TimeoutError):
                said += made.recv(4096)
            if said:
                break
            made.sendall(content[at : at + 1])
    assert b" 408 " in said.split(b"\r\n")[0]


def test_a_thousand_idle_connections_cost_others_nothing(patient: Patient) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = min(1000, hard - 200)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count + 200), hard))
    with contextlib.ExitStack() as stack:
        idle = [stack.enter_context(connected(patient)) for _ in range(count)]
        patient.answers()
        assert len(idle) == count


def test_more_connections_than_the_system_allows_wait_and_nothing_ends(tmp_path: Path, model: Path) -> None:
    patient = begin(tmp_path, model)
    pid = patient.living.process.pid
    assert pid is not None
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (100, 100))
    with contextlib.ExitStack() as stack:
        for _ in range(150):
            stack.enter_context(connected(patient))
    patient.answers()  # when the crowd has gone, it is as it was
    patient.ends()


def test_readers_that_do_not_read_are_let_go(tmp_path: Path, model: Path) -> None:
    patient = begin(tmp_path, model, write_timeout_s=1.0)
    body = json.dumps(chat(stream=True, max_tokens=200, logprobs=True, top_logprobs=20)).encode()
    with contextlib.ExitStack() as stack:
        for _ in range(4):
            made = stack.enter_context(socket.socket())
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            made.connect(patient.place)
            made.sendall(request(patient, body))
        until(lambda: patient.in_flight() > 0)
        until(lambda: patient.in_flight() == 0)  # though none of them has read anything
        patient.answers()
    patient.ends()
