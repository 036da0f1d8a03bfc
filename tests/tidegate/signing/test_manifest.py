"""A manifest round-trips, and anything beside its shape is refused."""

from __future__ import annotations

import json

import pytest

from tidegate.errors import Untrusted
from tidegate.ids import ReleaseId
from tidegate.signing.manifest import (
    FileRole,
    Machine,
    Manifest,
    Needs,
    describe_file,
    manifest_bytes,
    parse_manifest,
    suits,
)

RELEASE = ReleaseId("edge-1.0")
MODEL = describe_file(FileRole.MODEL, "model.gguf", [b"a" * 131072, b"b"])
MANIFEST = Manifest(RELEASE, (MODEL, describe_file(FileRole.CARD, "card.json", [])), Needs(("x86_64",), 512))


def test_a_manifest_round_trips() -> None:
    assert parse_manifest(manifest_bytes(MANIFEST), RELEASE) == MANIFEST
    assert MANIFEST.size == 131073


def _with(path: str, value: object) -> bytes:
    body = json.loads(manifest_bytes(MANIFEST))
    place = body
    *parents, last = path.split(".")
    for key in parents:
        place = place[int(key)] if key.isdigit() else place[key]
    place[last] = value
    return json.dumps(body).encode()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("schema", 2),
        ("release", "edge-1.1"),
        ("release", "../../etc"),
        ("extra", 1),
        ("files", []),
        ("files", {}),
        ("files.0.role", "script"),
        ("files.1.role", "model"),
        ("files.0.name", "../model.gguf"),
        ("files.0.name", "/etc/passwd"),
        ("files.0.name", "Model.gguf"),
        ("files.0.name", "m\u00f6del"),
        ("files.0.name", ""),
        ("files.1.name", "model.gguf"),
        ("files.0.size", -1),
        ("files.0.size", 131072),
        ("files.0.size", True),
        ("files.0.size", 1.5),
        ("files.0.sha256", "A" * 64),
        ("files.0.sha256", "a" * 63),
        ("files.0.blocks", "a" * 64),
        ("files.0.mode", 0o777),
        ("needs.min_ram_mb", "many"),
        ("needs.arch", "x86_64"),
        ("needs.gpu", True),
    ],
)
def test_a_manifest_of_another_shape_is_refused(path: str, value: object) -> None:
    with pytest.raises(Untrusted) as caught:
        parse_manifest(_with(path, value), RELEASE)
    assert caught.value.code == "malformed"


@pytest.mark.parametrize("content", [b"", b"null", b"[]", b"{}", b"\xff", b"[" * 100_000])
def test_bytes_that_are_no_manifest_are_refused(content: bytes) -> None:
    with pytest.raises(Untrusted):
        parse_manifest(content, RELEASE)


@pytest.mark.parametrize(
    ("needs", "fits"),
    [
        (Needs(), True),
        (Needs(("x86_64", "aarch64")), True),
        (Needs(("riscv64",)), False),
        (Needs(min_ram_mb=2048), True),
        (Needs(min_ram_mb=2049), False),
        (Needs(runtime="onnx"), False),
    ],
)
def test_a_generation_runs_only_where_it_fits(needs: Needs, fits: bool) -> None:
    assert suits(needs, Machine("x86_64", 2048)) is fits
