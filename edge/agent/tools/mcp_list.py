"""What an MCP server says about its tools, held to the operator's word: names, classes, schemas, and the pin. Pure.

A server's annotations (`readOnlyHint`) never lower a class: it would be the server granting itself authority. A pinned list is
the operator's own word; until then its descriptions count as text from outside, because that is what they are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from edge.agent.arguments import canonical_text, schema_text
from edge.agent.settings import McpSetting
from edge.agent.values import Kind, Limits, Tool
from tidegate.chat import JSON
from tidegate.errors import BadConfig, Untrusted
from tidegate.signing.canonical import digest

MOST_TOOLS = 64
MOST_CHARS = 2_000  # of a description
MOST_SCHEMA_BYTES = 32_768
_BETWEEN = "__"
_GOOD_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NO_NAME = re.compile(r"[^A-Za-z0-9_-]")


@dataclass(frozen=True, slots=True)
class Listed:
    """One tool as a server lists it."""

    name: str
    description: str
    input_schema: object = field(repr=False)
    output_schema: object = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Offer:
    """What is offered of a server's list: `tools` by our names, `theirs` from our name to the server's own."""

    digest: str
    tools: Mapping[str, Tool]
    theirs: Mapping[str, Listed]
    refused: tuple[str, ...] = ()  # why single tools are not offered


def list_digest(listed: Iterable[Listed]) -> str:
    """SHA-256 (64 hex digits) over names, descriptions and schemas: any change is another list."""
    parts: list[str] = []
    for one in sorted(listed, key=lambda each: each.name):
        parts += [
            one.name,
            one.description,
            canonical_text(_plain(one.input_schema)),
            canonical_text(_plain(one.output_schema)),
        ]
    return digest("tidegate mcp tools v1", parts).hex()


def offer(listed: Iterable[Listed], setting: McpSetting, *, outward: bool, sandbox: str) -> Offer:
    """The tools of a server that may be offered. Raises Untrusted when the list is not the pinned one."""
    found = tuple(listed)
    named = list_digest(found)
    if setting.pin and setting.pin.removeprefix("sha256:") != named:
        raise Untrusted(
            f"mcp.{setting.name}: the server's tool list is not the pinned one; none of its tools is offered",
            code="mcp_list_changed",
            hint="look at `tidegate agent tools`, then pin the new list or leave the server out",
        )
    tools: dict[str, Tool] = {}
    theirs: dict[str, Listed] = {}
    refused: list[str] = []
    for one in found[:MOST_TOOLS]:
        if setting.only and one.name not in setting.only:
            continue
        name = our_name(setting.name, one.name)
        try:
            made = _tool(one, name, setting, outward=outward, sandbox=sandbox)
        except (BadConfig, ValueError, TypeError, RecursionError):
            refused.append(f"{_shown(one.name)}: its schema cannot be used")
            continue
        if name in tools:
            refused.append(f"{_shown(one.name)}: listed twice")
            continue
        tools[name], theirs[name] = made, one
    if len(found) > MOST_TOOLS:
        refused.append(f"{len(found) - MOST_TOOLS} more than {MOST_TOOLS} tools")
    return Offer(named, tools, theirs, tuple(refused))


def our_name(server: str, tool: str) -> str:
    """`server__tool`, in the letters that models know, at most 64 of them."""
    name = f"{server}{_BETWEEN}{_NO_NAME.sub('_', tool)}"
    return name if _GOOD_NAME.fullmatch(name) else name[:64]


def _tool(listed: Listed, name: str, setting: McpSetting, *, outward: bool, sandbox: str) -> Tool:
    if len(json.dumps(listed.input_schema)) > MOST_SCHEMA_BYTES:
        raise ValueError("too large")
    return Tool(
        name=name,
        description=listed.description[:MOST_CHARS],
        parameters=schema_text(listed.input_schema, f"mcp.{setting.name}", foreign=True),
        effect=setting.effects.get(listed.name, setting.effect),
        kind=Kind.MCP,
        limits=Limits(setting.seconds, setting.output_bytes, setting.memory_mb),
        outward=outward,
        vouched=bool(setting.pin),
        sandbox=sandbox,
        server=setting.name,
    )


def _plain(value: object) -> JSON:
    found: JSON = json.loads(json.dumps(value))
    return found


def _shown(name: str) -> str:
    return _NO_NAME.sub("_", name)[:48]
