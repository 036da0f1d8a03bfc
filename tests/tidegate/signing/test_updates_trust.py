"""A real repository, a real python-tuf client, and a source of bytes that lies in every way it can."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tidegate.clock import FixedClock, SystemClock
from tidegate.errors import BadConfig, BadRequest, Broken, Unreachable, Untrusted
from tidegate.ids import ReleaseId
from tidegate.signing.client import TrustStore
from tidegate.signing.manifest import FileRole, Manifest
from tidegate.signing.repository import NewFile, Repository, Threshold, create
from tidegate.signing.trust import HighWater, mark_bytes
from tidegate.updates import BLOCK_BYTES, BlobMissing, Fault

NOW = SystemClock().now()
DAY = 86400.0


@dataclass
class FolderBlobs:
    """A source over a folder. `lies` maps a file to what is served instead; `down` cuts the line."""

    folder: Path
    lies: dict[str, bytes] = field(default_factory=dict)
    down: bool = False
    asked: list[str] = field(default_factory=list)

    def read(self, name: str, offset: int = 0) -> Iterator[bytes]:
        self.asked.append(name)
        if self.down:
            raise Unreachable("the line is cut")
        content = self.lies.get(name)
        if content is None:
            path = self.folder / name
            if not path.is_file():
                raise BlobMissing(name)
            content = path.read_bytes()
        for start in range(offset, len(content), BLOCK_BYTES):
            yield content[start : start + BLOCK_BYTES]


@dataclass
class World:
    """One publisher and one device."""

    repository: Repository
    source: FolderBlobs
    device: TrustStore
    clock: FixedClock
    model: Path

    def publish(self, name: str, content: bytes = b"GGUF weights") -> Manifest:
        self.model.write_bytes(content)
        return self.repository.publish(
            ReleaseId(name), [NewFile(FileRole.MODEL, "model.gguf", self.model)], self.clock.now()
        )

    def trusts(self, name: str) -> Manifest:
        return self.device.manifest(self.source, ReleaseId(name))

    def refusal(self, name: str) -> str:
        with pytest.raises(Untrusted) as caught:
            self.trusts(name)
        return caught.value.code

    def snapshot_of_source(self) -> dict[str, bytes]:
        """All metadata as it is now, to be replayed later."""
        files = (self.source.folder / "metadata").iterdir()
        return {f"metadata/{path.name}": path.read_bytes() for path in files}


@pytest.fixture
def world(tmp_path: Path) -> World:
    clock = FixedClock(NOW)
    repository = create(tmp_path / "fleet", NOW)
    device = TrustStore(tmp_path / "trust", clock)
    device.bootstrap(repository.root_bytes())
    return World(
        repository, FolderBlobs(tmp_path / "fleet" / "repository"), device, clock, tmp_path / "model.gguf"
    )


def test_a_published_release_is_trusted_and_describes_its_files(world: World) -> None:
    published = world.publish("edge-1.0", b"w" * (3 * BLOCK_BYTES + 5))
    trusted = world.trusts("edge-1.0")
    assert trusted == published
    assert trusted.model.size == 3 * BLOCK_BYTES + 5
    assert len(trusted.model.blocks) == 4
    assert trusted.digest == published.digest


def test_no_model_file_is_asked_for_while_judging(world: World) -> None:
    world.publish("edge-1.0")
    world.trusts("edge-1.0")
    assert not [name for name in world.source.asked if "blob/" in name]


def test_a_release_that_was_never_published_is_refused(world: World) -> None:
    world.publish("edge-1.0")
    assert world.refusal("edge-6.6") == Fault.NOT_PUBLISHED


def _flip(content: bytes) -> bytes:
    """One changed character inside a version or digest, still JSON."""
    return content.replace(b'"version":', b'"version": 1', 1)


def _unsign(content: bytes) -> bytes:
    body = json.loads(content)
    body["signatures"] = []
    return json.dumps(body).encode()


@pytest.mark.parametrize("role", ["timestamp", "2.snapshot", "2.targets"])
@pytest.mark.parametrize(
    ("change", "faults"),
    [
        (_flip, {Fault.BAD_SIGNATURE}),
        (_unsign, {Fault.UNSIGNED}),
        (lambda content: content[: len(content) // 2], {Fault.MALFORMED}),
        (lambda content: b"", {Fault.MALFORMED}),
        (lambda content: b"[" * 15_000, {Fault.MALFORMED}),
        (lambda content: content + b" " * 3_000_000, {Fault.HASH_MISMATCH}),
    ],
    ids=["tampered", "unsigned", "truncated", "empty", "nested", "endless"],
)
def test_metadata_that_was_touched_is_refused(
    world: World, role: str, change: Callable[[bytes], bytes], faults: set[Fault]
) -> None:
    world.publish("edge-1.0")
    name = f"metadata/{role}.json"
    world.source.lies[name] = change((world.source.folder / name).read_bytes())
    assert world.refusal("edge-1.0") in faults
    world.source.lies.clear()
    assert world.trusts("edge-1.0").release == "edge-1.0"


def test_a_manifest_that_was_touched_is_refused_before_it_is_parsed(world: World) -> None:
    world.publish("edge-1.0")
    name = "targets/gen/edge-1.0.json"
    for lie in (b"", b"{", (world.source.folder / name).read_bytes().replace(b"llama.cpp", b"llama.cpq")):
        world.source.lies[name] = lie
        assert world.refusal("edge-1.0") == Fault.HASH_MISMATCH


def test_an_older_repository_is_a_replay_even_after_the_device_restarts(world: World) -> None:
    world.publish("edge-1.0")
    older = world.snapshot_of_source()
    world.publish("edge-1.1")
    world.trusts("edge-1.1")
    restarted = TrustStore(world.device.folder, world.clock)
    for path in (world.source.folder / "metadata").iterdir():
        path.unlink()
    world.source.lies.update(older)
    world.device = restarted
    assert world.refusal("edge-1.0") == Fault.REPLAYED


def test_a_mix_of_old_and_new_metadata_is_refused(world: World) -> None:
    world.publish("edge-1.0")
    older = world.snapshot_of_source()
    world.publish("edge-1.1")
    world.source.lies["metadata/3.targets.json"] = older["metadata/2.targets.json"]
    assert world.refusal("edge-1.1") == Fault.REPLAYED
    world.source.lies = {"metadata/3.snapshot.json": older["metadata/2.snapshot.json"]}
    assert world.refusal("edge-1.1") == Fault.REPLAYED


def test_expired_metadata_is_refused_and_fresh_metadata_revives_trust(world: World) -> None:
    world.publish("edge-1.0")
    world.trusts("edge-1.0")
    world.clock.advance(1.5 * DAY)
    assert world.refusal("edge-1.0") == Fault.EXPIRED
    assert world.repository.refresh(world.clock.now())
    assert world.trusts("edge-1.0").release == "edge-1.0"


def test_a_clock_set_back_does_not_revive_expired_metadata(world: World) -> None:
    world.publish("edge-1.0")
    old_timestamp = world.snapshot_of_source()
    world.clock.advance(3 * DAY)
    world.repository.refresh(world.clock.now())
    world.trusts("edge-1.0")
    world.clock.advance(-10 * DAY)
    trusted = world.device.mark().roles["timestamp"].version
    lie = json.loads(old_timestamp["metadata/timestamp.json"])
    assert lie["signed"]["version"] < trusted
    world.source.lies["metadata/timestamp.json"] = old_timestamp["metadata/timestamp.json"]
    assert world.refusal("edge-1.0") == Fault.REPLAYED
    world.source.lies.clear()
    assert world.trusts("edge-1.0").release == "edge-1.0"


def test_keys_of_another_fleet_are_refused(world: World, tmp_path: Path) -> None:
    world.publish("edge-1.0")
    other = create(tmp_path / "other", NOW)
    world.model.write_bytes(b"GGUF evil")
    other.publish(ReleaseId("edge-1.0"), [NewFile(FileRole.MODEL, "model.gguf", world.model)], NOW)
    world.source.folder = tmp_path / "other" / "repository"
    assert world.refusal("edge-1.0") == Fault.BAD_SIGNATURE


def test_a_stolen_key_s_fast_forward_is_undone_by_rotating_it(world: World) -> None:
    world.publish("edge-1.0")
    world.trusts("edge-1.0")
    mark = world.device.mark()
    forward = {**mark.roles, "timestamp": type(mark.roles["timestamp"])(mark.roles["timestamp"].keys, 2**31)}
    stolen = HighWater(mark.root_version, forward, mark.time_floor)
    (world.device.folder / "highwater.json").write_bytes(mark_bytes(stolen))
    assert world.refusal("edge-1.0") == Fault.REPLAYED
    world.repository.rotate("timestamp", world.clock.now())
    assert world.trusts("edge-1.0").release == "edge-1.0"
    assert world.device.mark().root_version == 2


def test_a_root_with_new_root_keys_is_followed_and_an_old_one_is_not_followed_back(world: World) -> None:
    world.publish("edge-1.0")
    before = world.snapshot_of_source()
    world.repository.rotate("root", world.clock.now())
    world.repository.rotate("root", world.clock.now())
    assert world.trusts("edge-1.0").release == "edge-1.0"
    assert world.device.mark().root_version == 3
    for path in (world.source.folder / "metadata").iterdir():
        path.unlink()
    world.source.lies = before
    assert world.refusal("edge-1.0") == Fault.REPLAYED


def test_one_of_two_needed_keys_is_not_enough(tmp_path: Path) -> None:
    repository = create(tmp_path / "fleet", NOW, root=Threshold(3, 2), targets=Threshold(2, 2))
    model = tmp_path / "model.gguf"
    model.write_bytes(b"GGUF")
    device = TrustStore(tmp_path / "trust", FixedClock(NOW))
    device.bootstrap(repository.root_bytes())
    source = FolderBlobs(tmp_path / "fleet" / "repository")
    file = NewFile(FileRole.MODEL, "model.gguf", model)
    repository.publish(ReleaseId("edge-1.0"), [file], NOW)
    assert device.manifest(source, ReleaseId("edge-1.0")).release == "edge-1.0"
    (tmp_path / "fleet" / "keys" / "targets-2.key").unlink()
    repository.publish(ReleaseId("edge-1.1"), [file], NOW)
    with pytest.raises(Untrusted) as caught:
        device.manifest(source, ReleaseId("edge-1.1"))
    assert caught.value.code == Fault.BAD_SIGNATURE


def test_a_cut_line_is_no_proof_of_anything(world: World) -> None:
    world.publish("edge-1.0")
    world.source.down = True
    with pytest.raises(Unreachable):
        world.trusts("edge-1.0")


def test_a_device_without_its_memory_refuses_to_judge(world: World) -> None:
    world.publish("edge-1.0")
    for damaged in (b"", b"{}", b'{"root_version": "x", "roles": {}, "time_floor": 0}'):
        (world.device.folder / "highwater.json").write_bytes(damaged)
        with pytest.raises(Broken):
            world.trusts("edge-1.0")
    shutil.rmtree(world.device.folder)
    with pytest.raises(Broken):
        world.trusts("edge-1.0")


def test_nothing_is_left_behind_by_a_refresh(world: World) -> None:
    world.publish("edge-1.0")
    world.trusts("edge-1.0")
    assert sorted(path.name for path in world.device.folder.iterdir()) == ["highwater.json", "root.json"]


def test_a_release_is_published_once(world: World) -> None:
    world.publish("edge-1.0")
    with pytest.raises(BadRequest) as caught:
        world.publish("edge-1.0", b"GGUF other weights")
    assert caught.value.code == "release_exists"
    with pytest.raises(BadConfig):
        create(world.repository.folder, NOW)


def test_signing_keys_are_private_files(world: World) -> None:
    keys = world.repository.folder / "keys"
    assert keys.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in keys.iterdir()} == {0o600}


def test_online_roles_are_signed_again_only_when_due(world: World) -> None:
    assert not world.repository.refresh(NOW + 0.2 * DAY)
    assert world.repository.refresh(NOW + 0.6 * DAY)
    assert not world.repository.refresh(NOW + 0.7 * DAY)
