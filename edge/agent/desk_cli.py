"""What `tidegate agent` reads and writes: the agent's store of a state folder, whether its daemon runs or not."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from edge import conversation, device_key
from edge.agent import views
from edge.agent.arguments import call_digest, parse
from edge.agent.grants import Grant, Scope
from edge.agent.run import Run
from edge.agent.runner import verdict_on
from edge.agent.seal import Seal
from edge.agent.toolbox import Chest, ServerState, chest, confinement
from edge.agent.tools.sandbox import available
from edge.agent.wire import PURPOSE, declared
from edge.config import EdgeConfig
from edge.device_key import DeviceKey
from edge.stores import Stores, open_stores
from tidegate.chat import JSON, Prompt
from tidegate.clock import SystemClock
from tidegate.errors import BadRequest, TidegateError
from tidegate.ids import ConversationId

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class OwnersDesk:
    """The agent's store, opened by whoever can read the state folder."""

    stores: Stores
    key: DeviceKey

    def runs(self, most: int) -> list[Run]:
        """The newest runs of all applications, newest first."""
        seal, found = Seal(self.key.derive(PURPOSE)), []
        for sealed in self.stores.runs.latest("", most):
            with suppress(TidegateError):
                found.append(seal.open(sealed))
        return found

    def pending(self) -> list[Run]:
        """Runs with a call that somebody has to approve or deny."""
        return [run for run in self.runs(500) if views.pending(run) is not None]

    def decide(self, which: str, *, approved: bool) -> Run:
        """The owner's word on the call that a run waits with; `which` begins its id or the call's digest. Raises BadRequest."""
        fitting = [
            run for run in self.pending() if run.id.startswith(which) or run.calls[0].digest.startswith(which)
        ]
        if len(which) < 6 or len(fitting) != 1:
            raise BadRequest(
                f"{len(fitting)} calls wait under that id",
                code="unknown_run",
                hint="see `tidegate agent pending`",
            )
        run = fitting[0]
        self.stores.verdicts.put(
            verdict_on(run, run.calls[0].digest, approved=approved, now=SystemClock().now())
        )
        return run

    def grant(
        self, tool: str, application: str, *, named: str, once: bool, arguments: str, days: float
    ) -> Grant:
        """A new grant. Raises BadRequest for arguments that are none."""
        now = SystemClock().now()
        scope = Scope.ONCE if once or arguments else Scope.CONVERSATION if named else Scope.APPLICATION
        where = (
            conversation.identify(self.key, application, named, Prompt(())) if named else ConversationId("")
        )
        made = Grant(
            id="grt_" + secrets.token_hex(8),
            scope=scope,
            application=application,
            tool=tool,
            created_at=now,
            conversation=where,
            digest=call_digest(tool, parse(arguments)) if arguments else "",
            expires_at=now + days * DAY_S if days else 0.0,
        )
        self.stores.grants.add(made)
        return made


@contextmanager
def opened(config: EdgeConfig) -> Iterator[OwnersDesk]:
    """Raises Broken when the state folder cannot be read."""
    key = device_key.load_or_make(config.state)
    stores = open_stores(config, key)
    try:
        yield OwnersDesk(stores, key)
    finally:
        stores.close()


def inventory(config: EdgeConfig, environ: Mapping[str, str]) -> dict[str, JSON]:
    """Every declared tool with its class, limits and sandbox; MCP servers are started to ask them, and ended again.

    Raises BadConfig for a tool that is declared wrongly, Broken without the MCP library.
    """
    return asyncio.run(_inventory(chest(declared(config), environ)))


async def _inventory(box: Chest) -> dict[str, JSON]:
    try:
        found = await box.tools()
        servers: list[JSON] = [_server(one) for one in await box.states()]
    finally:
        await box.close()
    sandbox = available()
    return {
        "sandbox": str(sandbox),
        "confinement": confinement(sandbox),
        "tools": views.tools(found),
        "servers": servers,
    }


def _server(one: ServerState) -> JSON:
    return {
        "name": one.name,
        "digest": f"sha256:{one.digest}" if one.digest else None,
        "pinned": one.pinned,
        "tools": list(one.tools),
        "problem": one.problem or None,
        "refused": list(one.refused),
    }


def shown(run: Run) -> str:
    """The call that waits, in one line for a person."""
    call = run.calls[0]
    arguments = json.dumps(json.loads(call.arguments), ensure_ascii=False)
    return f"{run.id}  {run.application}  {call.tool} {arguments}  ({call.effect}, {run.wait_reason})"
