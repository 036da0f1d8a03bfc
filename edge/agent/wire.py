"""Chooses what stands behind the agent's ports, from the settings and the parts of the daemon."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from edge import conversation
from edge.agent.cloud import CloudDesk
from edge.agent.rack import Rack
from edge.agent.run import Limits
from edge.agent.runner import Agents
from edge.agent.seal import Seal
from edge.agent.settings import Declared
from edge.agent.toolbox import chest
from edge.agent.workshop import Workshop
from edge.config import EdgeConfig
from edge.gateway import door as rooms
from edge.gateway.agent_rooms import AgentDesk
from edge.gateway.door import Door
from edge.ports import Answer, Request
from edge.routing.mode import Mode
from edge.stores import Stores
from tidegate.errors import Broken
from tidegate.ids import RequestId

PURPOSE = "agent"  # of the key that seals runs


@dataclass(frozen=True, slots=True)
class TurnModel:
    """`edge.agent.ports.Model`: a step of an agent is a turn like any other, journalled, counted and redacted."""

    door: Callable[[], Door]  # the one in force: it changes when the settings are read again

    async def answer(self, request: Request) -> Answer:
        return await rooms.single(self.door(), request)


def declared(config: EdgeConfig) -> Declared:
    """What the settings declare."""
    return Declared(
        tools=config.tools,
        mcp=config.mcp,
        hosts=frozenset(config.agent.hosts),
        local_only=config.mode is Mode.LOCAL_ONLY,
        hidden=(config.state,),
    )


def limits(config: EdgeConfig) -> Limits:
    agent = config.agent
    return Limits(agent.steps, agent.seconds, agent.tokens, agent.escalations, agent.budget_tokens)


def build(
    config: EdgeConfig, stores: Stores, door: Door, environ: Mapping[str, str], now: Callable[[], Door]
) -> AgentDesk:
    """The agent around a door, and around whatever door is in force later (`now`). Raises BadConfig for a tool that is declared wrongly, Broken without the MCP library."""
    rack = Rack(chest(declared(config), environ))

    def repeatable(application: str, what: str, number: int) -> RequestId:
        return conversation.repeatable_id(door.key, application, what, number)

    shop = Workshop(
        runs=stores.runs,
        verdicts=stores.verdicts,
        grants=stores.grants,
        toolbox=rack,
        model=TurnModel(now),
        late=door.late,
        cloud=CloudDesk(door.house),
        clock=door.clock,
        repeatable_id=repeatable,
        seal=Seal(door.key.derive(PURPOSE)),
    )
    agents = Agents(_set(shop, config), most_active=config.agent.max_runs)
    desk = AgentDesk(agents, rack, stores.grants, limits(config), door.clock, door.key)
    return _told(desk, config)


def refit(desk: AgentDesk, config: EdgeConfig, environ: Mapping[str, str]) -> Callable[[], AgentDesk]:
    """The agent under other settings: everything that can fail now, the turning when what is returned is called.

    Runs go on. A call that is being carried out ends with the tool it began with; the next is looked up among the new ones. A run's
    own limits are those it began with. Raises BadConfig and Broken as `build`, with nothing changed.
    """
    rack = desk.toolbox
    if not isinstance(rack, Rack):
        raise Broken("these tools cannot be changed while they are used", code="tools_fixed")
    fresh = chest(declared(config), environ, rack.chest)

    def turn() -> AgentDesk:
        rack.turn(fresh)
        desk.agents.refit(lambda shop: _set(shop, config), most_active=config.agent.max_runs)
        return _told(desk, config)

    return turn


def _set(shop: Workshop, config: EdgeConfig) -> Workshop:
    """What of a workshop the settings say."""
    agent = config.agent
    return replace(
        shop, approval_s=agent.approval_s, deadline_s=config.door.deadline_s, ask_cloud=agent.ask_cloud
    )


def _told(desk: AgentDesk, config: EdgeConfig) -> AgentDesk:
    """What of the rooms the settings say."""
    return replace(
        desk,
        limits=limits(config),
        door_approves=config.agent.door_approves,
        max_body=config.door.max_body_bytes,
        max_depth=config.door.max_depth,
    )
