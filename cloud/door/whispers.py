"""Refused handshakes, told once per reason.

A caller without a certificate of ours never reaches our code: grpc's core refuses the handshake and says so on the
process's standard error, in its own words, every time. While the doors are open that descriptor is read here; a
handshake line becomes one log event of a closed reason, the core's other lines are dropped, all else is passed on.
The core tells of handshakes at the level INFO alone, so `cloud.cli` sets GRPC_VERBOSITY before grpc is imported.
"""

from __future__ import annotations

import io
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from cloud.door.limits import Once

_CORE = re.compile(rb"[DIWEF]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ [\w./]+:\d+\]")
_REASONS = (
    (b"PEER_DID_NOT_RETURN_A_CERTIFICATE", "no_certificate"),
    (b"CERTIFICATE_VERIFY_FAILED", "bad_certificate"),  # expired, another CA, not for clients
    (b"NO_SHARED_CIPHER", "old_tls"),
    (b"UNSUPPORTED_PROTOCOL", "old_tls"),
    (b"HTTP_REQUEST", "no_tls"),
    (b"WRONG_VERSION_NUMBER", "no_tls"),
)


def handshake_reason(line: bytes) -> str | None:
    """Why the core refused a handshake, or None when the line says nothing of the kind."""
    if not is_core(line) or b"Handshake failed" not in line:
        return None
    return next((reason for word, reason in _REASONS if word in line), "handshake")


def is_core(line: bytes) -> bool:
    """Whether grpc's core wrote the line."""
    return _CORE.match(line) is not None


@contextmanager
def overheard(refused: Callable[[str, bool], None]) -> Iterator[TextIO]:
    """Reads descriptor 2 until the block ends; gives the stream on which this process itself writes meanwhile.

    `refused(reason, first)` is called for each refused handshake, from a thread; `first` is True once per reason.
    """
    told = Once[str]()
    kept = os.dup(2)
    reader, writer = os.pipe()
    os.dup2(writer, 2)
    os.close(writer)
    stream = os.fdopen(os.dup(kept), "w", buffering=1, encoding="utf-8", errors="backslashreplace")
    before, sys.stderr = sys.stderr, stream

    def read() -> None:
        with os.fdopen(reader, "rb") as lines:
            _sort(lines, kept, lambda reason: refused(reason, told.first(reason)))

    thread = threading.Thread(target=read, name="tidegate-overhear", daemon=True)
    thread.start()
    try:
        yield stream
    finally:
        sys.stderr = before
        os.dup2(kept, 2)  # closes the pipe's last writer: the thread ends after the last line
        thread.join(timeout=1.0)
        stream.flush()


def _sort(lines: io.BufferedReader, kept: int, refused: Callable[[str], None]) -> None:
    for line in lines:
        reason = handshake_reason(line)
        if reason is not None:
            refused(reason)
        elif not is_core(line):
            os.write(kept, line)
