"""The models of this machine: one folder per model, its record beside its files; half-fetched ones under `.incoming`.

A model appears by one rename of its whole folder and goes by one; readers never see half of one.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tidegate.assets import model_dir
from tidegate.errors import BadConfig, BadRequest, Broken, TidegateError, Untrusted
from tidegate.fs import fsync_dir, sole_owner, write_durably
from tidegate.models.download import sha256_of
from tidegate.models.names import SHIPPED, ModelName, model_name
from tidegate.models.record import RECORD, Record, encode, parse_record

VARIABLE = "TIDEGATE_MODEL_STORE"
_DEFAULT = Path("~/.local/share/tidegate/models")
_INCOMING, _LEAVING = ".incoming", ".leaving"


@dataclass(frozen=True, slots=True)
class Kept:
    """A model of the store."""

    folder: Path
    record: Record

    @property
    def weights(self) -> Path:
        return self.folder / self.record.weights.name


@dataclass(frozen=True, slots=True)
class Store:
    """The folder of models. Other users may read it: a daemon often runs as another."""

    folder: Path

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Holds the store against other changes. Raises BadConfig (state_in_use, state_unusable)."""
        try:
            self.folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        except OSError as error:
            raise BadConfig(
                f"the model store {self.folder} cannot be made: {error.strerror}",
                code="state_unusable",
                hint=f"name another with --store or {VARIABLE}",
            ) from error
        with sole_owner(self.folder / _INCOMING):
            yield

    def kept(self) -> tuple[Kept, ...]:
        """All whole models, by name. A folder that is none is passed over."""
        found = []
        for path in sorted(self.folder.iterdir()) if self.folder.is_dir() else ():
            try:
                found.append(self.get(path.name))
            except TidegateError:
                continue
        return tuple(found)

    def get(self, name: str) -> Kept:
        """Raises BadRequest (unknown_model) and Untrusted (bad_record)."""
        folder = self.folder / model_name(name)
        try:
            record = parse_record((folder / RECORD).read_bytes())
        except OSError as error:
            known = ", ".join(path.name for path in self._folders()) or "none"
            raise BadRequest(
                f"no model is called {name!r}",
                code="unknown_model",
                param="name",
                status=404,
                hint=f"pulled ones: {known}; shipped ones: {', '.join(SHIPPED)}",
            ) from error
        if record.name != name:
            raise Untrusted(
                f"the record in {name}/ is of another model",
                code="bad_record",
                hint="remove it and pull again",
            )
        return Kept(folder, record)

    def has(self, name: ModelName) -> bool:
        return (self.folder / name / RECORD).exists()

    def staging(self, name: ModelName, files: Iterable[str]) -> Path:
        """Where the files of a model arrive. Their beginnings are kept over interruptions, so that a download goes on;
        what lies there of another attempt is removed."""
        path = self.folder / _INCOMING / name
        path.mkdir(mode=0o755, parents=True, exist_ok=True)
        known = {name + ending for name in files for ending in ("", ".part", ".part.json")}
        for left in path.iterdir():
            if left.name not in known:
                left.unlink()
        return path

    def adopt(self, record: Record) -> Kept:
        """Moves a staged model into place in one step. Raises BadRequest (name_taken)."""
        names = [file.name for file in record.files]
        staging, place = self.staging(record.id, names), self.folder / record.id
        if place.exists():
            raise taken(record.id)
        for name in names:
            (staging / name).chmod(0o444)
        write_durably(staging / RECORD, encode(record), mode=0o644)
        staging.chmod(0o755)
        staging.rename(place)
        fsync_dir(self.folder)
        return Kept(place, record)

    def remove(self, name: ModelName) -> bool:
        """Takes a model away, and what was half-fetched of it; False when there was nothing."""
        kept = self._take_away(self.folder / name)
        return self.remove_staged(name) or kept

    def remove_staged(self, name: ModelName) -> bool:
        """Takes away what was fetched of a model that is not in place yet."""
        return self._take_away(self.folder / _INCOMING / name)

    def _take_away(self, place: Path) -> bool:
        if not place.is_dir():
            return False
        leaving = self.folder / _INCOMING / _LEAVING
        shutil.rmtree(leaving, ignore_errors=True)
        place.rename(leaving)
        shutil.rmtree(leaving)
        return True

    def _folders(self) -> list[Path]:
        if not self.folder.is_dir():
            return []
        return sorted(path for path in self.folder.iterdir() if (path / RECORD).is_file())


def place(environ: Mapping[str, str], flag: Path | None) -> Path:
    """The store's folder: a flag, else TIDEGATE_MODEL_STORE, else the user's data folder."""
    named = environ.get(VARIABLE)
    return (flag or (Path(named) if named else _DEFAULT)).expanduser().absolute()


def check(kept: Kept) -> None:
    """Reads every file. Raises Untrusted (wrong_hash, short_file) at the first that is not as it was kept."""
    for file in kept.record.files:
        path = kept.folder / file.name
        if path.is_symlink() or not path.is_file() or path.stat().st_size != file.size:
            raise Untrusted(
                f"{kept.record.name}: {file.name} is missing or not whole",
                code="short_file",
                hint=f"`tidegate models remove {kept.record.name}` and pull it again",
            )
        if sha256_of(path) != file.sha256:
            raise Untrusted(
                f"{kept.record.name}: {file.name} is not the file that was kept: its hash differs",
                code="wrong_hash",
                hint=f"`tidegate models remove {kept.record.name}` and pull it again",
            )


def taken(name: str) -> BadRequest:
    return BadRequest(
        f"a model called {name!r} is there already, with other content",
        code="name_taken",
        param="name",
        hint="choose another with --name, or remove that one first",
    )


def shipped_folders(environ: Mapping[str, str]) -> Iterator[tuple[ModelName, Path]]:
    """The models that came with this installation."""
    for name in SHIPPED:
        try:
            yield ModelName(name), model_dir(name, environ)
        except Broken:
            continue
