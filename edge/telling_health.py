"""What the running daemon tells its fleet, gathered from the parts that know."""

from __future__ import annotations

from collections.abc import Callable

from edge.promise.desk import Desk
from edge.promise.health import health_of
from edge.stores import Stores
from tidegate.clock import Clock
from tidegate.health import Health

DAY_S = 86_400.0
_EVENTS = 1000


def health_now(stores: Stores, desk: Desk | None, clock: Clock) -> Callable[[], Health]:
    """A look at the daemon. It raises Broken when the state folder cannot be read."""

    def look() -> Health:
        now = clock.now()
        standings = desk.keeper.standings() if desk is not None else ()
        return health_of(
            stores.journal.counts(now - DAY_S),
            stores.spool.counts(),
            standings,
            stores.promises.events(_EVENTS),
            now,
        )

    return look
