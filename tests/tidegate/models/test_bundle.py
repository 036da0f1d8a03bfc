"""Bundles: what is packed comes out, and what somebody slipped in does not."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.gguf_files import gguf
from tidegate.errors import BadRequest, Exhausted, TidegateError, Untrusted
from tidegate.models import bundle
from tidegate.models.progress import Silent
from tidegate.models.record import Bundle, Kind, Licence, Record, StoredFile, encode
from tidegate.models.store import Kept

CONTENT = gguf(tensors=2000)
FILE = StoredFile("m.gguf", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
RECORD = Record(
    name="mine",
    kind=Kind.CHAT,
    files=(FILE,),
    source="hf:a/b",
    licence=Licence("mit", "", "2026-11-24T05:00:00Z"),
)
MANIFEST = encode(Bundle(1, (RECORD,)))
FORMS = ("b.tar", "b.tar.gz", "b.tgz", "b.zip", "b")


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    folder = tmp_path / "store" / "mine"
    folder.mkdir(parents=True)
    (folder / "m.gguf").write_bytes(CONTENT)
    return Kept(folder, RECORD)


def take(path: Path, into: Path, free: int = 10**12) -> None:
    into.mkdir(exist_ok=True)
    with bundle.opened(path) as container:
        for record in bundle.manifest(container).models:
            bundle.take(container, record, into, lambda _: free, Silent())


def refused(path: Path, into: Path) -> TidegateError:
    with pytest.raises(Untrusted) as said:
        take(path, into)
    assert not list(into.iterdir())
    return said.value


@pytest.mark.parametrize("form", FORMS)
def test_what_was_packed_comes_out(kept: Kept, tmp_path: Path, form: str) -> None:
    bundle.make((kept,), tmp_path / form)
    take(tmp_path / form, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["m.gguf"]
    assert (tmp_path / "out/m.gguf").read_bytes() == CONTENT


@pytest.mark.parametrize("form", FORMS)
def test_the_same_models_make_the_same_bundle(kept: Kept, tmp_path: Path, form: str) -> None:
    (tmp_path / "x").mkdir()
    first = bundle.make((kept,), tmp_path / form)
    assert first == bundle.make((kept,), tmp_path / "x" / form)


def test_nothing_is_written_over_and_nothing_half_is_left(kept: Kept, tmp_path: Path) -> None:
    (tmp_path / "b.tar").write_bytes(b"mine")
    with pytest.raises(BadRequest):
        bundle.make((kept,), tmp_path / "b.tar")
    (kept.folder / "m.gguf").unlink()
    with pytest.raises(OSError):
        bundle.make((kept,), tmp_path / "c.tar")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.tar", "store"]


def test_an_ending_that_means_nothing_is_refused(kept: Kept, tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match=r"\.tar\.gz"):
        bundle.make((kept,), tmp_path / "b.rar")


def tar_of(path: Path, *entries: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w") as archive:
        for entry, content in entries:
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


def entry(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, link
    return made


def manifest(change: Callable[[Record], Record]) -> bytes:
    return encode(Bundle(1, (change(RECORD),)))


def with_file(**changes: str | int) -> bytes:
    file = StoredFile(
        str(changes.get("name", FILE.name)),
        int(changes.get("size", FILE.size)),
        str(changes.get("sha256", FILE.sha256)),
    )
    return manifest(lambda record: Record(name=record.name, kind=record.kind, files=(file,), source=""))


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ([(entry("mine/m.gguf"), CONTENT)], "bad_bundle"),  # no manifest
        ([(entry("bundle.json"), MANIFEST)], "bad_bundle"),  # no file
        ([(entry("bundle.json"), b"{")], "bad_record"),
        (
            [(entry("bundle.json"), MANIFEST), (entry("mine/m.gguf", tarfile.SYMTYPE, "/etc/passwd"), b"")],
            "bad_bundle",
        ),
        (
            [(entry("bundle.json"), MANIFEST), (entry("mine/m.gguf", tarfile.LNKTYPE, "bundle.json"), b"")],
            "bad_bundle",
        ),
        ([(entry("bundle.json"), MANIFEST), (entry("mine/m.gguf", tarfile.FIFOTYPE), b"")], "bad_bundle"),
        ([(entry("bundle.json"), MANIFEST), (entry("mine/m.gguf"), CONTENT[:-1])], "short_file"),
        ([(entry("bundle.json"), MANIFEST), (entry("mine/m.gguf"), CONTENT[:-1] + b"x")], "wrong_hash"),
        (
            [(entry("bundle.json"), MANIFEST), (entry("mine/m.gguf"), CONTENT), (entry("mine/m.gguf"), b"x")],
            "bad_bundle",
        ),
        ([(entry("bundle.json"), with_file(sha256="A" * 64))], "bad_record"),
        ([(entry("bundle.json"), with_file(size=-1))], "bad_record"),
        (
            [(entry("bundle.json"), MANIFEST.replace(b'"tidegate_bundle": 1', b'"tidegate_bundle": 2'))],
            "bad_record",
        ),
    ],
)
def test_a_bundle_that_is_not_what_it_says_is_refused(
    tmp_path: Path, entries: list[tuple[tarfile.TarInfo, bytes]], code: str
) -> None:
    assert refused(tar_of(tmp_path / "b.tar", *entries), tmp_path / "out").code == code


@pytest.mark.parametrize(
    "name", ["../m.gguf", "/etc/m.gguf", "a/b.gguf", ".bashrc", "model.json", "m.gguf\n"]
)
def test_no_file_of_a_bundle_leaves_its_folder(tmp_path: Path, name: str) -> None:
    path = tar_of(
        tmp_path / "b.tar", (entry("bundle.json"), with_file(name=name)), (entry(f"mine/{name}"), CONTENT)
    )
    with pytest.raises(TidegateError) as said:
        take(path, tmp_path / "out")
    assert said.value.code in {"bad_file_name", "bad_record"}
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize("name", ["../mine", "edge", "Mine", ""])
def test_no_model_of_a_bundle_takes_a_name_it_may_not_have(tmp_path: Path, name: str) -> None:
    content = manifest(lambda record: Record(name=name, kind=record.kind, files=record.files, source=""))
    path = tar_of(tmp_path / "b.tar", (entry("bundle.json"), content), (entry(f"{name}/m.gguf"), CONTENT))
    with pytest.raises(TidegateError) as said:
        take(path, tmp_path / "out")
    assert said.value.code in {"bad_name", "name_taken"}


def test_what_the_manifest_does_not_name_is_never_touched(tmp_path: Path) -> None:
    path = tar_of(
        tmp_path / "b.tar",
        (entry("bundle.json"), MANIFEST),
        (entry("../../evil"), b"x"),
        (entry("mine/m.gguf"), CONTENT),
        (entry("mine/extra.gguf"), b"x"),
    )
    take(path, tmp_path / "out")
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["m.gguf"]
    assert not (tmp_path / "evil").exists()


def test_a_zip_that_lies_about_a_size_is_cut_at_it(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bundle.json", MANIFEST)
        archive.writestr("mine/m.gguf", b"\0" * 200_000)
    assert refused(tmp_path / "b.zip", tmp_path / "out").code == "short_file"


def test_a_link_in_a_folder_is_no_file(kept: Kept, tmp_path: Path) -> None:
    bundle.make((kept,), tmp_path / "b")
    (tmp_path / "b/mine/m.gguf").rename(tmp_path / "elsewhere")
    (tmp_path / "b/mine/m.gguf").symlink_to(tmp_path / "elsewhere")
    assert refused(tmp_path / "b", tmp_path / "out").code == "bad_bundle"


@pytest.mark.parametrize("form", ["b.tar.gz", "b.zip", "b.tar"])
@pytest.mark.parametrize("keep", [0.0, 0.3, 0.9])
def test_a_bundle_cut_off_on_the_way_is_refused(kept: Kept, tmp_path: Path, form: str, keep: float) -> None:
    bundle.make((kept,), tmp_path / "whole")
    bundle.make((kept,), tmp_path / form)
    whole = (tmp_path / form).read_bytes()
    (tmp_path / form).write_bytes(whole[: int(len(whole) * keep)])
    refused(tmp_path / form, tmp_path / "out")


def test_a_full_disk_is_seen_first(kept: Kept, tmp_path: Path) -> None:
    bundle.make((kept,), tmp_path / "b.tar")
    with pytest.raises(Exhausted):
        take(tmp_path / "b.tar", tmp_path / "out", free=1000)
    assert not list((tmp_path / "out").iterdir())


def test_a_record_of_two_files_that_a_disk_could_confuse_is_refused(tmp_path: Path) -> None:
    both = (FILE, replace_name("M.gguf"))
    content = manifest(lambda record: Record(name=record.name, kind=record.kind, files=both, source=""))
    assert (
        refused(tar_of(tmp_path / "b.tar", (entry("bundle.json"), content)), tmp_path / "out").code
        == "bad_record"
    )


def replace_name(name: str) -> StoredFile:
    return StoredFile(name, FILE.size, FILE.sha256)
