"""The sealed file: it opens with its passphrase, whole, or not at all."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import PurePosixPath

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.backup.archive import MAGIC, PIECE, Header, opened, seal
from edge.backup.manifest import Manifest, Stored, belongs, parsed
from tidegate.errors import BadRequest, Untrusted

WORDS = "correct horse battery staple"


def sealed(content: bytes, words: str = WORDS) -> bytes:
    out = io.BytesIO()
    seal(iter([content]), words, out)
    return out.getvalue()


def clear(raw: bytes, words: str = WORDS) -> bytes:
    return b"".join(opened(io.BytesIO(raw), words))


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE + 3])
def test_what_was_sealed_comes_back(size: int) -> None:
    content = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    raw = sealed(content)
    assert clear(raw) == content
    assert b"x" * 50 not in raw


def test_another_passphrase_opens_nothing() -> None:
    with pytest.raises(Untrusted) as refused:
        clear(sealed(b"secret"), WORDS + "!")
    assert refused.value.code == "backup_altered"


def test_a_passphrase_that_is_too_short_seals_nothing() -> None:
    with pytest.raises(BadRequest):
        sealed(b"secret", "hunter2")


BIG = sealed(b"a" * (2 * PIECE + 100))


def broken() -> Iterator[object]:
    start = len(MAGIC) + 4 + int.from_bytes(BIG[len(MAGIC) : len(MAGIC) + 4], "big")
    one, two = BIG[start : start + PIECE + 16], BIG[start + PIECE + 16 : start + 2 * (PIECE + 16)]
    rest = BIG[start + 2 * (PIECE + 16) :]
    yield pytest.param(BIG[:start], id="no pieces")
    yield pytest.param(BIG[:start] + one, id="only the first")
    yield pytest.param(BIG[:start] + one + two, id="the last cut off")
    yield pytest.param(BIG[:-1], id="a byte cut off")
    yield pytest.param(BIG + b"x", id="a byte added")
    yield pytest.param(BIG[:start] + two + one + rest, id="swapped")
    yield pytest.param(BIG[:start] + one + one + two + rest, id="repeated")
    yield pytest.param(BIG[:-5] + bytes([BIG[-5] ^ 1]) + BIG[-4:], id="a bit flipped")


@pytest.mark.parametrize("raw", list(broken()))
def test_whatever_was_done_to_the_file_it_does_not_open(raw: bytes) -> None:
    with pytest.raises(Untrusted):
        clear(raw)


@pytest.mark.parametrize(
    "head",
    [
        Header("AAAA", "AAAA"),  # a prefix of another length
        {"salt": "AAAA", "prefix": "AAAAAAAAAA==", "n": 2**30},  # eats 1 TB
        {"salt": "!", "prefix": "AAAAAAAAAA=="},
        {"salt": "AAAA", "prefix": "AAAAAAAAAA==", "version": 2},
        {},
        7,
    ],
)
def test_a_forged_header_is_refused_before_a_key_is_made(head: object) -> None:
    raw = msgspec.json.encode(head)
    with pytest.raises(Untrusted) as refused:
        clear(MAGIC + len(raw).to_bytes(4, "big") + raw + b"x" * 40)
    assert refused.value.code == "backup_format"


@given(st.binary(max_size=200))
@settings(max_examples=50)
def test_noise_is_no_backup(noise: bytes) -> None:
    with pytest.raises(Untrusted):
        clear(noise)
    with pytest.raises(Untrusted):
        clear(MAGIC + noise)


@pytest.mark.parametrize(
    ("path", "in_it"),
    [
        ("device.key", True),
        ("durable.db", True),
        ("identity/key.pem", True),
        ("trust/root.json", True),
        ("durable.db-wal", False),
        ("owner.lock", False),
        ("daemon.url", False),
        ("door.sock", False),
        (".restore/new/device.key", False),
        (".backup-12/device.key", False),
        ("replaced/2026/old/device.key", False),
        ("models/slots/a/model.gguf", False),
        ("update.json", False),
    ],
)
def test_what_belongs_into_a_backup(path: str, in_it: bool) -> None:
    assert belongs(PurePosixPath(path), models=False) is in_it
    assert belongs(PurePosixPath(path), models=True) is (in_it or path.startswith(("models", "update")))


@pytest.mark.parametrize(
    "path",
    [
        "../device.key",
        "/etc/passwd",
        "a/../../b",
        "owner.lock",
        ".restore/commit.json",
        "",
        "a\\b",
        "models/x",
    ],
)
def test_a_manifest_that_names_a_file_elsewhere_is_refused(path: str) -> None:
    made = Manifest(1.0, "0", 2, 0, "", False, (Stored(path, 1, "0" * 64),))
    with pytest.raises(Untrusted) as refused:
        parsed(msgspec.json.encode(made))
    assert refused.value.code == "backup_path"


def test_a_manifest_of_another_format_is_refused() -> None:
    with pytest.raises(Untrusted):
        parsed(b'{"format":2}')
