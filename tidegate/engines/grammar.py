"""Grammars (GBNF) that bind a model to a JSON schema or to a call of an offered tool."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from tidegate.chat import JSON, Prompt, Tool, ToolChoice
from tidegate.engines.bounds import MOST_NESTED, Unbounded, nesting, tamed
from tidegate.engines.families import Family
from tidegate.engines.patterns import MOST_OPTIONAL, explodes
from tidegate.engines.refs import Astray, homed, rooted
from tidegate.errors import BadRequest

MAX_SCHEMA_CHARS = 50_000
MAX_SCHEMA_DEPTH = 32
MAX_GRAMMAR_CHARS = 400_000
_RULE = re.compile(r"^([a-zA-Z0-9-]+)( ::= )", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Form:
    """How calls are spelled: around all of them, around each, before the arguments, and between two (empty: only one)."""

    opening: str
    closing: str = "}"
    arguments: str = ', "arguments": '
    before: str = ""
    between: str = ""
    after: str = ""


_TAGGED = _Form('<tool_call>{"name": ', between="\n")
_HERMES = _Form('<tool_call>\n{"name": ', "}\n</tool_call>", between="\n")
_MISTRAL = _Form('{"name": ', before="[TOOL_CALLS][", between=", ", after="]")
_LLAMA = _Form('{"name": ', arguments=', "parameters": ')


def _form(family: Family) -> _Form:
    """Families whose own way is no JSON may be made to write Hermes's: their readers understand it."""
    match family:
        case Family.TAGGED:
            return _TAGGED
        case Family.LLAMA:
            return _LLAMA
        case Family.MISTRAL | Family.MINISTRAL:
            return _MISTRAL
        case Family.HERMES | Family.CODER | Family.GEMMA | Family.PROMPTED:
            return _HERMES


def grammar_for(prompt: Prompt, family: Family = Family.TAGGED) -> str:
    """The grammar a prompt needs, or the empty string.

    Raises BadRequest for a schema that cannot be used (param response_format or tools).
    """
    if prompt.tools and (prompt.forced_tool or prompt.tool_choice is ToolChoice.REQUIRED):
        return calls_grammar(callable_tools(prompt), family)
    return schema_grammar(prompt.response_schema) if prompt.response_schema else ""


def schema_grammar(schema: str, param: str = "response_format") -> str:
    """The GBNF of a JSON schema, root rule `root`. Raises BadRequest."""
    value = _check(schema, param)
    from llama_cpp.llama_grammar import json_schema_to_gbnf

    try:
        grammar = str(json_schema_to_gbnf(json.dumps(tamed(rooted(value)))))
    except Exception as error:
        raise _unusable(param, _why(error)) from error
    if len(grammar) > MAX_GRAMMAR_CHARS or nesting(grammar) > MOST_NESTED:
        raise _unusable(param, "it allows too much to be written out")
    return grammar


def _why(error: Exception) -> str:
    """What the converter could not do, in words of ours: its own may repeat a part of the schema."""
    if isinstance(error, Astray):
        return str(error)
    if isinstance(error, Unbounded):
        return f"{error} asks for more than any answer holds"
    said = str(error)
    if said.startswith("Pattern must"):
        return "a pattern has to begin with ^ and end with $"
    if said.startswith("Unrecognized schema"):
        return "a part of it is of no kind that can be enforced: it needs a type, enum, const, anyOf, oneOf, allOf or $ref"
    return "it, or a pattern in it, uses what no grammar can say"


def calls_grammar(tools: Sequence[Tool], family: Family = Family.TAGGED) -> str:
    """One or more calls of these tools: name among those offered, arguments by the tool's schema.

    Arguments come in any order (models write them in the order of the request), so which are required is not enforced.
    """
    form = _form(family)
    rules, choices = [], []
    for index, tool in enumerate(tools):
        rules.append(_arguments_rules(tool, f"t{index}"))
        name = json.dumps(tool.name, ensure_ascii=False) + form.arguments
        choices.append(f"{_literal(name)} t{index}")
    more = f" ({_literal(form.between)}? call)*" if form.between == "\n" else ""
    more = f" ({_literal(form.between)} call)*" if form.between and not more else more
    head = (
        f"root ::= {_literal(form.before)} call{more} {_literal(form.after)}\n"
        f"call ::= {_literal(form.opening)} ({' | '.join(choices)}) {_literal(form.closing)}\n"
    )
    grammar = head + "\n".join(rules)
    if len(grammar) > MAX_GRAMMAR_CHARS:
        raise _unusable("tools", "the tools together allow too much to be written out")
    return grammar


def _arguments_rules(tool: Tool, prefix: str) -> str:
    """The rule `prefix` for the tool's arguments, and the rules it needs. Without properties, any object will do."""
    schema = homed(_check(tool.parameters or "{}", "tools"))
    properties = schema.get("properties")
    if not isinstance(properties, dict) or not properties:
        anything = _renamed(schema_grammar('{"type":"object"}', "tools"), f"{prefix}-any")
        return f"{prefix} ::= {prefix}-any-root\n{anything}"
    shared = {key: schema[key] for key in ("$defs", "definitions") if key in schema}
    rules, pairs = [], []
    for index, (name, value) in enumerate(properties.items()):
        inner = f"{prefix}-{index}"
        text = json.dumps((value if isinstance(value, dict) else {}) | shared)
        rules.append(_renamed(schema_grammar(text, "tools"), inner))
        pairs.append(f"{_literal(json.dumps(name, ensure_ascii=False) + ': ')} {inner}-root")
    pair = f"{prefix}-pair"
    head = f'{prefix} ::= "{{" ({pair} (", " {pair})*)? "}}"\n{pair} ::= {" | ".join(pairs)}\n'
    return head + "\n".join(rules)


def callable_tools(prompt: Prompt) -> tuple[Tool, ...]:
    """The tools a model may call: those offered, or the forced one. Raises BadRequest when that is not offered."""
    if not prompt.forced_tool:
        return prompt.tools
    chosen = tuple(tool for tool in prompt.tools if tool.name == prompt.forced_tool)
    if not chosen:
        raise BadRequest(
            "tool_choice names a tool that is not offered", code="unknown_tool", param="tool_choice"
        )
    return chosen


def _renamed(grammar: str, prefix: str) -> str:
    """The same grammar with every rule name prefixed, so that two can live together."""
    names = {match.group(1) for match in _RULE.finditer(grammar)}
    word = re.compile(r'"(?:\\.|[^"\\])*"|\[(?:\\.|[^\]\\])*\]|[a-zA-Z0-9-]+')
    return word.sub(lambda m: f"{prefix}-{m.group()}" if m.group() in names else m.group(), grammar)


def _literal(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _check(schema: str, param: str) -> dict[str, JSON]:
    """The schema, within bounds before the converter recurses over it: it fetches nothing, but depth and size cost time."""
    if len(schema) > MAX_SCHEMA_CHARS:
        raise _unusable(param, f"it has more than {MAX_SCHEMA_CHARS:,} characters")
    try:
        value: JSON = json.loads(schema)
    except (ValueError, RecursionError) as error:
        raise _unusable(param, "it is no JSON") from error
    if not isinstance(value, dict):
        raise _unusable(param, "it is no JSON object")
    if _depth(value) > MAX_SCHEMA_DEPTH:
        raise _unusable(param, f"it is nested deeper than {MAX_SCHEMA_DEPTH} levels")
    if explodes(value):
        raise _unusable(param, f"a pattern has more than {MOST_OPTIONAL} parts that may be left out")
    return value


def _depth(value: JSON) -> int:
    deepest, layer = 0, [value]
    while layer and deepest <= MAX_SCHEMA_DEPTH:
        deepest += 1
        layer = [inner for item in layer for inner in _inner(item)]
    return deepest


def _inner(value: JSON) -> list[JSON]:
    match value:
        case dict():
            return list(value.values())
        case list():
            return list(value)
        case _:
            return []


def _unusable(param: str, why: str) -> BadRequest:
    return BadRequest(
        f"the JSON schema cannot be turned into a grammar: {why}",
        code="unusable_schema",
        param=param,
        hint="simplify the schema",
    )
