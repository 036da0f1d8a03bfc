"""Where a model may come from, and what may become a name here."""

from __future__ import annotations

from pathlib import Path

import pytest

from tidegate.errors import BadConfig, BadRequest
from tidegate.models import hub
from tidegate.models.names import file_name, new_name, suggested
from tidegate.models.source import (
    InBundle,
    InFolder,
    OnDisk,
    OnHub,
    OnWeb,
    Source,
    described,
    parse_source,
)


def parse(text: str, *, is_folder: bool = False, has_manifest: bool = False) -> Source:
    return parse_source(text, is_folder=is_folder, has_manifest=has_manifest)


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("hf:Qwen/Qwen3-0.6B-GGUF", OnHub("Qwen/Qwen3-0.6B-GGUF")),
        ("hf:a/b:x.gguf", OnHub("a/b", "main", "x.gguf")),
        ("hf:a/b@refs/pr/1:q/x.gguf", OnHub("a/b", "refs/pr/1", "q/x.gguf")),
        ("hf:a/b@5c1d:*Q4*", OnHub("a/b", "5c1d", "*Q4*")),
        ("https://example.org/m/x.gguf?key=1", OnWeb("https://example.org/m/x.gguf?key=1", "x.gguf")),
        ("http://127.0.0.1:8000/x.gguf", OnWeb("http://127.0.0.1:8000/x.gguf", "x.gguf")),
        ("http://[::1]/x.gguf", OnWeb("http://[::1]/x.gguf", "x.gguf")),
        ("models/x.GGUF", OnDisk(Path("models/x.GGUF"))),
        ("b.tar.gz", InBundle(Path("b.tar.gz"))),
        ("b.zip", InBundle(Path("b.zip"))),
    ],
)
def test_the_forms_that_are_understood(text: str, source: Source) -> None:
    assert parse(text) == source


def test_a_folder_is_a_bundle_when_it_has_a_manifest() -> None:
    assert parse("x", is_folder=True, has_manifest=True) == InBundle(Path("x"))
    assert parse("x", is_folder=True) == InFolder(Path("x"))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "bad_source"),
        ("x.safetensors", "bad_source"),
        ("hf:just-a-name", "bad_source"),
        ("hf:../../etc", "bad_source"),
        ("hf:a/b:../x.gguf", "bad_source"),
        ("hf:a/b/c", "bad_source"),
        ("ftp://example.org/x.gguf", "bad_source"),
        ("https://user:pass@example.org/x.gguf", "bad_source"),
        ("https://example.org/page", "bad_source"),
        ("https://example.org/..%2fx.gguf", "bad_file_name"),
        ("http://example.org/x.gguf", "not_https"),
        ("http://127.0.0.1.example.org/x.gguf", "not_https"),
    ],
)
def test_everything_else_is_refused_with_its_reason(text: str, code: str) -> None:
    with pytest.raises(BadRequest) as said:
        parse(text)
    assert said.value.code == code


def test_a_record_names_the_source_without_secrets_or_folders() -> None:
    assert described(parse("https://example.org:8443/m/x.gguf?token=abc")) == "https://example.org/m/x.gguf"
    assert described(parse("/home/someone/x.gguf")) == "file:x.gguf"


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("Qwen3-0.6B-Q8_0.gguf", "qwen3-0.6b-q8_0"),
        ("folder/My Model (1).gguf", "my-model-1"),
        ("x" * 90 + ".gguf", "x" * 64),
    ],
)
def test_a_name_is_suggested_from_the_file(file: str, name: str) -> None:
    assert suggested(file) == name


@pytest.mark.parametrize(
    "name", ["", "..", "a/b", "A", "-x", "x.", "a..b", "x" * 65, "a b", ".incoming", "é"]
)
def test_what_is_no_name(name: str) -> None:
    with pytest.raises(BadRequest, match="--name"):
        new_name(name)


@pytest.mark.parametrize("name", ["edge", "cloud", "sentry", "embedder"])
def test_a_shipped_name_is_not_given_twice(name: str) -> None:
    with pytest.raises(BadRequest) as said:
        new_name(name)
    assert said.value.code == "name_taken"


@pytest.mark.parametrize(
    "name", ["../x.gguf", "a/b.gguf", ".hidden", "x\0.gguf", "a\\b.gguf", "", "x..gguf", "\x1b[2J.gguf"]
)
def test_what_is_no_file_name(name: str) -> None:
    with pytest.raises(BadRequest):
        file_name(name)


@pytest.mark.parametrize(
    ("environ", "address"),
    [
        ({}, "https://huggingface.co"),
        ({"HF_ENDPOINT": ""}, "https://huggingface.co"),
        ({"HF_ENDPOINT": "https://mirror.example/"}, "https://mirror.example"),
        ({"HF_ENDPOINT": "http://localhost:9000"}, "http://localhost:9000"),
    ],
)
def test_the_hubs_address_comes_from_the_environment(environ: dict[str, str], address: str) -> None:
    assert hub.endpoint(environ) == address


def test_a_hub_without_tls_is_used_on_this_machine_alone() -> None:
    with pytest.raises(BadConfig, match="HF_ENDPOINT"):
        hub.endpoint({"HF_ENDPOINT": "http://mirror.example"})
