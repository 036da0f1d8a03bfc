"""Putting a model to work: refused before the one line is written, whatever is wrong; and not removed while it works."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edge import config as edge_config
from tests.fakes.gguf_files import gguf
from tidegate.clock import FixedClock
from tidegate.errors import BadConfig, BadRequest, Broken, Exhausted, TidegateError
from tidegate.models import use as using
from tidegate.models.download import Means, client
from tidegate.models.loadtest import LoadTest
from tidegate.models.overview import rows, verify
from tidegate.models.progress import Silent
from tidegate.models.pull import Asked, House, pull
from tidegate.models.record import Kind
from tidegate.models.remove import remove
from tidegate.models.source import InFolder, OnDisk, Source
from tidegate.models.store import Store
from tidegate.updates import Fault

OLD = '# ours\n[model]\npath = "/old/model.gguf"\n'
SHAPE = {"llama.block_count": 2, "llama.embedding_length": 64, "llama.attention.head_count": 4}


@dataclass
class Bench:
    """A store with models, a settings file, and a load test that says what it is told to say."""

    root: Path
    result: LoadTest = field(default_factory=lambda: LoadTest(Fault.NONE, peak=9_000_000))
    free: int | None = None
    environ: dict[str, str] = field(default_factory=dict)
    tried: list[tuple[str, Kind]] = field(default_factory=list)
    meanwhile: Callable[[], None] = lambda: None

    @property
    def store(self) -> Store:
        return Store(self.root / "store")

    @property
    def config(self) -> Path:
        return self.root / "edge.toml"

    def load(self, path: Path, kind: Kind) -> LoadTest:
        self.tried.append((path.name, kind))
        self.meanwhile()
        return self.result

    def use(self, name: str, *, config: bool = True) -> using.Used:
        trial = using.Trial(self.load, self.free)
        return using.use(name, self.config if config else None, self.store, self.environ, trial)

    def keep(self, source: Source, name: str = "") -> Path:
        means = Means(client, Silent(), lambda _: 10**12, lambda _: None)
        (pulled,) = pull(Asked(source, name), House(self.store, means, FixedClock(), lambda *_: True))
        return pulled.kept.weights

    def used_by(self) -> dict[str, tuple[str, ...]]:
        return {row.name: row.users for row in rows(self.store, self.environ)}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store of two models, made once."""
    root = tmp_path_factory.mktemp("bench")
    for name in ("small", "large"):
        (root / f"{name}.gguf").write_bytes(gguf({**SHAPE, "general.name": name}))
    bench = Bench(root)
    bench.keep(OnDisk(root / "small.gguf"))
    bench.keep(OnDisk(root / "large.gguf"))
    return root


@pytest.fixture
def bench(prepared: Path, tmp_path: Path) -> Bench:
    import shutil

    shutil.copytree(prepared / "store", tmp_path / "store")
    made = Bench(tmp_path)
    made.config.write_text(OLD)
    return made


def refusal(kind: type[TidegateError], working: Callable[[], object]) -> TidegateError:
    with pytest.raises(kind) as said:
        working()
    return said.value


def test_one_line_makes_the_daemon_serve_the_model(bench: Bench) -> None:
    used = bench.use("small")
    assert bench.tried == [("small.gguf", Kind.CHAT)]
    assert bench.config.read_text() == OLD.replace(
        "/old/model.gguf", str(bench.root / "store/small/small.gguf")
    )
    loaded = edge_config.load(bench.config, {}, {})
    assert loaded.model.path == bench.root / "store/small/small.gguf"
    assert "tidegate edge reload" in " ".join(using.told(used))


def test_the_way_back_takes_the_line_away(bench: Bench) -> None:
    bench.use("small")
    bench.use("edge")
    assert bench.config.read_text() == "# ours\n[model]\n"
    assert edge_config.load(bench.config, {}, {}).model.path is None


def test_a_settings_file_that_is_not_there_is_made(bench: Bench) -> None:
    bench.config.unlink()
    bench.use("small")
    assert edge_config.load(bench.config, {}, {}).model.path == bench.root / "store/small/small.gguf"


def test_a_settings_file_behind_a_link_keeps_its_link_and_its_mode(bench: Bench) -> None:
    real = bench.root / "real.toml"
    bench.config.rename(real)
    real.chmod(0o640)
    bench.config.symlink_to(real)
    bench.use("small")
    assert bench.config.is_symlink()
    assert "small.gguf" in real.read_text()
    assert real.stat().st_mode & 0o777 == 0o640


def test_without_a_settings_file_the_line_is_shown_and_nothing_written(bench: Bench) -> None:
    used = bench.use("small", config=False)
    assert used.setting == f'[model] path = "{bench.root}/store/small/small.gguf"'
    assert bench.config.read_text() == OLD
    assert used.setting in " ".join(using.told(used))


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (LoadTest(Fault.LOAD_CRASHED), "crashed"),
        (LoadTest(Fault.LOAD_CRASHED, "architecture 'mamba3' is not what this build can run"), "mamba3"),
        (LoadTest(Fault.LOAD_HUNG), "did not end in time"),
        (LoadTest(Fault.LOAD_GARBAGE), "no text"),
    ],
)
def test_a_model_that_fails_its_load_test_changes_nothing(bench: Bench, result: LoadTest, words: str) -> None:
    bench.result = result
    said = refusal(Broken, lambda: bench.use("small"))
    assert words in str(said)
    assert "what served before still serves" in str(said)
    assert bench.config.read_text() == OLD


def test_a_model_that_does_not_fit_is_not_even_tried(bench: Bench) -> None:
    bench.free = 1_000_000
    assert refusal(Exhausted, lambda: bench.use("small")).code == "memory_short"
    assert bench.tried == []
    bench.free = 10**9
    bench.use("small")


def test_a_model_that_changed_on_the_disk_is_not_even_tried(bench: Bench) -> None:
    weights = bench.root / "store/small/small.gguf"
    weights.chmod(0o644)
    content = weights.read_bytes()
    weights.write_bytes(content[:-1] + b"\x02")
    assert refusal(Broken, lambda: bench.use("small")).code == "model_damaged"
    assert bench.tried == []
    weights.write_bytes(content[:-1])
    assert [(v.name, v.whole) for v in verify(bench.store, {}, "small")] == [("small", False)]


def test_settings_that_cannot_be_changed_safely_are_seen_before_the_load_test(bench: Bench) -> None:
    bench.config.write_text("model.threads = 1\n")
    assert refusal(BadConfig, lambda: bench.use("small")).code == "config_by_hand"
    assert bench.tried == []


def test_settings_that_somebody_changes_during_the_load_test_are_left_alone(bench: Bench) -> None:
    def meddle() -> None:
        bench.config.write_text(OLD + "# more\n")

    bench.meanwhile = meddle
    assert refusal(BadConfig, lambda: bench.use("small")).code == "config_changed"
    assert bench.config.read_text() == OLD + "# more\n"


def test_a_name_that_nobody_has_is_said_with_those_that_are_there(bench: Bench) -> None:
    assert "large, small" in str(refusal(BadRequest, lambda: bench.use("medium")))
    refusal(BadRequest, lambda: bench.use("../small"))


def test_an_onnx_model_is_named_by_a_variable(bench: Bench) -> None:
    folder = bench.root / "guard"
    folder.mkdir()
    for name, content in (
        ("sentry.onnx", "x"),
        ("sentry.json", '{"window": 128}'),
        ("selftest.json", "{}"),
        ("vocab.txt", "a"),
    ):
        (folder / name).write_text(content)
    bench.keep(InFolder(folder))
    used = bench.use("guard")
    assert bench.tried == [("sentry.onnx", Kind.SENTRY)]
    assert used.setting == f"TIDEGATE_MODELS_SENTRY={bench.root}/store/guard"
    assert bench.config.read_text() == OLD


def test_an_onnx_model_without_its_self_test_is_not_kept(bench: Bench) -> None:
    folder = bench.root / "guard"
    folder.mkdir()
    (folder / "sentry.onnx").write_text("x")
    assert refusal(Broken, lambda: bench.keep(InFolder(folder))).code == "model_incomplete"
    assert {row.name for row in rows(bench.store, {}) if row.origin == "pulled"} == {"large", "small"}


# -------------------------------------------------------------------------------------------------------------- removal


def test_the_model_that_settings_name_is_not_removed(bench: Bench) -> None:
    bench.use("small")
    said = refusal(BadRequest, lambda: remove("small", bench.store, {}))
    assert said.code == "in_use"
    assert str(bench.config) in str(said)
    assert bench.store.get("small").weights.is_file()
    bench.use("large")
    remove("small", bench.store, {})
    assert [kept.record.name for kept in bench.store.kept()] == ["large"]


def test_a_line_written_by_hand_counts_when_the_file_is_named(bench: Bench) -> None:
    bench.config.write_text(f'[model]\npath = "{bench.root}/store/small/small.gguf"\n')
    refusal(BadRequest, lambda: remove("small", bench.store, {}, bench.config))


def test_the_model_of_a_variable_is_not_removed(bench: Bench) -> None:
    environ = {"TIDEGATE_EDGE__MODEL__PATH": f"{bench.root}/store/small/small.gguf"}
    assert "unset TIDEGATE_EDGE__MODEL__PATH" in str(
        refusal(BadRequest, lambda: remove("small", bench.store, environ))
    )


def test_a_shipped_model_is_not_removed(bench: Bench) -> None:
    assert refusal(BadRequest, lambda: remove("edge", bench.store, {})).code == "shipped_model"


def test_who_uses_what_is_listed(bench: Bench) -> None:
    assert bench.used_by()["edge"] == ("default",)
    bench.use("small")
    assert bench.used_by()["small"] == (str(bench.config),)
    assert bench.used_by()["edge"] == ()
    bench.use("edge")
    assert bench.used_by()["small"] == ()
    assert bench.used_by()["edge"] == (str(bench.config),)


def test_the_models_that_came_with_tidegate_are_whole_and_have_a_licence(bench: Bench) -> None:
    found = {row.name: row for row in rows(bench.store, {}) if row.origin == "shipped"}
    assert {"edge", "cloud", "sentry"} <= found.keys()
    assert all(row.sha256 and row.size and row.need > row.size for row in found.values())
    assert found["edge"].licence == "apache-2.0"
    assert all(verdict.whole for verdict in verify(bench.store, {}) if verdict.name in found)


def test_a_shipped_model_that_was_changed_is_told(bench: Bench) -> None:
    folder = bench.root / "models"
    (folder / "edge").mkdir(parents=True)
    (folder / "edge/x.gguf").write_bytes(gguf({**SHAPE}))
    environ = {"TIDEGATE_MODELS": str(folder)}
    assert [(v.name, v.whole) for v in verify(bench.store, environ, "edge")] == [("edge", False)]
    (folder / "SHA256SUMS").write_text("0" * 64 + "  edge/x.gguf\n")
    assert "differs" in next(verify(bench.store, environ, "edge")).said
