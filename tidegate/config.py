"""Settings: one TOML file, environment variables over it, flags over those; one frozen value comes out.

Rules: a tier's settings are one `msgspec.Struct(frozen=True, forbid_unknown_fields=True)` whose groups are such structs
too. `[uplink] address = "..."` in the file is `PREFIX__UPLINK__ADDRESS` in the environment and `"uplink.address"` among
the flags. Unknown keys, wrong types and broken TOML raise BadConfig naming the source, the key and the reason. Values
themselves are never repeated in a message: a secret may stand in the wrong place.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import UnionType
from typing import Annotated, TypeVar, Union, get_args, get_origin

import msgspec

from tidegate.errors import BadConfig

T = TypeVar("T", bound=msgspec.Struct)

_INVALID_VALUE = re.compile(r"Invalid enum value .*")


@dataclass(frozen=True, slots=True)
class _Setting:
    """One value before it is checked, with the place a person would have to correct."""

    path: tuple[str, ...]
    value: object
    where: str
    lax: bool = False  # environment variables are text: "8080" may become 8080

    @property
    def key(self) -> str:
        return ".".join(self.path)


def load(
    kind: type[T],
    *,
    file: Path | None,
    environ: Mapping[str, str],
    prefix: str,
    flags: Mapping[str, object],
) -> T:
    """Read, lay over each other and check all sources of one tier's settings. Raises BadConfig.

    `file` None means no file. Flags are keyed by dotted path; a flag that is None was not given.
    """
    merged: dict[str, object] = {}
    for setting in (*_from_file(file), *_from_environ(environ, prefix), *_from_flags(flags)):
        for checked in _check(kind, setting):
            _put(merged, checked)
    try:
        return msgspec.convert(merged, kind, dec_hook=_decode)
    except msgspec.ValidationError as error:
        raise BadConfig(f"{file or 'settings'}: {_reason(error)}", hint="see docs/settings.md") from error


def keys(kind: type[msgspec.Struct], above: tuple[str, ...] = ()) -> Iterator[str]:
    """Every dotted key that `kind` understands, in order; what the documentation must mention."""
    for name, declared in _fields(kind).items():
        group = _group(declared)
        if group is None:
            yield ".".join((*above, name))
        else:
            yield from keys(group, (*above, name))


def _from_file(file: Path | None) -> Iterator[_Setting]:
    if file is None:
        return
    try:
        tree = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise BadConfig(f"{file}: cannot be read: {reason}", code="config_unreadable") from error
    except tomllib.TOMLDecodeError as error:
        raise BadConfig(f"{file}: is not valid TOML: {error}", code="config_syntax") from error
    for name, value in tree.items():
        yield _Setting((name,), value, str(file))


def _from_environ(environ: Mapping[str, str], prefix: str) -> Iterator[_Setting]:
    start = prefix + "__"
    for variable in sorted(environ):
        if variable.startswith(start):
            path = tuple(part.lower() for part in variable.removeprefix(start).split("__"))
            yield _Setting(path, environ[variable], f"environment variable {variable}", lax=True)


def _from_flags(flags: Mapping[str, object]) -> Iterator[_Setting]:
    for key, value in flags.items():
        if value is not None:
            yield _Setting(tuple(key.split(".")), value, "command line")


def _check(kind: type[msgspec.Struct], setting: _Setting) -> Iterator[_Setting]:
    """Walk to the setting's place in `kind`; yield its leaves with values of the declared types. Raises BadConfig."""
    declared: object = kind
    for depth, name in enumerate(setting.path):
        group = _group(declared)
        fields = {} if group is None else _fields(group)
        if name not in fields:
            raise _unknown(setting, setting.path[: depth + 1], fields)
        declared = fields[name]
    group = _group(declared)
    if group is None:
        yield _Setting(setting.path, _typed(setting, declared), setting.where)
    elif isinstance(setting.value, Mapping):
        for name, value in setting.value.items():
            yield from _check(kind, _Setting((*setting.path, str(name)), value, setting.where))
    else:
        raise BadConfig(
            f"{setting.where}: {setting.key}: is a group of settings, not one value", code="config_type"
        )


def _typed(setting: _Setting, declared: object) -> object:
    value = _listed(setting.value, declared) if setting.lax else setting.value
    try:
        typed: object = msgspec.convert(value, declared, strict=not setting.lax, dec_hook=_decode)
        plain: object = msgspec.to_builtins(typed, enc_hook=str)
    except msgspec.ValidationError as error:
        raise BadConfig(f"{setting.where}: {setting.key}: {_reason(error)}", code="config_type") from error
    return plain


def _listed(value: object, declared: object) -> object:
    """An environment variable that stands for a list holds its items separated by commas."""
    if isinstance(value, str) and any(
        _origin(part) in {list, tuple, frozenset, set} for part in _parts(declared)
    ):
        return [item.strip() for item in value.split(",") if item.strip()]
    return value


def _put(tree: dict[str, object], setting: _Setting) -> None:
    for name in setting.path[:-1]:
        below = tree.setdefault(name, {})
        if isinstance(below, dict):
            tree = below
    tree[setting.path[-1]] = setting.value


def _fields(kind: type[msgspec.Struct]) -> dict[str, object]:
    return {field.encode_name: field.type for field in msgspec.structs.fields(kind)}


def _group(declared: object) -> type[msgspec.Struct] | None:
    for part in _parts(declared):
        if isinstance(part, type) and issubclass(part, msgspec.Struct):
            return part
    return None


def _parts(declared: object) -> tuple[object, ...]:
    """The alternatives of a declared type: `Annotated[X | None, ...]` is X and None."""
    if get_origin(declared) is Annotated:
        return _parts(get_args(declared)[0])
    if get_origin(declared) in {Union, UnionType}:
        return tuple(part for option in get_args(declared) for part in _parts(option))
    return (declared,)


def _origin(declared: object) -> object:
    return get_origin(declared) or declared


def _decode(kind: type, value: object) -> object:
    """What msgspec does not know: a path is text, `~` is the home folder."""
    if kind is Path and isinstance(value, str | Path):
        return Path(value).expanduser()
    raise TypeError(f"settings hold no {kind.__name__}")


def _unknown(setting: _Setting, path: tuple[str, ...], fields: Mapping[str, object]) -> BadConfig:
    close = get_close_matches(path[-1], fields, n=1)
    above = ".".join(path[:-1])
    hint = (
        f"did you mean {'.'.join((*path[:-1], close[0]))}?"
        if close
        else f"known here: {', '.join(fields) or 'nothing'}"
    )
    inside = f" in {above}" if above else ""
    return BadConfig(
        f"{setting.where}: unknown key {path[-1]!r}{inside}", code="config_unknown_key", hint=hint
    )


def _reason(error: msgspec.ValidationError) -> str:
    return _INVALID_VALUE.sub("is none of the allowed words", str(error))
