"""What is wrong with a body, in words its sender can act on: why it is no JSON, which words a field takes. Pure; values are not repeated."""

from __future__ import annotations

import json
import re

from msgspec import inspect

_AT_BYTE = re.compile(r"^JSON is malformed: (?P<what>.*)$", re.DOTALL)
_STEP = re.compile(r"\[[^\]]*\]|[^.\[\]]+")
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_HALVES = re.compile(r"[\ud800-\udfff]")


def why_not_json(body: bytes, finding: str) -> str:
    """The end of a sentence that begins with "the body is not valid JSON". `finding` is the decoder's own, without values."""
    if not body.strip():
        return "it is empty"
    if body.startswith((_GZIP, _ZSTD)):
        return "it is compressed; send it as it is"
    if body.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in body[:4]:
        return "it is not UTF-8"
    if body.startswith(b"\xef\xbb\xbf"):
        return "a byte order mark stands before it"
    known = _by_another_parser(body)
    if known:
        return known
    found = _AT_BYTE.match(finding)
    return found["what"] if found else "it ends too early"


def _by_another_parser(body: bytes) -> str:
    """What Python's parser lets through and JSON, or Unicode, does not."""
    strange: list[str] = []
    try:
        parsed: object = json.loads(body, parse_constant=strange.append)
    except (ValueError, RecursionError):
        return ""
    if strange:
        return f"{strange[0]} is no number of JSON"
    half = _HALVES.search(json.dumps(parsed, ensure_ascii=False))
    return "half of a surrogate pair stands alone in a text" if half else ""


def words_of(kind: object, path: str) -> tuple[str, ...]:
    """The words that a field takes, by the type of the body and the field's path; none where they are not words.

    `kind` is what a decoder decodes; `path` is as errors tell it: `messages[0].role`.
    """
    found: list[inspect.Type] = [inspect.type_info(kind)]
    for step in _STEP.findall(path):
        found = [inner for one in found for inner in _inside(one, step)]
    words = {
        str(word)
        for one in found
        for some in _open(one)
        if isinstance(some, inspect.LiteralType)
        for word in some.values
    }
    return tuple(sorted(words))


def _inside(kind: inspect.Type, step: str) -> list[inspect.Type]:
    found: list[inspect.Type] = []
    for one in _open(kind):
        match one:
            case inspect.StructType(fields=fields) if not step.startswith("["):
                found += [field.type for field in fields if field.encode_name == step]
            case inspect.VarTupleType(item_type=item) | inspect.ListType(item_type=item):
                found += [item] if step.startswith("[") else []
            case _:
                pass
    return found


def _open(kind: inspect.Type) -> list[inspect.Type]:
    return list(kind.types) if isinstance(kind, inspect.UnionType) else [kind]
