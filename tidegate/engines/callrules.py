"""Which bytes may come next while a small model writes tool calls: only well-formed calls of offered tools, in our words.

Rule 1: what is written is always a prefix of `{"name": N, "arguments": {K: V, ...}}` with an offered tool N, parameters
K of its schema (each once, required ones not left out) and values V of their declared types.
Rule 2: a string without an enum is copied: it stands in the conversation, from the start of a word to the end of one.
A model that is sure of the token that begins or ends a value may leave rule 2 there: some parameters name a class.

Pure: bytes in, yes or no out. The model's own probabilities are never changed, so confidence sees every doubt.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from tidegate.chat import JSON, Tool

SURE = 0.9  # of a token: the model may then write a value that nobody said
MAX_CALLS = 8
MAX_NUMBER = 16
HEAD = '{"name": "'  # how every call begins, up to the tool's name
_HEAD, _ARGUMENTS = HEAD[:-1].encode(), b', "arguments": {'
LONGEST_BRACKETED = 80  # bytes; tidegate.privacy.placeholders makes at most 72 characters
_NUMBER = re.compile(rb"-?(?:0|[1-9]\d*)(?:\.\d*)?")
_DECODER = json.JSONDecoder()


class Kind(Enum):
    """What a token is to the rules."""

    TEXT = auto()
    OPEN = auto()  # begins a call
    PASS = auto()  # "not for me"
    END = auto()


@dataclass(frozen=True, slots=True)
class _Shape:
    """A tool's parameters as the rules need them: keys as JSON text, schemas, which must be there."""

    keys: tuple[bytes, ...]
    schemas: tuple[Mapping[str, JSON], ...]
    required: frozenset[int]


class _EndsEarlyError(Exception):
    """The text is a prefix of something allowed."""


class _WrongError(Exception):
    """No continuation makes the text allowed."""


class _UncopiedError(Exception):
    """As wrong, but only because a string that begins at `at` was not said."""

    def __init__(self, at: int, *, closed: bool) -> None:
        super().__init__()
        self.at, self.closed = at, closed


class CallRules:
    """The state of one generation. Ask `allows` for any token, tell `accept` the one taken."""

    def __init__(self, tools: Sequence[Tool], said: str, *, may_pass: bool) -> None:
        self._names = [_json(tool.name) for tool in tools]
        self._shapes = [_shape(tool) for tool in tools]
        self._said = _json(said)[1:-1]
        self._may_pass = may_pass
        self._calls = 0
        self._text: bytes | None = None  # of the call under way
        self._whole = False
        self._free: frozenset[int] = frozenset()  # where strings begin that need not be copied
        self._mark = _BEGIN
        self._asked: tuple[bytes, float, _Found | None] = (b"", 0.0, None)  # the last question and its answer

    def allows(self, kind: Kind, piece: bytes, probability: float) -> bool:
        """Whether a token may come next; `probability` is the model's own for it."""
        match kind:
            case Kind.PASS:
                return self._may_pass and self._calls == 0
            case Kind.OPEN:
                return self._calls == 0 or (self._whole and self._calls < MAX_CALLS)
            case Kind.END:
                return self._whole
            case Kind.TEXT:
                if self._text is None or not piece:
                    return False
                found = self._read(self._text + piece, probability)
                self._asked = (piece, probability, found)
                return found is not None

    def accept(self, kind: Kind, piece: bytes, probability: float) -> None:
        """Moves on past a token that was allowed."""
        match kind:
            case Kind.OPEN:
                self._text, self._whole, self._free = b"", False, frozenset()
                self._mark, self._asked = _BEGIN, (b"", 0.0, None)
                self._calls += 1
            case Kind.TEXT if self._text is not None:
                asked, at, found = self._asked
                if (asked, at) != (piece, probability):
                    found = self._read(self._text + piece, probability)
                self._text += piece
                self._asked = (b"", 0.0, None)
                if found is not None:
                    self._whole, self._free, self._mark = found.whole, found.free, found.mark
            case _:
                pass

    def _read(self, text: bytes, probability: float) -> _Found | None:
        """How far a text is a call: None when it cannot become one. A whole call allows nothing after it."""
        if self._whole:
            return None
        free = self._free
        for _ in range(2):
            cursor = _Cursor(text, self._said, free, self._mark.at, self._mark)
            try:
                self._call(cursor)
            except _EndsEarlyError:
                return _Found(whole=False, free=free, mark=cursor.mark)
            except _WrongError:
                return None
            except _UncopiedError as uncopied:
                # where a value begins ("media_player") or ends ("light" of "lights"), but not in the middle of copying
                begins = len(self._text or b"") <= uncopied.at + 1
                if probability < SURE or not (begins or uncopied.closed):
                    return None
                free |= {uncopied.at}
            else:
                return _Found(whole=True, free=free, mark=cursor.mark)
        return None

    def _call(self, cursor: _Cursor) -> None:
        """Reads on from the cursor's mark, and moves the mark past every pair that is whole: text only grows behind it."""
        if cursor.mark.shape < 0:
            cursor.literal(_HEAD)
            chosen = cursor.one_of(self._names)
            cursor.literal(_ARGUMENTS)
            cursor.mark = _Mark(cursor.at, chosen, tuple(range(len(self._shapes[chosen].keys))))
        shape = self._shapes[cursor.mark.shape]
        while True:
            left, between = cursor.mark.left, cursor.mark.between
            closing = [b"}"] if not shape.required & set(left) else []
            chosen = cursor.one_of([*(between + shape.keys[i] + b": " for i in left), *closing])
            if chosen == len(left):
                break
            cursor.value(shape.schemas[left[chosen]])
            cursor.mark = _Mark(
                cursor.at, cursor.mark.shape, (*left[:chosen], *left[chosen + 1 :]), between=b", "
            )
        cursor.literal(b"}")
        cursor.end()


@dataclass(frozen=True, slots=True)
class _Mark:
    """How far a call has been read for good: up to `at`, for the tool `shape` (-1: not yet), with these parameters left."""

    at: int
    shape: int
    left: tuple[int, ...] = ()
    between: bytes = b""


_BEGIN = _Mark(0, -1)


@dataclass(frozen=True, slots=True)
class _Found:
    whole: bool
    free: frozenset[int]
    mark: _Mark


@dataclass(slots=True)
class _Cursor:
    """Reads forward; running out of text is no mistake."""

    text: bytes = field(repr=False)
    said: bytes = field(repr=False)
    free: frozenset[int]
    at: int
    mark: _Mark

    def literal(self, wanted: bytes) -> None:
        self.one_of([wanted])

    def one_of(self, options: Sequence[bytes]) -> int:
        """The option that stands here. None of them is a prefix of another."""
        rest = self.text[self.at : self.at + max(map(len, options), default=0)]
        for index, option in enumerate(options):
            if rest.startswith(option):
                self.at += len(option)
                return index
        raise _EndsEarlyError if any(option.startswith(rest) for option in options) else _WrongError

    def end(self) -> None:
        if self.at != len(self.text):
            raise _WrongError

    def value(self, schema: Mapping[str, JSON]) -> None:
        options = schema.get("enum")
        if isinstance(options, list) and options:
            self.one_of([_json(option) for option in options])
            return
        match schema.get("type"):
            case "string":
                self._string()
            case "integer" | "number" as kind:
                self._number(whole=kind == "integer")
            case "boolean":
                self.one_of([b"true", b"false"])
            case _:
                self._anything()

    def _string(self) -> None:
        begin = self.at
        self.literal(b'"')
        end = _closing(self.text, self.at)
        content = self.text[self.at : end]
        self.at = len(self.text) if end is None else end + 1
        if begin not in self.free and not is_said(content, self.said, whole=end is not None):
            raise _UncopiedError(begin, closed=end is not None)
        if end is None:
            raise _EndsEarlyError

    def _number(self, *, whole: bool) -> None:
        rest = self.text[self.at : self.at + MAX_NUMBER]
        found = _NUMBER.match(rest)
        if found is None or (whole and b"." in found.group()):
            raise _EndsEarlyError if rest in (b"", b"-") else _WrongError
        self.at += found.end()
        if self.at == len(self.text):
            raise _EndsEarlyError
        if found.group().endswith(b"."):
            raise _WrongError

    def _anything(self) -> None:
        """A value whose type the schema leaves open: any JSON."""
        rest = self.text[self.at :].decode("utf-8", "ignore")
        try:
            _, end = _DECODER.raw_decode(rest)
        except ValueError:
            raise _EndsEarlyError from None
        self.at += len(rest[:end].encode())


def is_said(content: bytes, said: bytes, *, whole: bool) -> bool:
    """Whether a value stands in what was said, from the start of a word on (`whole`: and up to the end of one)."""
    if not content:
        return not whole
    if content[:1].isspace() or (whole and content[-1:].isspace()):
        return False
    at = said.find(content)
    while at >= 0:
        if _cuts(said, at) and (not whole or _cuts(said, at + len(content))):
            return True
        at = said.find(content, at + 1)
    return False


def _cuts(said: bytes, at: int) -> bool:
    """Whether a word may begin or end at this place. A bracketed word, such as a placeholder, is not cut."""
    if at in (0, len(said)):
        return True
    return not (_wordy(said[at - 1]) and _wordy(said[at])) and not _inside_brackets(said, at)


def _inside_brackets(said: bytes, at: int) -> bool:
    """Whether `at` is between the brackets of one word, `[LIKE_1·this]`."""
    opening = said.rfind(b"[", max(0, at - LONGEST_BRACKETED), at)
    closing = said.find(b"]", opening, opening + LONGEST_BRACKETED) if opening >= 0 else -1
    return at <= closing and not any(byte <= 0x20 for byte in said[opening:closing])


def _wordy(byte: int) -> bool:
    return byte >= 0x80 or chr(byte).isalnum()


def _closing(text: bytes, start: int) -> int | None:
    """Where the quote is that ends a JSON string, or None."""
    at = start
    while at < len(text):
        if text[at] == 0x5C:
            at += 2
        elif text[at] == 0x22:
            return at
        else:
            at += 1
    return None


def _shape(tool: Tool) -> _Shape:
    try:
        schema: JSON = json.loads(tool.parameters or "{}")
    except ValueError:
        schema = {}
    schema = schema if isinstance(schema, dict) else {}
    properties, required = schema.get("properties"), schema.get("required")
    found = properties if isinstance(properties, dict) else {}
    needed = required if isinstance(required, list) else []
    return _Shape(
        keys=tuple(_json(name) for name in found),
        schemas=tuple(value if isinstance(value, dict) else {} for value in found.values()),
        required=frozenset(i for i, name in enumerate(found) if name in needed),
    )


def _json(value: JSON) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
