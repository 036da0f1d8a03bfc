"""How every endpoint reads a body: bounded in depth, decoded once, and what is wrong is named without repeating it."""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec

from edge.gateway.diagnosis import why_not_json, words_of
from tidegate.errors import BadRequest

T = TypeVar("T")

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_AT = re.compile(r"^(?P<what>.*?)(?: - at `(?:key in )?\$(?P<path>.*)`)?$", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<name>.*)`", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(?P<name>.*)`", re.DOTALL)


def null() -> msgspec.Raw:
    """The default of a field that is only skimmed."""
    return msgspec.Raw(b"null")


def decoded(decoder: msgspec.json.Decoder[T], body: bytes, max_depth: int) -> T:
    """The body as a value. Raises BadRequest whose `param` names the field that is wrong."""
    if _depth(body) > max_depth:
        raise BadRequest(f"the JSON is nested deeper than {max_depth} levels", code="too_deep")
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise named(str(error), kind=decoder.type) from error
    except UnicodeDecodeError as error:
        raise BadRequest("the body is not valid UTF-8", code="bad_encoding") from error
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        why = why_not_json(body, str(error))
        raise BadRequest(f"the body is not valid JSON: {why}", code="bad_json") from error


def decoded_part(decoder: msgspec.json.Decoder[T], raw: msgspec.Raw, where: str) -> T:
    """The same for a part that was only skimmed so far. Raises BadRequest."""
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError as error:
        raise named(str(error), where, decoder.type) from error
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise BadRequest(f"{where}: is not valid JSON", code="bad_json", param=where) from error


def _depth(body: bytes) -> int:
    """How deep the brackets of a JSON text go; never less than its true depth when the text is valid."""
    if body.count(b"[") + body.count(b"{") <= 32:
        return 0
    depth = deepest = 0
    for byte in _STRING.sub(b"", body):
        if byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest


def named(text: str, above: str = "", kind: object = None) -> BadRequest:
    """msgspec's finding as a BadRequest: `- at $.messages[0]` becomes the param. Values are not repeated.

    `kind`: the type that was decoded, to say which words a field takes.
    """
    found = _AT.match(text)
    what, path = (found["what"], (found["path"] or "").removeprefix(".")) if found else (text, "")
    within = path
    path = ".".join(part for part in (above, path) if part)
    for pattern, words, code in (
        (_UNKNOWN, "unknown field", "unknown_parameter"),
        (_MISSING, "missing", "missing_parameter"),
    ):
        hit = pattern.match(what)
        if hit:
            param = ".".join(part for part in (path, hit["name"][:64]) if part)
            return BadRequest(f"{param}: {words}", code=code, param=param)
    if what.startswith("Invalid enum value"):
        allowed = words_of(kind, within) if kind is not None else ()
        what = f"it is one of: {', '.join(allowed)}" if allowed else "not one of the allowed words"
    return BadRequest(f"{path or 'body'}: {what}", code="invalid_parameter", param=path)


def object_text(raw: msgspec.Raw, where: str) -> str:
    """The JSON text of an object, as it was sent; `{}` for null. Raises BadRequest for anything else."""
    text = bytes(raw).strip()
    if text == b"null":
        return "{}"
    if not text.startswith(b"{"):
        raise BadRequest(f"{where}: Expected `object`", code="invalid_parameter", param=where)
    try:
        msgspec.json.decode(text)  # Raw is only skimmed: escapes and numbers inside are looked at here
        return text.decode()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequest(f"{where}: is not valid JSON", code="bad_json", param=where) from error
