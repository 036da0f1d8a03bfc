"""One pull, from a source to a model in the store. Read top to bottom; nothing that serves is touched.

plan (what, how large, under which terms)  ->  accept  ->  room  ->  fetch and hash  ->  look inside  ->  adopt
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import assert_never

from tidegate.clock import Clock, rfc3339
from tidegate.errors import BadRequest, TidegateError, Untrusted
from tidegate.models import bundle as bundles
from tidegate.models import hub
from tidegate.models.download import Means, Wanted, fetch, require_room, sha256_of
from tidegate.models.inspect import Facts, inspect, require_talks
from tidegate.models.licence import Terms
from tidegate.models.names import ModelName, file_name, new_name, suggested
from tidegate.models.record import Licence, Record, StoredFile
from tidegate.models.source import InBundle, InFolder, OnDisk, OnHub, OnWeb, Source, described
from tidegate.models.store import Kept, Store, check, taken

Accept = Callable[[str, Terms], bool]
"""Shows a model's terms to a person and says whether they were accepted."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person asked for."""

    source: Source
    name: str = ""
    sha256: str = ""  # of the weights file, or of the bundle's archive, as the publisher gave it
    licence: str = ""  # what the person knows where the publisher says nothing


@dataclass(frozen=True, slots=True)
class House:
    """What a pull works with. `hub` is the hub's address."""

    store: Store
    means: Means
    clock: Clock
    accept: Accept
    hub: str = hub.PUBLIC


@dataclass(frozen=True, slots=True)
class Pulled:
    """A model that is in the store now. `facts` were read from its files; `new` is False when it was there already."""

    kept: Kept
    facts: Facts
    new: bool = True


def pull(asked: Asked, house: House) -> tuple[Pulled, ...]:
    """Raises the errors of its steps, and BadRequest (licence_not_accepted, name_taken); the store is as it was then."""
    with house.store.changing():
        match asked.source:
            case OnHub():
                return (_from_hub(asked, asked.source, house),)
            case OnWeb(url, file):
                name = _named(asked, file)
                wanted = Wanted(url, file, sha256=asked.sha256)
                return (_fetched(asked, name, wanted, None, house),)
            case OnDisk(path):
                return (_from_disk(asked, _named(asked, path.name), path.parent, (path.name,), house),)
            case InFolder(path):
                return (_from_disk(asked, _named(asked, path.absolute().name), path, _files_of(path), house),)
            case InBundle(path):
                return _from_bundle(asked, path, house)
            case other:
                assert_never(other)


def _from_hub(asked: Asked, source: OnHub, house: House) -> Pulled:
    found = hub.look(source, house.hub)
    if found.architecture:
        require_talks(found.architecture)
    wanted = hub.wanted(found, hub.pick(found, source.file), house.hub)
    if asked.sha256:
        wanted = replace(wanted, sha256=asked.sha256)
    name = _named(asked, wanted.name)
    terms = _with_stated(found.terms, asked.licence)
    known = _already(name, wanted.sha256, house)
    if known is not None:
        return known
    _accepted(name, terms, house)
    if wanted.size is not None:
        require_room(house.store.folder, wanted.size, house.means.free)
    return _fetched(asked, name, wanted, terms, house, revision=found.commit)


def _fetched(
    asked: Asked, name: ModelName, wanted: Wanted, terms: Terms | None, house: House, *, revision: str = ""
) -> Pulled:
    """Downloads into the staging folder and adopts. Without `terms` the file's own header says under which it stands."""
    known = _already(name, wanted.sha256, house)
    if known is not None:
        return known
    staging = house.store.staging(name, [wanted.name])
    file = fetch(wanted, staging, house.means)
    return _adopted(asked, name, (file,), terms, house, revision=revision)


def _from_disk(asked: Asked, name: ModelName, folder: Path, names: tuple[str, ...], house: House) -> Pulled:
    if not names or not all((folder / file).is_file() for file in names):
        raise BadRequest("there is no such file on this machine", code="no_such_file", param="source")
    files = tuple(
        StoredFile(file_name(file), (folder / file).stat().st_size, sha256_of(folder / file))
        for file in names
    )
    if len(files) == 1 and asked.sha256 and files[0].sha256 != asked.sha256:
        raise _not_as_said(files[0].sha256, asked.sha256)
    known = _already(name, files[0].sha256 if len(files) == 1 else "", house)
    if known is not None:
        return known
    staging = house.store.staging(name, names)
    require_room(staging, sum(file.size for file in files), house.means.free)
    for file in files:
        with (folder / file.name).open("rb") as stream:
            bundles.copy(stream, staging / file.name, file, house.means.progress)
    return _adopted(asked, name, files, None, house)


def _from_bundle(asked: Asked, path: Path, house: House) -> tuple[Pulled, ...]:
    if asked.sha256:
        proof = path / bundles.MANIFEST if path.is_dir() else path
        if (found := sha256_of(proof)) != asked.sha256:
            raise _not_as_said(found, asked.sha256)
    with bundles.opened(path) as container:
        records = bundles.manifest(container).models
        if asked.name:
            records = _one_of(records, asked.name)
        return tuple(_unpacked(asked, record, container, house) for record in records)


def _unpacked(asked: Asked, record: Record, container: bundles.Container, house: House) -> Pulled:
    known = _already(record.id, record.weights.sha256, house)
    if known is not None:
        return known
    terms = Terms(Licence(record.licence.name, record.licence.link))
    _accepted(record.id, terms, house)
    staging = house.store.staging(record.id, [file.name for file in record.files])
    bundles.take(container, record, staging, house.means.free, house.means.progress)
    whole = replace(asked, name=record.name)
    return _adopted(
        whole, record.id, record.files, terms, house, source=record.source, revision=record.revision
    )


def _adopted(
    asked: Asked,
    name: ModelName,
    files: tuple[StoredFile, ...],
    terms: Terms | None,
    house: House,
    *,
    source: str = "",
    revision: str = "",
) -> Pulled:
    """Looks inside what has arrived, asks about the licence if nobody has yet, and moves the folder into the store."""
    staging = house.store.staging(name, [file.name for file in files])
    try:
        facts = inspect(staging)
    except TidegateError:
        house.store.remove_staged(name)
        raise
    if terms is None:
        terms = _with_stated(facts.terms, asked.licence)
        _accepted(name, terms, house)
    now = rfc3339(house.clock.now())
    licence = Licence(terms.licence.name, terms.licence.link, now)
    record = Record(
        name=name, kind=facts.kind, files=files, source=source or described(asked.source), revision=revision,
        licence=licence, pulled=now, architecture=facts.architecture, quantisation=facts.quantisation,
        context=facts.context, memory=facts.need.total,
    )  # fmt: skip
    kept = house.store.adopt(record)
    return Pulled(kept, replace(facts, weights=kept.folder / facts.weights.name))


def _accepted(name: str, terms: Terms, house: House) -> None:
    if not house.accept(name, terms):
        raise BadRequest(
            f"the licence of {name} was not accepted ({terms.licence.name or 'not stated by the publisher'}); nothing changed",
            code="licence_not_accepted",
            hint="read it, then pull again with --accept-licence",
        )


def _with_stated(terms: Terms, stated: str) -> Terms:
    """A person's word counts where the publisher gave none."""
    if terms.licence.name or not stated:
        return terms
    return replace(terms, licence=Licence(stated.lower(), terms.licence.link))


def _already(name: ModelName, sha256: str, house: House) -> Pulled | None:
    """The model of that name, when it is whole and the one that is asked for. Raises BadRequest (name_taken) for another."""
    if not house.store.has(name):
        return None
    kept = house.store.get(name)
    if not sha256 or kept.record.weights.sha256 != sha256:
        raise taken(name)
    check(kept)
    return Pulled(kept, inspect(kept.folder), new=False)


def _named(asked: Asked, file: str) -> ModelName:
    return new_name(asked.name) if asked.name else suggested(file)


def _files_of(folder: Path) -> tuple[str, ...]:
    """The plain files of a folder of one model."""
    return tuple(sorted(path.name for path in folder.iterdir() if path.is_file() and not path.is_symlink()))


def _one_of(records: tuple[Record, ...], name: str) -> tuple[Record, ...]:
    found = tuple(record for record in records if record.name == name)
    if not found:
        names = ", ".join(record.name for record in records)
        raise BadRequest(
            f"the bundle holds no model called {name!r}", code="unknown_model", hint=f"it holds {names}"
        )
    return found


def _not_as_said(found: str, asked: str) -> TidegateError:
    return Untrusted(
        f"the file's hash is {found[:16]}…, not {asked[:16]}… as you said; nothing changed",
        code="wrong_hash",
        hint="compare it with what the publisher says",
    )


def digest_argument(text: str) -> str:
    """A SHA-256 as typed: 64 hex digits, `sha256:` before them or not. Raises BadRequest (bad_hash)."""
    found = text.strip().lower().removeprefix("sha256:")
    if len(found) != hashlib.sha256().digest_size * 2 or set(found) - set("0123456789abcdef"):
        raise BadRequest("this is no SHA-256", code="bad_hash", param="sha256", hint="it has 64 hex digits")
    return found
