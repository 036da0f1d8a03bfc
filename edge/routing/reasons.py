"""Everything that spoke for a decision, the first reason first: for the person who asks why. Pure; closed words."""

from __future__ import annotations

from edge.routing.link import Health
from edge.routing.plan import SIGNS, Why
from edge.routing.vitals import Strain
from edge.routing.world import World

_LINK = {
    Health.FLAPPING: Why.LINK_FLAPPING,
    Health.DOWN: Why.LINK_DOWN,
    Health.CAPTIVE: Why.CAPTIVE_PORTAL,
}


def reasons(why: Why, world: World, *, waits: bool, drafted: bool) -> tuple[Why, ...]:
    """`waits`: the cloud was wanted and has not answered (the answer is queued, or degraded in its place)."""
    said = [why]
    if waits:
        said += [_LINK[world.link.health]] if world.link.health in _LINK else []
        said += [Why.CLOUD_SLOW] if world.link.open and not world.link.in_time else []
        said += [Why.METERED] if world.link.spares else []
    if world.vitals.strain is not Strain.NONE and world.vitals.sign is not None:
        said += [SIGNS[world.vitals.sign], Why.SHORTENED] if drafted else []
    return tuple(dict.fromkeys(said))
