"""How tools and MCP servers are declared in the settings file: `[[tools]]` and `[[mcp]]`. What they mean: docs/agent.md."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from edge.agent.values import Effect

_Name = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,47}$")]
_Count = Annotated[int, msgspec.Meta(ge=1)]
_Seconds = Annotated[float, msgspec.Meta(gt=0.0, le=3600.0)]
_Memory = Annotated[int, msgspec.Meta(ge=16)]
_Words = Annotated[tuple[str, ...], msgspec.Meta(max_length=64)]


class HttpSetting(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An HTTP request. Placeholders stand in the path and the query only; the host is fixed."""

    url: str
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    headers: dict[str, str] = {}  # a value `${NAME}` is the environment variable of that name
    body: Literal["none", "json"] = "none"  # json: the arguments that no placeholder took


class MqttSetting(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A message to a device on this network's broker."""

    topic: str
    broker: str = "127.0.0.1:1883"
    payload: str = ""  # a text with placeholders; absent: the arguments as JSON
    retain: bool = False


class Confined(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a child of this daemon may touch."""

    network: bool = False  # it may open connections
    writable: tuple[Path, ...] = ()  # folders it may write to; elsewhere it may only read
    env: dict[str, str] = {}  # beside PATH and LANG; a value `${NAME}` is the variable of that name
    seconds: _Seconds = 20.0
    output_bytes: _Count = 65_536
    memory_mb: _Memory = 512


class ToolSetting(Confined, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One tool: exactly one of command, http, mqtt and python."""

    name: _Name
    description: str
    effect: Effect = Effect.IRREVERSIBLE  # until the operator says otherwise
    parameters: dict[str, Any] = {}  # a JSON Schema of an object; checked by edge.agent.arguments
    command: _Words = ()  # the argument vector; `{name}` is an argument
    python: str = ""  # package.module:function, run in a child of its own
    http: HttpSetting | None = None
    mqtt: MqttSetting | None = None
    output: Literal["text", "json"] = "text"  # json: anything else is an error
    stdin: Literal["none", "json"] = "none"  # json: the arguments on standard input (commands)
    repeatable: bool = False  # doing it twice does no harm


class McpSetting(Confined, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One MCP server: a command that speaks over stdio, or the address of one that speaks streamable HTTP."""

    name: _Name
    command: _Words = ()
    url: str = ""
    headers: dict[str, str] = {}
    effect: Effect = Effect.IRREVERSIBLE  # of each of its tools, whatever the server says of them
    effects: dict[str, Effect] = {}  # of single tools
    only: tuple[str, ...] = ()  # the tools that are offered; absent: all
    pin: str = ""  # digest of its tool list, as `tidegate agent tools` shows it; another list is refused


class Declared(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the agent is told about tools."""

    tools: tuple[ToolSetting, ...] = ()
    mcp: tuple[McpSetting, ...] = ()
    hosts: frozenset[str] = frozenset()
    local_only: bool = False
    hidden: tuple[Path, ...] = ()  # folders that no sandboxed child sees: the state folder
    sandbox: str = ""  # bubblewrap, systemd-run or limits; absent: the strictest that works here
