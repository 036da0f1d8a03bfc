"""How families of models write tool calls: which family a chat template belongs to, and a reader for each. Pure.

A reader takes what a model wrote and gives its text and calls as (name, arguments), `None` when it tried to call and failed.
Readers never raise on a model's output. What a call may name and what its arguments become is settled in `toolcalls`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from tidegate.chat import JSON

OPEN, CLOSE = "<tool_call>", "</tool_call>"
MAX_CALLS = 16
_PYTHON, _MISTRAL, _ARGUMENTS = "<|python_tag|>", "[TOOL_CALLS]", "[ARGS]"
_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"\s*")
_WORD = re.compile(r"[\w.\-]+")
_FUNCTION = re.compile(r"\s*<function=([^>\n]+)>(.*?)</function>\s*", re.DOTALL)
_PARAMETER = re.compile(r"\s*<parameter=([^>\n]+)>\n?(.*?)\n?</parameter>\s*", re.DOTALL)
_NAMES = re.compile(r'\s*\{\s*"(?:name|type|function)"')  # a call in Llama's manner begins so
_BARE = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null")
_DEPTH = 32

Call = tuple[str, JSON]


class Family(StrEnum):
    """How calls are written. PROMPTED: the template knows no tools, so they are described in words (`prompted`)."""

    TAGGED = "tagged"  # <tool_call>{json} one after another: the embedded models
    HERMES = "hermes"  # <tool_call>\n{json}\n</tool_call>: Hermes, Qwen
    CODER = "coder"  # <tool_call><function=name><parameter=key>value...: Qwen3-Coder
    LLAMA = "llama"  # {"name": ..., "parameters": {...}}, nothing else
    MISTRAL = "mistral"  # [TOOL_CALLS][{json}, {json}]
    MINISTRAL = "ministral"  # [TOOL_CALLS]name[ARGS]{json}
    GEMMA = "gemma"  # <|tool_call>call:name{key:<|"|>text<|"|>}<tool_call|>
    PROMPTED = "prompted"


@dataclass(frozen=True, slots=True)
class Read:
    """What stands in an output: the text around the calls, and the calls."""

    text: str
    calls: tuple[Call, ...] = ()


def family_of(template: str) -> Family:
    """The family of a chat template, by the marks it writes. One that offers tools in a way not known here reads as Hermes."""
    if "<|tool_call>call:" in template or "<start_function_call>" in template:
        return Family.GEMMA
    if _MISTRAL in template:
        return Family.MINISTRAL if _ARGUMENTS in template else Family.MISTRAL
    if OPEN in template:
        if "<function=" in template:
            return Family.CODER
        return Family.HERMES if CLOSE in template else Family.TAGGED
    if "tools" not in template:
        return Family.PROMPTED
    if _PYTHON in template or '"parameters": ' in template:
        return Family.LLAMA
    return Family.HERMES


def marks_of(family: Family) -> tuple[tuple[str, ...], str]:
    """What announces a call while an output is being written: texts, and characters that begin one that is only a call."""
    match family:
        case Family.LLAMA:
            return (_PYTHON,), "{"
        case Family.MISTRAL | Family.MINISTRAL:
            return (_MISTRAL,), ""
        case Family.GEMMA:
            return ("<|tool_call>", "<start_function_call>", OPEN), ""
        case Family.TAGGED | Family.HERMES | Family.CODER | Family.PROMPTED:
            return (OPEN,), ""


def read(raw: str, family: Family) -> Read | None:
    """The text and calls of an output; None when a call was begun and is none."""
    match family:
        case Family.LLAMA:
            return _llama(raw)
        case Family.MISTRAL | Family.MINISTRAL:
            return _mistral(raw)
        case Family.GEMMA if OPEN not in raw:
            return _gemma(raw)
        case Family.TAGGED | Family.HERMES | Family.CODER | Family.PROMPTED | Family.GEMMA:
            return _tagged(raw)


def unspoken(raw: str, family: Family) -> str:
    """What stands before a call that was cut off, or is none: its beginning is nobody's answer, and no application has to know the marks."""
    marks, _ = marks_of(family)
    begun = min((at for mark in marks if (at := raw.find(mark)) >= 0), default=len(raw))
    if family is Family.LLAMA and _NAMES.match(raw):
        return ""
    return raw[:begun].rstrip() if begun < len(raw) else raw


def _tagged(raw: str) -> Read | None:
    before, opened, rest = raw.partition(OPEN)
    if not opened:
        return Read(raw)
    calls: list[Call] = []
    while True:
        found = _function(rest) if rest.lstrip().startswith("<function=") else _object(rest)
        if found is None or len(calls) == MAX_CALLS:
            return None
        name, arguments, rest = found
        calls.append((name, arguments))
        between, opened, rest = rest.lstrip().removeprefix(CLOSE).partition(OPEN)
        if not opened:
            return Read(_joined(before, between), tuple(calls))
        if between.strip():
            return None


def _llama(raw: str) -> Read | None:
    """One object or several with semicolons between them. JSON that names no function is an answer in JSON."""
    before, opened, rest = raw.partition(_PYTHON)
    if not opened:
        before, rest = "", raw
    calls: list[Call] = []
    while rest.strip():
        found = _object(rest)
        if found is None:
            return Read(raw) if not opened and not calls else None
        name, arguments, rest = found
        calls.append((name, arguments))
        rest = rest.lstrip().removeprefix(";")
    return Read(_joined(before, ""), tuple(calls)) if len(calls) <= MAX_CALLS else None


def _mistral(raw: str) -> Read | None:
    before, opened, rest = raw.partition(_MISTRAL)
    if not opened:
        return Read(raw)
    calls: list[Call] = []
    for part in rest.split(_MISTRAL):
        name, named, arguments = part.partition(_ARGUMENTS)
        if named:
            value, _ = value_at(arguments)
            calls.append((name.strip(), value))
            continue
        value, _ = value_at(part)
        for one in value if isinstance(value, list) else [value]:
            pair = _pair(one)
            if pair is None:
                return None
            calls.append(pair)
    return Read(_joined(before, ""), tuple(calls)) if 0 < len(calls) <= MAX_CALLS else None


def _gemma(raw: str) -> Read | None:
    for opening, closing, quote in (
        ("<|tool_call>", "<tool_call|>", '<|"|>'),
        ("<start_function_call>", "<end_function_call>", "<escape>"),
    ):
        if opening not in raw:
            continue
        before, *parts = raw.split(opening)
        calls: list[Call] = []
        after = ""
        for part in parts:
            body, closed, after = part.partition(closing)
            call = _Gemma(body.strip(), quote).call()
            if call is None or not closed or (after.strip() and part is not parts[-1]):
                return None
            calls.append(call)
        return Read(_joined(before, after), tuple(calls)) if len(calls) <= MAX_CALLS else None
    return Read(raw)


class _Gemma:
    """Reads `call:name{key:value,...}`. Strings stand between `quote`s and hold anything else."""

    def __init__(self, text: str, quote: str) -> None:
        self._text, self._quote, self._at = text, quote, 0

    def call(self) -> Call | None:
        try:
            self._expect("call:")
            name = self._word()
            arguments = self._map(0)
        except (ValueError, IndexError):
            return None
        return (name, arguments) if self._at == len(self._text) else None

    def _value(self, depth: int) -> JSON:
        if depth > _DEPTH:
            raise ValueError
        if self._text.startswith(self._quote, self._at):
            return self._string()
        match self._text[self._at]:
            case "{":
                return self._map(depth)
            case "[":
                return self._list(depth)
            case _:
                found = _BARE.match(self._text, self._at)
                if found is None:
                    raise ValueError
                self._at = found.end()
                value: JSON = json.loads(found.group())
                return value

    def _map(self, depth: int) -> dict[str, JSON]:
        self._expect("{")
        found: dict[str, JSON] = {}
        while not self._skip("}"):
            key = self._string() if self._text.startswith(self._quote, self._at) else self._word()
            self._expect(":")
            found[key] = self._value(depth + 1)
            if not self._skip(",") and self._text[self._at] != "}":
                raise ValueError
        return found

    def _list(self, depth: int) -> list[JSON]:
        self._expect("[")
        found: list[JSON] = []
        while not self._skip("]"):
            found.append(self._value(depth + 1))
            if not self._skip(",") and self._text[self._at] != "]":
                raise ValueError
        return found

    def _string(self) -> str:
        start = self._at + len(self._quote)
        end = self._text.index(self._quote, start)
        self._at = end + len(self._quote)
        return self._text[start:end]

    def _word(self) -> str:
        found = _WORD.match(self._text, self._at)
        if found is None:
            raise ValueError
        self._at = found.end()
        return found.group()

    def _expect(self, text: str) -> None:
        if not self._skip(text):
            raise ValueError

    def _skip(self, text: str) -> bool:
        there = self._text.startswith(text, self._at)
        self._at += len(text) if there else 0
        return there


def _function(text: str) -> tuple[str, JSON, str] | None:
    """`<function=name>` with its parameters at the start of a text, and what follows."""
    found = _FUNCTION.match(text)
    if found is None:
        return None
    body, arguments, at = found.group(2), dict[str, JSON](), 0
    while at < len(body.rstrip()):
        pair = _PARAMETER.match(body, at)
        if pair is None:
            return None
        arguments[pair.group(1).strip()] = pair.group(2)
        at = pair.end()
    return found.group(1).strip(), arguments, text[found.end() :]


def _object(text: str) -> tuple[str, JSON, str] | None:
    """`{"name": ..., "arguments": ...}` at the start of a text, and what follows."""
    value, end = value_at(text)
    pair = _pair(value)
    return (*pair, text[end:]) if pair is not None else None


def _pair(value: JSON) -> Call | None:
    if not isinstance(value, Mapping):
        return None
    name, arguments = value.get("name"), value.get("arguments", value.get("parameters", {}))
    if isinstance(arguments, str):
        arguments, _ = value_at(arguments)
    return (name, arguments) if isinstance(name, str) else None


def value_at(text: str) -> tuple[JSON, int]:
    """The JSON value at the start of a text and where it ends; None at 0 when there is none."""
    space = _SPACE.match(text)
    start = space.end() if space else 0
    try:
        value, end = _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        return None, 0
    return value, end


def _joined(before: str, after: str) -> str:
    """The text around calls, without the white space that set them apart. Its beginning stays: it may have been told."""
    return before.rstrip() + after.rstrip() if before.strip() else after.strip()
