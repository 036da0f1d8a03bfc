"""What there is: the models that came with Tidegate and the pulled ones, with who uses them, and whether files are whole."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tidegate.chat import JSON
from tidegate.errors import TidegateError
from tidegate.models.download import sha256_of
from tidegate.models.inspect import Facts, inspect
from tidegate.models.names import ModelName
from tidegate.models.recipe import read_recipe
from tidegate.models.record import Kind, is_sha256
from tidegate.models.store import Kept, Store, check, shipped_folders
from tidegate.models.usage import default_users, users, users_of

SUMS = "SHA256SUMS"
_LICENCE_LINE = re.compile(r"^Licence: ([A-Za-z0-9.-]{2,40}?)\.?(?:\s|$)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Row:
    """One model. Sizes in bytes, context in tokens; `users` are settings files, variables or "default"."""

    name: str
    origin: str
    kind: Kind
    size: int
    architecture: str
    quantisation: str
    context: int
    need: int
    licence: str
    sha256: str
    source: str
    path: Path
    users: tuple[str, ...]

    @property
    def told(self) -> dict[str, JSON]:
        return {
            "name": self.name, "origin": self.origin, "kind": self.kind.value, "size_bytes": self.size,
            "architecture": self.architecture, "quantisation": self.quantisation, "context_tokens": self.context,
            "memory_bytes": self.need, "licence": self.licence, "sha256": self.sha256, "source": self.source,
            "path": str(self.path), "in_use_by": list(self.users),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the files of one model are those that were kept or shipped."""

    name: str
    whole: bool
    said: str


def rows(store: Store, environ: Mapping[str, str], config: Path | None = None) -> tuple[Row, ...]:
    """All models that can be read, shipped ones first; no weights are read. What is damaged is told by `verify`."""
    by_path = users(store, environ, config)
    plain_users = default_users(store, environ, config)
    found = []
    for name, folder in shipped_folders(environ):
        try:
            facts = inspect(folder)
        except TidegateError:
            continue
        whose = plain_users.get(name, ()) + users_of(folder, by_path)
        found.append(_shipped(name, folder, facts, whose))
    return (
        *found,
        *(_pulled(kept, users_of(kept.folder, by_path)) for kept in store.kept()),
    )


def verify(store: Store, environ: Mapping[str, str], only: str = "") -> Iterator[Verdict]:
    """Reads every byte of every model, or of one. Raises BadRequest (unknown_model)."""
    shipped = dict(shipped_folders(environ))
    for name, folder in shipped.items():
        if only in {"", name}:
            yield _verified_shipped(name, folder)
    if only and only not in shipped:
        yield _verified(store.get(only))
    elif not only:
        yield from map(_verified, store.kept())


def parse_sums(text: str) -> dict[str, str]:
    """Lines as `sha256sum` writes them: path to hash. Other lines are passed over."""
    found = {}
    for line in text.splitlines():
        digest, _, name = line.partition(" ")
        if is_sha256(digest) and name.strip():
            found[name.strip().removeprefix("*")] = digest
    return found


def _shipped(name: ModelName, folder: Path, facts: Facts, whose: tuple[str, ...]) -> Row:
    size = sum(path.stat().st_size for path in folder.iterdir() if path.suffix in {".gguf", ".onnx", ".bin"})
    known = _sums(folder)
    built = facts.kind is Kind.EMBEDDER
    return Row(
        name, "built" if built else "shipped", facts.kind, size, facts.architecture, facts.quantisation, facts.context,
        facts.need.total, facts.terms.licence.name or _licence(folder, built=built),
        known.get(facts.weights.name, "") or sha256_of(facts.weights), "tidegate", facts.weights, whose,
    )  # fmt: skip


def _pulled(kept: Kept, whose: tuple[str, ...]) -> Row:
    record = kept.record
    return Row(
        record.name, "pulled", record.kind, record.size, record.architecture, record.quantisation, record.context,
        record.memory, record.licence.name, record.weights.sha256, record.source, kept.weights, whose,
    )  # fmt: skip


def _licence(folder: Path, *, built: bool) -> str:
    """Of a model without a header: its recipe, its card."""
    try:
        if built:
            return read_recipe().licence.lower()
        found = _LICENCE_LINE.search((folder / "CARD.md").read_text(encoding="utf-8"))
    except (OSError, TidegateError):
        return ""
    return found[1].lower() if found else ""


def _sums(folder: Path) -> dict[str, str]:
    """The shipped hashes of this folder's files, by plain name."""
    try:
        listed = parse_sums((folder.parent / SUMS).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return {}
    start = folder.name + "/"
    return {name.removeprefix(start): digest for name, digest in listed.items() if name.startswith(start)}


def _verified_shipped(name: ModelName, folder: Path) -> Verdict:
    known: Mapping[str, str] = _sums(folder)
    if name == "embedder":
        known = read_recipe().built
    if not known:
        return Verdict(name, False, f"{SUMS} beside it does not name its files: they cannot be checked")
    for file, digest in known.items():
        path = folder / file
        if not path.is_file():
            return Verdict(name, False, f"{file} is missing; install again")
        if sha256_of(path) != digest:
            return Verdict(name, False, f"{file} is not the shipped one: its hash differs; install again")
    weights = {path.name for path in folder.iterdir() if path.suffix in {".gguf", ".onnx"}}
    if weights - known.keys():
        return Verdict(name, False, f"{', '.join(sorted(weights - known.keys()))}: no hash is known for it")
    return Verdict(name, True, f"{len(known)} {'file' if len(known) == 1 else 'files'} as shipped")


def _verified(kept: Kept) -> Verdict:
    try:
        check(kept)
    except TidegateError as error:
        return Verdict(kept.record.name, False, str(error))
    count = len(kept.record.files)
    return Verdict(kept.record.name, True, f"{count} {'file' if count == 1 else 'files'} as kept")
