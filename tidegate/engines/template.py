"""Renders a model's own chat template so that nobody but the template can write control tokens.

The template comes with the model file and is not trusted: it runs in Jinja's sandbox over plain values, and within bounds
(`tidegate.engines.looping`). The messages are trusted even less: every text of the application is wrapped in two marks before
rendering, and the rendered prompt is cut at the marks, so that we know which characters the template wrote and which the
application did.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from tidegate.chat import JSON, Message, Prompt, Role, Tool, ToolChoice
from tidegate.errors import BadRequest, Broken

if TYPE_CHECKING:
    from jinja2 import Template

# Private-use characters: removed from every text before it is wrapped, so only we can write them.
_OPEN, _CLOSE, _FIRST = "\uf8f0", "\uf8f1", "\uf8f2"
_MARKS = re.compile(f"[{_OPEN}{_CLOSE}{_FIRST}]")
_EDGES = re.compile(r"(\s*)(.*?)(\s*)", re.DOTALL)
# Schema words whose values templates compare with; everything else a schema says is the application's text.
_STRUCTURAL = frozenset({"type", "format"})
_SHORT = "[TOOL_CALLS]"
MAX_RENDERED = 4_000_000  # characters; a template that writes more is looping

PLAIN = "{{ bos_token }}{% for m in messages %}{{ m.content }}{% if not loop.last %}{{ '\\n' }}{% endif %}{% endfor %}"


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a rendered prompt. `spoken` text came from the application and can never act as a control token."""

    text: str = field(repr=False)
    spoken: bool
    opens: bool = (
        False  # the first text of the conversation itself: before it stand the system prompt and the tools
    )


class ChatTemplate:
    """A compiled template. An empty source means a base model: contents one after another."""

    def __init__(self, source: str, *, bos: str = "", eos: str = "") -> None:
        """Raises Broken when the template does not compile."""
        self._source = source or PLAIN
        self._extras = {"bos_token": bos, "eos_token": eos}
        self._template = _compiled(self._source)

    @property
    def takes_tools(self) -> bool:
        """Whether the template shows tools to the model."""
        return "tools" in self._source

    @property
    def takes_system(self) -> bool:
        """Whether a system turn can be said: some templates refuse it, others leave it out."""
        return "system" in self._source and "System role not supported" not in self._source

    @property
    def source(self) -> str:
        """The Jinja text."""
        return self._source

    def render(self, prompt: Prompt) -> tuple[Segment, ...]:
        """The prompt as segments, in order. Raises BadRequest when the template refuses the conversation."""
        offered = () if prompt.tool_choice is ToolChoice.NONE else prompt.tools
        from tidegate.engines import looping

        pieces: list[str] = []
        room = MAX_RENDERED
        looping.begin()
        try:
            for piece in self._template.generate(
                messages=_messages(prompt.messages, short_ids=_SHORT in self._source),
                add_generation_prompt=True,
                **self._extras,
                **(
                    {"tools": [_tool(t) for t in offered]} if offered else {}
                ),  # absent, not null: some loop over it
            ):
                pieces.append(piece)
                room -= len(piece)
                if room < 0:
                    break
        except Exception as error:
            raise BadRequest(
                "the model's chat template cannot express this conversation",
                code="template_refused",
                param="messages",
                hint="check the order of roles, or use another model",
            ) from error
        if room < 0:
            raise BadRequest(
                "the conversation is too long for the model", code="context_length_exceeded", param="messages"
            )
        text = "".join(pieces)
        return tuple(_cut(text))


@lru_cache(maxsize=8)
def _compiled(source: str) -> Template:
    from jinja2 import TemplateSyntaxError

    from tidegate.engines.looping import BoundedEnvironment

    environment = BoundedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    environment.filters["tojson"] = _to_json
    environment.globals["raise_exception"] = _refuse
    environment.globals["strftime_now"] = lambda _layout: ""  # a prompt does not depend on the clock
    try:
        return environment.from_string(source)
    except TemplateSyntaxError as error:
        raise Broken("the model's chat template does not compile", code="model_unusable") from error


def _to_json(value: JSON, indent: int | None = None, ensure_ascii: bool = False) -> str:
    """JSON as chat templates expect it: no HTML escapes, characters as they are. Raises Endless."""
    from tidegate.engines import widths

    widths.hold(widths.length(value))
    if indent is not None and indent > widths.MOST_INDENT:
        raise widths.Endless("lines too wide")
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent)


def _refuse(message: str) -> None:
    raise ValueError(message)


def _wrap(text: str) -> str:
    """The text between marks. White space at the ends stays outside: it cannot act, and a template's `trim` works."""
    edges = _EDGES.fullmatch(_MARKS.sub("", text))
    if edges is None or not edges.group(2):
        return _MARKS.sub("", text)
    return f"{edges.group(1)}{_OPEN}{edges.group(2)}{_CLOSE}{edges.group(3)}"


def _wrapped(value: JSON, keep: frozenset[str] = frozenset()) -> JSON:
    """Every text in a JSON value wrapped, keys too, except values (and their keys) under `keep`."""
    match value:
        case str():
            return _wrap(value)
        case list():
            return [_wrapped(item, keep) for item in value]
        case dict():
            return {_wrap(k): _wrapped(v, keep) for k, v in value.items()}
        case _:
            return value


def _schema(value: JSON) -> JSON:
    """A JSON schema with its texts wrapped: keywords stay bare, property names and descriptions do not."""
    if isinstance(value, list):
        return [_schema(item) for item in value]
    if not isinstance(value, dict):
        return _wrapped(value)
    out: dict[str, JSON] = {}
    for key, inner in value.items():
        plain = _MARKS.sub("", key)
        if key in ("properties", "$defs", "definitions") and isinstance(inner, dict):
            out[plain] = {_wrap(name): _schema(schema) for name, schema in inner.items()}
        elif key in _STRUCTURAL and isinstance(inner, str) and inner.isalnum():
            out[plain] = inner
        else:
            out[plain if plain.isidentifier() or plain.startswith("$") else _wrap(key)] = _schema(inner)
    return out


def _tool(tool: Tool) -> dict[str, JSON]:
    parameters = json.loads(tool.parameters) if tool.parameters else {}
    return {
        "type": "function",
        "function": {
            "name": _wrap(tool.name),
            "description": _wrap(tool.description),
            "parameters": _schema(parameters),
        },
    }


def _messages(messages: Sequence[Message], *, short_ids: bool) -> list[dict[str, JSON]]:
    """The messages, the first that is not the system's marked. `short_ids`: ids of calls as Mistral's templates want them."""
    shown = [_message(m, _short_id if short_ids else _wrap) for m in messages]
    first = next((i for i, m in enumerate(messages) if m.role is not Role.SYSTEM), None)
    if first is not None:
        shown[first]["content"] = str(shown[first]["content"]).replace(_OPEN, _FIRST + _OPEN, 1)
    return shown


def _short_id(text: str) -> str:
    """Nine letters and digits, always the same for the same id."""
    return hashlib.sha256(text.encode()).hexdigest()[:9]


def _message(message: Message, named: Callable[[str], str]) -> dict[str, JSON]:
    shown: dict[str, JSON] = {"role": message.role.value, "content": _wrap(message.content)}
    if message.name:
        shown["name"] = _wrap(message.name)
    if message.role is Role.TOOL:
        shown["tool_call_id"] = named(message.tool_call_id)
    if message.tool_calls:
        shown["tool_calls"] = [
            {
                "id": named(c.id),
                "type": "function",
                "function": {"name": _wrap(c.name), "arguments": _arguments(c.arguments)},
            }
            for c in message.tool_calls
        ]
    return shown


def _arguments(text: str) -> JSON:
    """Arguments as a mapping, which is what templates dump; as text when they are not JSON."""
    try:
        value: JSON = json.loads(text or "{}")
    except ValueError:
        return _wrap(text)
    return _wrapped(value) if isinstance(value, dict) else _wrap(text)


def _cut(text: str) -> Iterable[Segment]:
    """Cuts at the marks. Marks never nest, but a template may drop or split text, so depth is clamped."""
    spoken = opens = opened = False
    for piece in re.split(f"([{_OPEN}{_CLOSE}{_FIRST}])", text):
        if piece == _FIRST:
            opens = not opened
        elif piece in (_OPEN, _CLOSE):
            spoken = piece == _OPEN
        elif piece:
            yield Segment(piece, spoken, opens and spoken)
            opened = opened or (opens and spoken)
            opens = opens and not spoken


Tokenise = Callable[[str, bool], list[int]]


class SafeTokeniser:
    """Turns segments into tokens so that control tokens come from the template alone.

    When no spoken text contains (or completes) the text of a control token, the whole prompt is tokenised in one go,
    exactly as the model was trained. Otherwise segments are tokenised apart, and spoken text is cut inside every
    look-alike, which then becomes ordinary characters (some vocabularies act on user-defined tokens unasked).
    """

    def __init__(self, tokenise: Tokenise, control: Sequence[str]) -> None:
        self._tokenise = tokenise
        longest_first = sorted(set(control), key=len, reverse=True)
        self._control = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def tokens(self, segments: Sequence[Segment]) -> list[int]:
        """Token ids of the prompt, no BOS added."""
        if self._harmless(segments):
            return self._tokenise("".join(s.text for s in segments), True)
        out: list[int] = []
        for segment in segments:
            if segment.spoken:
                for piece in self._defused(segment.text):
                    out += self._tokenise(piece, False)
            else:
                out += self._tokenise(segment.text, True)
        return out

    def _harmless(self, segments: Sequence[Segment]) -> bool:
        """Whether every control text in the joined prompt lies inside one segment of the template."""
        if self._control is None:
            return True
        joined = "".join(s.text for s in segments)
        written = sum(len(self._control.findall(s.text)) for s in segments if not s.spoken)
        found = len(self._control.findall(joined))
        heard = any(self._control.search(s.text) for s in segments if s.spoken)
        return not heard and found == written

    def _defused(self, text: str) -> Iterable[str]:
        """The text cut after the first character of every look-alike, so that no piece holds one."""
        if self._control is None:
            yield text
            return
        start = at = 0
        while (hit := self._control.search(text, at)) is not None:
            at = hit.start() + 1
            yield text[start:at]
            start = at
        yield text[start:]


def control_texts(specials: Iterable[tuple[int, str]]) -> tuple[str, ...]:
    """The texts that must never act when spoken: bracketed names such as `<|user|>`, `[INST]`, `</s>`."""
    return tuple(text for _, text in specials if re.fullmatch(r"[<\[\uff5c].+[>\]\uff5c]", text, re.DOTALL))


def schema_types(tool: Tool) -> Mapping[str, str]:
    """The declared JSON type of each parameter, where the schema names exactly one."""
    try:
        schema: JSON = json.loads(tool.parameters or "{}")
    except ValueError:
        return {}
    properties = schema.get("properties") if isinstance(schema, dict) else None
    if not isinstance(properties, dict):
        return {}
    found = {name: s.get("type") for name, s in properties.items() if isinstance(s, dict)}
    return {name: kind for name, kind in found.items() if isinstance(kind, str)}
