"""The pages as the door takes them in: one application beside the API, fed by a watch over the running daemon."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from starlette.types import ASGIApp, Receive, Scope, Send

from edge.config import EdgeConfig
from edge.gateway.door import Door
from edge.gateway.keys import Keyring
from edge.pages import rooms
from edge.pages.access import Access
from edge.pages.loaded import ModelSeen, Sentry
from edge.pages.watch import Live, Watch
from edge.preferring import standing_sheets
from edge.promise.ledger import Sheet
from edge.routing.world import LinkSignal
from edge.stores import Stores
from tidegate.errors import TidegateError

if TYPE_CHECKING:  # a device that lets nothing out has no detectors: they take a third of a second
    from edge.screen import Detectors


class Courier(Protocol):
    """What carries escalations, as far as its link is looked at."""

    def link(self, left_s: float) -> LinkSignal: ...


class Screen(Protocol):
    """What redacts, as far as its detectors are looked at."""

    @property
    def detectors(self) -> Detectors: ...


class Out(Protocol):
    """The way out as it is looked at; the pages can send nothing."""

    @property
    def barred(self) -> bool: ...

    @property
    def courier(self) -> Courier: ...

    @property
    def screen(self) -> Screen: ...


@dataclass(frozen=True, slots=True)
class Pages:
    """`app` answers the paths of the pages; `run` is its background half, which follows the link."""

    watch: Watch
    access: Access
    app: ASGIApp

    def beside(self, other: ASGIApp) -> ASGIApp:
        """What answers a path that is no route of the API: a page where it is one's, else `other`."""

        async def either(scope: Scope, receive: Receive, send: Send) -> None:
            page = scope["type"] == "http" and rooms.is_page(str(scope["path"]))
            await (self.app if page else other)(scope, receive, send)

        return either

    async def run(self) -> None:
        await self.watch.trail.run()


def build(
    door: Door,
    keyring: Keyring,
    stores: Stores,
    local: ModelSeen,
    *,
    config: Callable[[], EdgeConfig],
    out: Out | None,
    embedder: Callable[[], bool],
) -> Pages | None:
    """None where the door has no desk for consents: then it is a door for tests."""
    if door.consents is None:
        return None
    desk = door.promise

    def promised() -> tuple[Sheet, ...]:
        return () if desk is None else standing_sheets(config(), desk.keeper, stores.promises)

    live = Live(
        config=config,
        stores=stores,
        local=local,
        gate=door.gate,
        link=lambda: link_word(out),
        sentry=lambda: sentry_of(out, config()),
        embedder=embedder,
        consents=door.consents,
        clock=door.clock,
        promise=promised,
    )
    watch, access = Watch.over(live), Access(door.clock)
    app = rooms.build(rooms.Desk(watch, access, keyring, door, door.consents))
    return Pages(watch, access, app)


def link_word(out: Out | None) -> str:
    """The link in one of the words of `edge.pages.seen.LinkSeen`."""
    if out is None:
        return "none"
    return "refused" if out.barred else str(out.courier.link(0.0).health)


def sentry_of(out: Out | None, config: EdgeConfig) -> Sentry | None:
    """The detectors in use, as far as they are loaded. Never waits for them."""
    if out is None:
        return None
    found = out.screen.detectors.seen()
    if found is None:
        return Sentry(loaded=False)
    if isinstance(found, TidegateError):
        return Sentry(loaded=False, failed=found.message)
    encoder = str(config.policy.encoder) if found.ner is not None else ""
    return Sentry(True, encoder, len(found.patterns), found.degraded or "")
