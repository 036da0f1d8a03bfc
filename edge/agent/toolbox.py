"""The tools of this device, made from its settings: each with its class, its limits and what confines it."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from edge.agent.arguments import schema_of, schema_text
from edge.agent.settings import Confined, Declared, HttpSetting, McpSetting, MqttSetting, ToolSetting
from edge.agent.tools.hands import Hand
from edge.agent.tools.sandbox import Sandbox, available
from edge.agent.values import Ended, Kind, Limits, Outcome, Tool
from tidegate.chat import JSON
from tidegate.errors import BadConfig, BadRequest, Broken

if TYPE_CHECKING:
    from edge.agent.tools.mcp_host import McpServer


@dataclass(frozen=True, slots=True)
class Made:
    """A declared tool and what carries it out."""

    tool: Tool
    hand: Hand


@dataclass(frozen=True, slots=True)
class ServerState:
    """An MCP server as people see it. `problem` is empty while it serves."""

    name: str
    digest: str
    pinned: bool
    tools: tuple[str, ...]
    problem: str
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Chest:
    """`edge.agent.ports.Toolbox` over the settings' tools and MCP servers."""

    own: Mapping[str, Made]
    servers: Mapping[str, McpServer] = field(default_factory=dict)
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(8))

    async def tools(self) -> Mapping[str, Tool]:
        found = {name: made.tool for name, made in self.own.items()}
        for offer in await asyncio.gather(*(server.offered() for server in self.servers.values())):
            for name, tool in offer.tools.items() if offer is not None else ():
                found.setdefault(name, tool)  # a server never takes the name of the operator's own tool
        return found

    async def call(self, tool: Tool, arguments: dict[str, JSON], key: str) -> Outcome:
        async with self.slots:
            if tool.server:
                server = self.servers.get(tool.server)
                if server is None:
                    return Outcome(Ended.UNREACHABLE, note="there is no such server")
                return await server.call(tool.name, arguments)
            made = self.own.get(tool.name)
            if made is None:
                return Outcome(Ended.BAD_CALL, note="there is no such tool")
            try:
                return await made.hand.act(arguments, key)
            except BadRequest as error:
                return Outcome(Ended.BAD_CALL, note=error.message)

    async def states(self) -> tuple[ServerState, ...]:
        """Each MCP server with the digest that can be pinned."""
        await self.tools()
        return tuple([await _state(name, server) for name, server in self.servers.items()])

    async def close(self) -> None:
        await asyncio.gather(*(server.close() for server in self.servers.values()))


async def _state(name: str, server: McpServer) -> ServerState:
    found = await server.offered()
    pinned = bool(server.spec.setting.pin)
    if found is None:
        return ServerState(name, "", pinned, (), server.problem or "it does not answer")
    return ServerState(name, found.digest, pinned, tuple(found.tools), "", found.refused)


def chest(declared: Declared, environ: Mapping[str, str], before: Chest | None = None) -> Chest:
    """The tools as declared; MCP servers are not started yet, but one of `before` that is declared alike goes on.

    Raises BadConfig naming the tool and what is wrong.
    """
    own: dict[str, Made] = {}
    for setting in declared.tools:
        if setting.name in own:
            raise BadConfig(f"tools: {setting.name} is declared twice", code="tool_twice")
        own[setting.name] = _made(setting, declared, environ)
    names = [server.name for server in declared.mcp]
    if len(set(names)) != len(names):
        raise BadConfig("mcp: two servers have one name", code="tool_twice")
    servers = {one.name: _server(one, declared, environ) for one in declared.mcp}
    if before is None:
        return Chest(own, servers)
    for name, made in servers.items():
        known = before.servers.get(name)
        if known is not None and known.spec == made.spec:
            servers[name] = known
    return Chest(own, servers, before.slots)


def _made(setting: ToolSetting, declared: Declared, environ: Mapping[str, str]) -> Made:
    where = f"tools.{setting.name}"
    ways = [bool(setting.command), bool(setting.python), setting.http is not None, setting.mqtt is not None]
    if sum(ways) != 1:
        raise BadConfig(f"{where}: exactly one of command, python, http and mqtt", code="bad_tool")
    text = schema_text(setting.parameters, where)
    if setting.http is not None:
        return _http(setting, setting.http, text, declared, environ)
    if setting.mqtt is not None:
        return _mqtt(setting, setting.mqtt, text, declared)
    return _child(setting, text, declared, environ)


def _tool(setting: ToolSetting, text: str, kind: Kind, *, outward: bool, sandbox: str = "") -> Tool:
    return Tool(
        name=setting.name,
        description=setting.description,
        parameters=text,
        effect=setting.effect,
        kind=kind,
        limits=Limits(setting.seconds, setting.output_bytes, setting.memory_mb),
        outward=outward,
        repeatable=setting.repeatable,
        sandbox=sandbox,
    )


def _child(setting: ToolSetting, text: str, declared: Declared, environ: Mapping[str, str]) -> Made:
    from edge.agent.tools import command, template

    where, sandbox = f"tools.{setting.name}", _sandbox(declared)
    _require_closed(setting, where, declared)
    kind = Kind.COMMAND if setting.command else Kind.PYTHON
    if kind is Kind.PYTHON and setting.python.count(":") != 1:
        raise BadConfig(f"{where}: python: not package.module:function", code="bad_tool")
    vector = setting.command or tuple(command.python_vector(setting.python))
    bare = Tool(setting.name, "", text, setting.effect, kind)
    items = template.command(vector, schema_of(bare), where)
    _require_program(vector[0], where)
    hand = command.CommandHand(
        items=items,
        cell=command.cell_of(setting, _hidden(declared)),
        sandbox=sandbox,
        env=command.environment(_python_path(setting.env, kind, environ), environ),
        json_in=kind is Kind.PYTHON or setting.stdin == "json",
        json_out=setting.output == "json",
    )
    outward = setting.network
    return Made(_tool(setting, text, kind, outward=outward, sandbox=str(sandbox)), hand)


def _python_path(given: Mapping[str, str], kind: Kind, environ: Mapping[str, str]) -> dict[str, str]:
    """A Python tool is found where this program finds its own modules."""
    if kind is not Kind.PYTHON:
        return dict(given)
    import sys

    return {
        "PYTHONPATH": ":".join(part for part in sys.path if part),
        "PYTHONDONTWRITEBYTECODE": "1",
        **given,
    }


def _http(
    setting: ToolSetting, http: HttpSetting, text: str, declared: Declared, environ: Mapping[str, str]
) -> Made:
    from edge.agent.tools.command import secrets
    from edge.agent.tools.http import HttpHand, checked_url
    from edge.agent.tools.template import template

    where = f"tools.{setting.name}.http"
    outward = checked_url(http.url, where, declared.hosts, local_only=declared.local_only)
    url = template(http.url, _schema(text), where)
    limits = Limits(setting.seconds, setting.output_bytes, setting.memory_mb)
    hand = HttpHand(http, url, limits, secrets(http.headers, environ), json_out=setting.output == "json")
    return Made(_tool(setting, text, Kind.HTTP, outward=outward), hand)


def _mqtt(setting: ToolSetting, mqtt: MqttSetting, text: str, declared: Declared) -> Made:
    from edge.agent.tools.http import checked_host
    from edge.agent.tools.mqtt import MqttHand, address
    from edge.agent.tools.template import template

    where = f"tools.{setting.name}.mqtt"
    host, port = address(mqtt.broker, where)
    local = checked_host(host, where, declared.hosts, local_only=declared.local_only)
    schema = _schema(text)
    payload = template(mqtt.payload, schema, where) if mqtt.payload else None
    limits = Limits(setting.seconds, setting.output_bytes, setting.memory_mb)
    hand = MqttHand(mqtt, host, port, template(mqtt.topic, schema, where), payload, limits)
    return Made(_tool(setting, text, Kind.MQTT, outward=not local), hand)


def _server(setting: McpSetting, declared: Declared, environ: Mapping[str, str]) -> McpServer:
    where = f"mcp.{setting.name}"
    if bool(setting.command) == bool(setting.url):
        raise BadConfig(f"{where}: exactly one of command and url", code="bad_tool")
    from edge.agent.tools import command
    from edge.agent.tools.http import checked_url
    from edge.agent.tools.sandbox import confined

    try:
        from edge.agent.tools.mcp_host import McpServer, Spec
    except ImportError as error:
        raise Broken(
            f"{where}: the MCP library is not installed",
            code="mcp_missing",
            hint="pip install 'tidegate[mcp]'",
        ) from error
    if setting.url:
        outward = checked_url(setting.url, where, declared.hosts, local_only=declared.local_only)
        return McpServer(Spec(setting, headers=command.secrets(setting.headers, environ), outward=outward))
    _require_program(setting.command[0], where)
    _require_closed(setting, where, declared)
    sandbox = _sandbox(declared)
    cell = command.cell_of(setting, _hidden(declared))
    forever = Limits(
        86_400.0 * 365, setting.output_bytes, setting.memory_mb
    )  # a server lives as long as this daemon
    vector = confined(setting.command, replace(cell, limits=forever), sandbox)
    env = command.environment(setting.env, environ)
    return McpServer(Spec(setting, tuple(vector), env, outward=setting.network, sandbox=str(sandbox)))


def _sandbox(declared: Declared) -> Sandbox:
    return Sandbox(declared.sandbox) if declared.sandbox else available()


def _hidden(declared: Declared) -> tuple[Path, ...]:
    return declared.hidden


def _schema(text: str) -> dict[str, JSON]:
    found: JSON = json.loads(text)
    return found if isinstance(found, dict) else {}


def _require_closed(setting: Confined, where: str, declared: Declared) -> None:
    if setting.network and declared.local_only:
        raise BadConfig(f"{where}: network is true, and the mode is local-only", code="tool_host")


def _require_program(name: str, where: str) -> None:
    if shutil.which(name) is None:
        raise BadConfig(f"{where}: command: {name} is no program on this machine", code="tool_program")


def confinement(sandbox: Sandbox) -> str:
    """What a sandbox gives, in words for `doctor` and `tidegate agent tools`."""
    match sandbox:
        case Sandbox.BUBBLEWRAP:
            return "own namespaces: files read-only but for its folders, no network unless allowed, no view of the state folder"
        case Sandbox.SYSTEMD:
            return "a transient unit: files read-only but for its folders, no network unless allowed, no view of the state folder"
        case Sandbox.LIMITS:
            return "limits of time, memory and output only: it sees files and the network; install bubblewrap"
        case other:
            assert_never(other)
