"""Two committed slots, moved by pointer; whatever is damaged is not loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.update.machine import EMBEDDED
from edge.update.slots import Slots, generation_of
from tests.fakes.published import release
from tidegate.errors import Untrusted
from tidegate.signing.manifest import Manifest


def bring_in(slots: Slots, name: str, content: bytes) -> Manifest:
    manifest = release(name, content)
    slots.begin(manifest)
    (slots.incoming(manifest) / "model.gguf").write_bytes(content)
    slots.stage(manifest)
    return manifest


def running(slots: Slots) -> str | None:
    slot = slots.bootable()
    return slot.manifest.release if slot is not None else None


def test_the_newest_committed_slot_starts_and_the_one_before_is_kept(tmp_path: Path) -> None:
    slots = Slots(tmp_path)
    assert running(slots) is None
    for name in ("edge-1.0", "edge-1.1", "edge-1.2"):
        slots.commit(generation_of(bring_in(slots, name, name.encode())))
    assert running(slots) == "edge-1.2"
    assert len(list((tmp_path / "gen").iterdir())) == 2


def test_a_staged_slot_is_not_started_before_it_is_committed(tmp_path: Path) -> None:
    slots = Slots(tmp_path)
    slots.commit(generation_of(bring_in(slots, "edge-1.0", b"one")))
    staged = bring_in(slots, "edge-1.1", b"two")
    assert running(slots) == "edge-1.0"
    slots.commit(generation_of(staged))
    slots.commit(generation_of(staged))
    assert running(slots) == "edge-1.1"
    assert (tmp_path / "previous").read_text() != (tmp_path / "current").read_text()


@pytest.mark.parametrize("damage", ["model flipped", "model gone", "manifest", "pointer", "link"])
def test_a_damaged_slot_gives_way_to_the_one_before(tmp_path: Path, damage: str) -> None:
    slots = Slots(tmp_path)
    slots.commit(generation_of(bring_in(slots, "edge-1.0", b"one")))
    newest = bring_in(slots, "edge-1.1", b"two")
    slots.commit(generation_of(newest))
    folder = tmp_path / "gen" / newest.digest[:12]
    model = folder / "model.gguf"
    model.chmod(0o644)
    match damage:
        case "model flipped":
            model.write_bytes(b"tWo")
        case "model gone":
            model.unlink()
        case "manifest":
            (folder / "manifest.json").write_bytes(b"{}")
        case "pointer":
            (tmp_path / "current").write_text("../../../etc")
        case _:
            (tmp_path / "elsewhere").write_bytes(b"two")
            model.unlink()
            model.symlink_to(tmp_path / "elsewhere")
    assert running(slots) == "edge-1.0"
    if damage != "pointer":
        with pytest.raises((Untrusted, OSError)):
            slots.slot(generation_of(newest))


def test_a_file_that_was_swapped_between_check_and_load_is_caught(tmp_path: Path) -> None:
    slots = Slots(tmp_path)
    manifest = bring_in(slots, "edge-1.0", b"one")
    slot = slots.slot(generation_of(manifest))
    slot.model.chmod(0o644)
    slot.model.write_bytes(b"0ne")
    with pytest.raises(Untrusted) as caught:
        slots.slot(generation_of(manifest))
    assert caught.value.code == "hash_mismatch"


@pytest.mark.parametrize(
    ("content", "code"), [(b"on", "truncated"), (b"0ne", "hash_mismatch"), (b"onee", "hash_mismatch")]
)
def test_only_whole_right_files_are_staged(tmp_path: Path, content: bytes, code: str) -> None:
    slots, manifest = Slots(tmp_path), release("edge-1.0", b"one")
    slots.begin(manifest)
    (slots.incoming(manifest) / "model.gguf").write_bytes(content)
    with pytest.raises(Untrusted) as caught:
        slots.stage(manifest)
    assert caught.value.code == code
    assert not (tmp_path / "gen").exists()


def test_files_that_nobody_signed_do_not_come_along(tmp_path: Path) -> None:
    slots, manifest = Slots(tmp_path), release("edge-1.0", b"one")
    slots.begin(manifest)
    incoming = slots.incoming(manifest)
    (incoming / "model.gguf").write_bytes(b"one")
    (incoming / "extra.so").write_bytes(b"surprise")
    slot = slots.stage(manifest)
    assert sorted(path.name for path in slot.folder.iterdir()) == ["manifest.json", "model.gguf"]


def test_going_back_to_the_embedded_model_takes_the_pointers_away(tmp_path: Path) -> None:
    slots = Slots(tmp_path)
    slots.commit(generation_of(bring_in(slots, "edge-1.0", b"one")))
    slots.commit(EMBEDDED)
    assert running(slots) is None
    assert not list((tmp_path / "gen").iterdir())
